/**
 * WebSocket frames (RFC 6455, section 5) of the sub-protocol `sip` (RFC 7118), as a server reads and writes them.
 * Bytes are latin1 text.
 */

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Codes of close frames (RFC 6455, section 7.4.1); Kamailio answers unknown opcodes with 1008. */
export const closeCode = { normal: 1000, protocol: 1002, policy: 1008, tooBig: 1009 } as const;

/** What a close frame of ours says beside its code. */
export const closeReason = (code: number): string => {
  if (code === closeCode.tooBig) return "Message too big";
  return code === closeCode.policy ? "Unsupported opcode" : "Protocol error";
};

/** The longest payload of a control frame (RFC 6455, section 5.5). */
const longestControl = 125;

/** What a WebSocket holds next. A problem is final; `code` is what its close frame says. */
export type WebSocketFrame =
  | { readonly kind: "message"; readonly text: string }
  | { readonly kind: "control"; readonly opcode: number; readonly payload: string }
  | { readonly kind: "problem"; readonly message: string; readonly code: number };

const problem = (message: string, code: number = closeCode.protocol): WebSocketFrame => ({
  kind: "problem",
  message,
  code,
});

/** Reads the frames of a client. */
export class WebSocketFramer {
  readonly #longest: number;
  #bytes: string;
  /** The message whose fragments are arriving; undefined when none is. */
  #fragments: string | undefined = undefined;

  /** `longest` bounds a message in bytes, all its fragments together; `bytes` have come already. */
  constructor(longest: number, bytes = "") {
    this.#longest = longest;
    this.#bytes = bytes;
  }

  /** A message has begun to arrive and is not complete. */
  get pending(): boolean {
    return this.#bytes !== "" || this.#fragments !== undefined;
  }

  push(bytes: string): void {
    this.#bytes = this.#bytes === "" ? bytes : this.#bytes + bytes;
  }

  /** The next frame, undefined when more bytes are needed. Call it until it has none. */
  next(): WebSocketFrame | undefined {
    for (;;) {
      const bytes = this.#bytes;
      if (bytes.length < 2) return undefined;
      const first = bytes.charCodeAt(0);
      const second = bytes.charCodeAt(1);
      const code = first & 15;
      const final = first >= 128;
      if ((first & 0x70) !== 0) return problem("reserved bits are set");
      if (second < 128) return problem("frame is not masked");
      const wrong = this.#misplaced(code, final, second & 127);
      if (wrong) return wrong;
      const short = second & 127;
      const header = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (bytes.length < header) return undefined;
      const length = short < 126 ? short : integer(bytes, 2, header);
      if (length + (this.#fragments?.length ?? 0) > this.#longest)
        return problem(`message longer than ${this.#longest} bytes`, closeCode.tooBig);
      const end = header + 4 + length;
      if (bytes.length < end) return undefined;
      const payload = unmasked(bytes, header, end);
      this.#bytes = bytes.slice(end);
      if (code >= opcode.close) return { kind: "control", opcode: code, payload };
      const text = (this.#fragments ?? "") + payload;
      this.#fragments = final ? undefined : text;
      if (final) return { kind: "message", text };
    }
  }

  /** What is wrong with a frame of this kind here. */
  #misplaced(code: number, final: boolean, length: number): WebSocketFrame | undefined {
    if (code >= opcode.close) {
      if (code > opcode.pong) return problem("unknown opcode", closeCode.policy);
      if (!final) return problem("control frame in fragments");
      if (length > longestControl) return problem("control frame too long");
      return undefined;
    }
    if (code > opcode.binary) return problem("unknown opcode", closeCode.policy);
    if (code === opcode.continuation)
      return this.#fragments === undefined ? problem("continuation of no message") : undefined;
    return this.#fragments === undefined ? undefined : problem("message within a message");
  }
}

/** One whole frame of a server: not masked. */
export const frameOf = (code: number, payload: string): string => {
  const { length } = payload;
  let header = String.fromCharCode(0x80 | code);
  if (length < 126) header += String.fromCharCode(length);
  else if (length < 0x10000) header += String.fromCharCode(126, length >> 8, length & 255);
  else
    header += String.fromCharCode(
      ...[127, 0, 0, 0, 0],
      ...[(length >>> 24) & 255, (length >>> 16) & 255, (length >>> 8) & 255, length & 255],
    );
  return header + payload;
};

/** A message: text when it may be (UTF-8), else binary. */
export const messageFrame = (text: string): string => frameOf(isUtf8(text) ? opcode.text : opcode.binary, text);

/** A close frame; a reason too long for it is cut. */
export const closeFrame = (code: number, reason: string): string =>
  frameOf(opcode.close, String.fromCharCode((code >> 8) & 255, code & 255) + reason.slice(0, longestControl - 2));

const integer = (bytes: string, from: number, to: number): number => {
  let value = 0;
  for (let i = from; i < to; i++) value = value * 256 + bytes.charCodeAt(i);
  return value;
};

/** How many characters are made at once: more arguments than this overflow the stack. */
const chunk = 4096;

/** The payload behind the mask at `at`. */
const unmasked = (bytes: string, at: number, end: number): string => {
  const mask = [0, 1, 2, 3].map((i) => bytes.charCodeAt(at + i));
  const start = at + 4;
  let text = "";
  for (let from = start; from < end; from += chunk) {
    const to = Math.min(from + chunk, end);
    const codes = new Array<number>(to - from);
    for (let i = from; i < to; i++) codes[i - from] = bytes.charCodeAt(i) ^ mask[(i - start) & 3]!;
    text += String.fromCharCode(...codes);
  }
  return text;
};

/** Whether bytes may be UTF-8 (RFC 3629): lead bytes have as many followers as they announce. */
const isUtf8 = (text: string): boolean => {
  let followers = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (followers > 0) {
      if (c >> 6 !== 2) return false;
      followers--;
    } else if (c >= 0xf5 || (c >= 0x80 && c < 0xc2)) return false;
    else if (c >= 0xf0) followers = 3;
    else if (c >= 0xe0) followers = 2;
    else if (c >= 0xc2) followers = 1;
  }
  return followers === 0;
};
