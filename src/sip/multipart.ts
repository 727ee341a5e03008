/** Boundaries of bodies of several parts (RFC 2046, 5.1.1). */
import { sameText } from "./lex.ts";
import { parseParams } from "./params.ts";

/** The `boundary` parameter of a Content-Type, without quotes; undefined when there is none. */
export function boundaryOf(contentType: string): string | undefined {
  const at = contentType.indexOf(";");
  if (at < 0) return undefined;
  const { list } = parseParams(contentType, at, contentType.length);
  return list.find((it) => sameText(it.name, "boundary"))?.value;
}

/**
 * Puts the boundaries of a body right after parts were added or removed: the last one closes the body, the others
 * do not. A body with fewer than two boundaries stays as it is.
 */
export function withClosedParts(body: string, boundary: string): string {
  const delimiter = `--${boundary}`;
  const starts: number[] = [];
  for (let at = 0; at >= 0 && at < body.length; ) {
    if (body.startsWith(delimiter, at)) starts.push(at);
    const end = body.indexOf("\r\n", at);
    at = end < 0 ? -1 : end + 2;
  }
  if (boundary === "" || starts.length < 2) return body;
  let out = body.slice(0, starts[0]);
  for (let i = 0; i < starts.length - 1; i++) {
    const lineEnd = body.indexOf("\r\n", starts[i]!);
    out += `${delimiter}\r\n${body.slice(lineEnd + 2, starts[i + 1])}`;
  }
  const last = body.slice(starts.at(-1));
  return out + (last.startsWith(`${delimiter}--\r\n`) ? last : `${delimiter}--\r\n`);
}
