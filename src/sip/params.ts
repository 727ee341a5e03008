/** Parameters after `;` (RFC 3261 generic-param), as headers and URIs carry them. */
import { sameText, skipLws } from "./lex.ts";

export interface Param {
  readonly name: string;
  /** Undefined when there is no `=`; quotes are left out. */
  readonly value: string | undefined;
  readonly quoted: boolean;
  /** From the first byte of the name to past the value, without white space around. */
  readonly start: number;
  readonly end: number;
}

export interface Params {
  readonly list: readonly Param[];
  /** First offset that is not part of the parameters: a line end, a comma or the end of the text. */
  readonly end: number;
  readonly ok: boolean;
}

const none: readonly Param[] = [];

/**
 * Parses `;a=b;c` from `at`, where a semicolon may stand. Stops at a comma, a line end or `end`.
 * `ok` is false on an empty name, an unterminated quote or text after a value.
 */
export function parseParams(text: string, at: number, end: number, separator = 59): Params {
  let list: Param[] | undefined;
  at = skipLws(text, at, end);
  while (at < end && text.charCodeAt(at) === separator) {
    const start = skipLws(text, at + 1, end);
    let p = start;
    while (p < end && !stops(text.charCodeAt(p), separator) && text.charCodeAt(p) !== 61) p++;
    if (p === start) return { list: list ?? none, end: p, ok: false };
    const name = text.slice(start, p);
    let last = p;
    let value: string | undefined;
    let quoted = false;
    p = skipLws(text, p, end);
    if (p < end && text.charCodeAt(p) === 61) {
      p = skipLws(text, p + 1, end);
      if (text.charCodeAt(p) === 34 && p < end) {
        const close = closeQuote(text, p + 1, end);
        if (close < 0) return { list: list ?? none, end: p, ok: false };
        value = text.slice(p + 1, close);
        quoted = true;
        p = close + 1;
      } else {
        const from = p;
        while (p < end && !stops(text.charCodeAt(p), separator)) p++;
        value = text.slice(from, p);
      }
      last = p;
      p = skipLws(text, p, end);
    }
    (list ??= []).push({ name, value, quoted, start, end: last });
    at = p;
  }
  return { list: list ?? none, end: at, ok: true };
}

/** The offset of the quote that ends a quoted string whose content begins at `at`; -1 when there is none. */
export function closeQuote(text: string, at: number, end: number): number {
  for (; at < end; at++) {
    const c = text.charCodeAt(at);
    if (c === 92) at++;
    else if (c === 34) return at;
  }
  return -1;
}

/** The last parameter of that name (names are compared ignoring case). */
export function findParam(list: readonly Param[], name: string): Param | undefined {
  for (let i = list.length - 1; i >= 0; i--) if (sameText(list[i]!.name, name)) return list[i];
  return undefined;
}

function stops(c: number, separator: number): boolean {
  return c === separator || c === 44 || c === 13 || c === 10 || c === 32 || c === 9;
}
