/** Content types as Kamailio compares them: types that it does not know are all equal (core/parser/parse_content.c). */

const TYPES = new Set(["text", "message", "application", "multipart"]);
const SUBTYPES = new Set([
  ...["plain", "cpim", "sdp", "cpl+xml", "pidf+xml", "rlmi+xml", "related", "lpidf+xml", "xpidf+xml", "mixed", "isup"],
  ...["watcherinfo+xml", "external-body", "xml+msrtc.pidf", "cpim-pidf+xml"],
]);
const MIME = /^[ \t]*([A-Za-z0-9\-+._!%*'`~]+)[ \t]*\/[ \t]*([A-Za-z0-9\-+._!%*'`~]+)[ \t]*(?:;[^,]*)?$/;

/** The type in lower case with `?` for a part that is unknown; undefined when it is not one content type. */
export function mimeOf(written: string): string | undefined {
  const parts = MIME.exec(written);
  if (!parts) return undefined;
  const part = (name: string, known: ReadonlySet<string>): string => (name === "*" || known.has(name) ? name : "?");
  const type = part(parts[1]!.toLowerCase(), TYPES);
  const subtype = part(parts[2]!.toLowerCase(), SUBTYPES);
  return type === "*" && subtype !== "*" ? undefined : `${type}/${subtype}`;
}

/** Checks a type that is written in the script; an empty one stands for any. */
export const mimeProblem = (written: string): string | undefined =>
  written === "" || mimeOf(written) !== undefined ? undefined : `\`${written}\` is not a content type`;
