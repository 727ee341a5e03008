/** Character classes and white space of SIP text (RFC 3261, 25.1), on latin1 strings by offset. */

const SP = 32;
const TAB = 9;
const LF = 10;
const CR = 13;

/** 1 for the characters of an RFC 3261 `token`, which is also what a header field name may consist of. */
export const TOKEN: Readonly<Uint8Array> = (() => {
  const table = new Uint8Array(256);
  for (const c of "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-.!%*_+`'~")
    table[c.charCodeAt(0)] = 1;
  return table;
})();

export const isDigit = (c: number): boolean => c >= 48 && c <= 57;
export const isAlnum = (c: number): boolean => (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122);

/** Past blanks and tabs. */
export function skipBlanks(text: string, at: number, end: number): number {
  while (at < end) {
    const c = text.charCodeAt(at);
    if (c !== SP && c !== TAB) break;
    at++;
  }
  return at;
}

/** Past linear white space: blanks, tabs and line ends that are followed by one (folding). */
export function skipLws(text: string, at: number, end: number): number {
  for (;;) {
    if (at >= end) return at;
    const c = text.charCodeAt(at);
    if (c === SP || c === TAB) at++;
    else if (c === CR || c === LF) {
      const next = c === CR && text.charCodeAt(at + 1) === LF ? at + 2 : at + 1;
      if (next >= end) return at;
      const after = text.charCodeAt(next);
      if (after !== SP && after !== TAB) return at;
      at = next + 1;
    } else return at;
  }
}

/** Past the line end at `at`; -1 when there is none. */
export function lineEnd(text: string, at: number, end: number): number {
  if (at >= end) return -1;
  const c = text.charCodeAt(at);
  if (c === LF) return at + 1;
  if (c === CR) return text.charCodeAt(at + 1) === LF && at + 1 < end ? at + 2 : at + 1;
  return -1;
}

/** True when the two texts are equal in ASCII ignoring case. */
export const sameText = (a: string, b: string): boolean =>
  a === b || (a.length === b.length && a.toLowerCase() === b.toLowerCase());

/** Digits only, as a number; -1 when there is anything else or nothing. Not meant for more than 15 digits. */
export function digits(text: string): number {
  if (text.length === 0 || text.length > 15) return -1;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 48 || c > 57) return -1;
    value = value * 10 + (c - 48);
  }
  return value;
}
