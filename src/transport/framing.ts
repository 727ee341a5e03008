/**
 * Cuts a byte stream into SIP messages (RFC 3261, section 18.3): Content-Length says where one ends; line ends
 * between messages are keep-alives (RFC 5626, section 4.4.1).
 */

export interface FramerLimits {
  /** The longest message, header fields and body together. */
  readonly longest: number;
  /** A message without Content-Length ends with its header fields (tcp_accept_no_cl). */
  readonly acceptNoLength: boolean;
}

/** What a stream holds next. A problem is final: the stream cannot be read any further. */
export type Frame =
  | { readonly kind: "message"; readonly text: string }
  | { readonly kind: "ping" }
  | { readonly kind: "problem"; readonly message: string; readonly code?: undefined };

const ping: Frame = { kind: "ping" };
const CR = 13;
const LF = 10;

export class Framer {
  readonly #limits: FramerLimits;
  #text = "";
  /** How far the text was searched for the end of the header fields. */
  #searched = 0;
  /** Length of the message at the start of the text, once its header fields are complete. */
  #length = 0;

  constructor(limits: FramerLimits) {
    this.#limits = limits;
  }

  /** A message has begun to arrive and is not complete. */
  get pending(): boolean {
    return this.#text !== "" && this.#text.charCodeAt(0) !== CR;
  }

  push(bytes: string): void {
    this.#text = this.#text === "" ? bytes : this.#text + bytes;
  }

  /** What has come and belongs to no message that was handed out; it is taken. */
  rest(): string {
    const text = this.#text;
    this.#text = "";
    this.#length = 0;
    this.#searched = 0;
    return text;
  }

  /** The next frame, undefined when more bytes are needed. Call it until it has none. */
  next(): Frame | undefined {
    if (this.#length === 0) {
      if (this.#skip()) return ping;
      if (this.#text === "") return undefined;
      const end = this.#headerEnd();
      if (end < 0) return this.#text.length > this.#limits.longest ? tooLong(this.#limits.longest) : undefined;
      const body = contentLength(this.#text, end);
      if (body === undefined && !this.#limits.acceptNoLength)
        return { kind: "problem", message: "content length not present or unparsable" };
      this.#length = end + (body ?? 0);
      if (this.#length > this.#limits.longest) return tooLong(this.#limits.longest);
    }
    if (this.#text.length < this.#length) return undefined;
    const text = this.#text.slice(0, this.#length);
    this.#text = this.#text.slice(this.#length);
    this.#length = 0;
    this.#searched = 0;
    return { kind: "message", text };
  }

  /** Drops line ends and blanks before a message; true when they were a ping, CR LF CR LF. */
  #skip(): boolean {
    const text = this.#text;
    let at = 0;
    for (; at < text.length; at++) {
      const c = text.charCodeAt(at);
      if (c === CR) {
        const rest = text.length - at;
        if (text.startsWith("\r\n\r\n", at)) {
          this.#text = text.slice(at + 4);
          return true;
        }
        // The rest of a ping may still be on its way.
        if (rest < 4 && "\r\n\r\n".startsWith(text.slice(at))) break;
      } else if (c !== LF && c !== 32 && c !== 9) break;
    }
    if (at > 0) this.#text = text.slice(at);
    return false;
  }

  /** Past the empty line that ends the header fields, -1 when it has not come. Bare line feeds are accepted. */
  #headerEnd(): number {
    const text = this.#text;
    // Nothing but the begin of a ping: no message has started.
    if (text.charCodeAt(0) === CR) return -1;
    let at = text.indexOf("\n", this.#searched);
    while (at >= 0) {
      const c = text.charCodeAt(at + 1);
      if (c === LF) return at + 2;
      if (c === CR && text.charCodeAt(at + 2) === LF) return at + 3;
      // The bytes that decide are missing: look at this line end again.
      if (at + 2 >= text.length) break;
      at = text.indexOf("\n", at + 1);
    }
    this.#searched = at < 0 ? text.length : at;
    return -1;
  }
}

const tooLong = (longest: number): Frame => ({
  kind: "problem",
  message: `message longer than ${longest} bytes`,
});

/** The first readable Content-Length (or `l`) before `end`; undefined when there is none. */
const contentLength = (text: string, end: number): number | undefined => {
  let line = text.indexOf("\n") + 1;
  while (line > 0 && line < end) {
    const c = text.charCodeAt(line) | 32;
    if (c === 99 || c === 108) {
      const length = lengthField(text, line, end);
      if (length !== undefined) return length;
    }
    line = text.indexOf("\n", line) + 1;
  }
  return undefined;
};

const fullName = "content-length";

const lengthField = (text: string, start: number, end: number): number | undefined => {
  let at = start + 1;
  if ((text.charCodeAt(start) | 32) === 99) {
    at = start + fullName.length;
    if (text.slice(start, at).toLowerCase() !== fullName) return undefined;
  }
  at = blanks(text, at);
  if (text.charCodeAt(at) !== 58) return undefined;
  at = blanks(text, at + 1);
  const digits = at;
  let length = 0;
  for (; at < end; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) break;
    length = length * 10 + digit;
    // Far beyond every limit: enough to refuse the message.
    if (length > 0x7fffffff) return 0x7fffffff;
  }
  if (at === digits) return undefined;
  const after = text.charCodeAt(at);
  return after === CR || after === LF || after === 32 || after === 9 ? length : undefined;
};

const blanks = (text: string, from: number): number => {
  let at = from;
  while (text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9) at++;
  return at;
};
