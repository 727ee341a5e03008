/** JSON values as scripts see them: text is bytes, numbers keep their text, members keep their order. */

export class JsonNumber {
  /** As written in the document. */
  readonly text: string;
  /** It has a fraction or an exponent. */
  readonly real: boolean;
  constructor(text: string, real: boolean) {
    this.text = text;
    this.real = real;
  }
}

export type JsonObject = Map<string, Json>;
export type Json = null | boolean | string | JsonNumber | Json[] | JsonObject;

/** What stands behind a backslash for one character (RFC 8259, 7). */
export const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  n: "\n",
  r: "\r",
  t: "\t",
  f: "\f",
};

/** A code point as UTF-8 bytes, one character each. */
export function utf8(code: number): string {
  if (code < 0x80) return String.fromCharCode(code);
  if (code < 0x800) return String.fromCharCode(0xc0 | (code >> 6), 0x80 | (code & 63));
  if (code < 0x10000) return String.fromCharCode(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  return String.fromCharCode(
    0xf0 | (code >> 18),
    0x80 | ((code >> 12) & 63),
    0x80 | ((code >> 6) & 63),
    0x80 | (code & 63),
  );
}

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** A text in quotes. Bytes above 0x7f stay as they are. */
export function quoted(text: string, escapeSlash: boolean): string {
  const escaped = text.replace(/["\\\x00-\x1f]/g, (c) => {
    const code = c.charCodeAt(0).toString(16).padStart(4, "0");
    return SHORT[c] ?? `\\u${code}`;
  });
  return `"${escapeSlash ? escaped.replaceAll("/", "\\/") : escaped}"`;
}
