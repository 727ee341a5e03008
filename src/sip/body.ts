/** What a message's body is, and the parts of a multipart one (RFC 2046). */
import { HeaderType } from "./headers.ts";
import type { SipMessage } from "./message.ts";

/** A stretch of the message's text. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** `type/subtype` in lower case; undefined without Content-Type, null when it cannot be parsed. */
export function mimeType(msg: SipMessage): string | null | undefined {
  const value = msg.first(HeaderType.contentType);
  return value === undefined ? undefined : mimeOf(value);
}

function mimeOf(value: string): string | null {
  const found = /^\s*([^\s;/,]+)\s*\/\s*([^\s;/,]+)\s*(?:;|$)/.exec(value);
  return found === null ? null : `${found[1]}/${found[2]}`.toLowerCase();
}

/** The boundary of a multipart Content-Type; undefined when it names none. */
function boundaryOf(value: string): string | undefined {
  const found = /;\s*boundary\s*=\s*(?:"([^"]+)"|([^\s;"]+))/i.exec(value);
  return found === null ? undefined : (found[1] ?? found[2]);
}

/** The parts of that type in a multipart body; null when it cannot be taken apart. */
export function partsOf(msg: SipMessage, type: string, end = msg.text.length): Range[] | null {
  const boundary = boundaryOf(msg.first(HeaderType.contentType) ?? "");
  if (boundary === undefined) return null;
  const { text } = msg;
  const found: Range[] = [];
  let at = delimiter(text, msg.bodyStart, end, boundary);
  if (at < 0) return null;
  while (at < end) {
    const following = delimiter(text, at + 2, end, boundary);
    const stop = following < 0 ? end : following;
    const part = contents(text, at + 2 + boundary.length, stop, type);
    if (part !== undefined) found.push(part);
    at = stop;
  }
  return found;
}

/** Where the next line `--boundary` begins; -1 when there is none. */
function delimiter(text: string, from: number, end: number, boundary: string): number {
  const line = `--${boundary}`;
  for (let at = text.indexOf(line, from); at >= 0 && at + line.length <= end; at = text.indexOf(line, at + 2))
    if (at === 0 || text[at - 1] === "\n" || text[at - 1] === "\r") return at;
  return -1;
}

/** What stands behind a part's header fields when its Content-Type is the one that is wanted. */
function contents(text: string, from: number, end: number, type: string): Range | undefined {
  let at = nextLine(text, from, end);
  let wanted = false;
  while (at < end && text[at] !== "\r" && text[at] !== "\n") {
    const next = nextLine(text, at, end);
    const field = /^content-type\s*:(.*)/i.exec(text.slice(at, next));
    if (field !== null && mimeOf(field[1]!.trim()) === type) wanted = true;
    at = next;
  }
  if (!wanted) return undefined;
  while (at < end && " \t\r\n".includes(text[at]!)) at++;
  return { start: at, end };
}

/** The start of the line behind the one at `from`. */
export function nextLine(text: string, from: number, end: number): number {
  const at = text.indexOf("\n", from);
  return at < 0 || at >= end ? end : at + 1;
}
