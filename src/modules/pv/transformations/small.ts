/** `{urialias.*}`, `{val.*}` and `{num.*}`. */
import { intOf, isInt, toText } from "../../../declare/variables-values.ts";
import { parseUri } from "../../../sip/uri.ts";
import { protocolNumber, protocolOf } from "../protocols.ts";
import { onText, transformationClass } from "./class.ts";

/** `host~port~protocol number`, as the URI parameter alias holds it. Empty when it is no URI. */
function encodeAlias(text: string): string {
  const uri = parseUri(text);
  if (!uri) return "";
  const port = uri.port || (uri.protocol === "tls" || uri.protocol === "wss" ? "5061" : "5060");
  return `${uri.host}~${port}~${protocolNumber(uri.protocol) || 1}`;
}

function decodeAlias(text: string): string {
  const [host, port, protocol] = text.split("~");
  const number = (protocol ?? "").charCodeAt(0) - 48;
  // Nothing shows that the address has not enough parts but the length, which Kamailio leaves at 0.
  if (host === undefined || port === undefined || protocol === undefined || Number.isNaN(number)) return "";
  if (number === 0 || number === 1) return `sip:${host}:${port}`;
  const name = protocolOf(number);
  return name ? `sip:${host}:${port};transport=${name === "wss" ? "ws" : name}` : "";
}

export const urialiasClass = transformationClass("The URI parameter alias.", "text", {
  encode: onText("A URI as `host~port~protocol`.", encodeAlias),
  decode: onText("Back to a URI.", decodeAlias),
});

const SHORT: Readonly<Record<string, string>> = {
  "\b": "b",
  "\f": "f",
  "\n": "n",
  "\r": "r",
  "\t": "t",
  '"': '"',
  "\\": "\\",
};

const jsonEscape = (text: string): string =>
  text.replace(/[\x00-\x1f"\\]/g, (c) => `\\${SHORT[c] ?? `u${c.charCodeAt(0).toString(16).padStart(4, "0")}`}`);

export const valClass = transformationClass("What becomes of null and of texts for JSON.", "any", {
  n0: { doc: "0 for null.", make: () => (value) => value ?? 0 },
  ne: { doc: "The empty text for null.", make: () => (value) => value ?? "" },
  json: {
    doc: "A text as it stands in a JSON string; empty for null.",
    make: () => (value) => (value === null ? "" : typeof value === "string" ? jsonEscape(value) : value),
  },
  jsonqe: {
    doc: 'As json, in double quotes when something had to be escaped; `""` for null, integers as they are.',
    make: () => (value) => {
      if (value === null) return '""';
      if (typeof value !== "string") return value;
      const escaped = jsonEscape(value);
      return escaped === value ? value : `"${escaped}"`;
    },
  },
});

export const numClass = transformationClass("Digits of integers; 0 for anything else.", "any", {
  fdigit: {
    doc: "The first digit.",
    make: () => (value) => (isInt(value) ? Number(String(intOf(value)).replace("-", "")[0]) : 0),
  },
  ldigit: {
    doc: "The last digit.",
    make: () => (value) => (isInt(value) ? Number(toText(intOf(value) ?? 0).at(-1)) : 0),
  },
});
