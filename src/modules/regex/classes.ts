/** Named sets of bytes: `\d`, `[:alpha:]` and their kin (pcre2pattern(3), "C" locale). */
import { type ByteSet, byteSet, isWord } from "./tree.ts";

const among = (text: string) => (c: number) => text.includes(String.fromCharCode(c));
const digit = (c: number): boolean => c >= 48 && c <= 57;
const lower = (c: number): boolean => c >= 97 && c <= 122;
const upper = (c: number): boolean => c >= 65 && c <= 90;
const space = among(" \t\n\v\f\r");
const horizontal = (c: number): boolean => c === 9 || c === 32 || c === 160;
const vertical = (c: number): boolean => (c >= 10 && c <= 13) || c === 133;
const graph = (c: number): boolean => c >= 33 && c <= 126;

const ESCAPES: Readonly<Record<string, (c: number) => boolean>> = {
  d: digit,
  w: isWord,
  s: space,
  h: horizontal,
  v: vertical,
};
const POSIX: Readonly<Record<string, (c: number) => boolean>> = {
  alnum: (c) => digit(c) || lower(c) || upper(c),
  alpha: (c) => lower(c) || upper(c),
  ascii: (c) => c < 128,
  blank: (c) => c === 9 || c === 32,
  cntrl: (c) => c < 32 || c === 127,
  digit,
  graph,
  lower,
  print: (c) => graph(c) || c === 32,
  punct: (c) => (graph(c) && !isWord(c) ? true : c === 95),
  space,
  upper,
  word: isWord,
  xdigit: (c) => digit(c) || (c >= 97 && c <= 102) || (c >= 65 && c <= 70),
};

/** The set of `\d` and the like; a capital is the opposite. Undefined for any other letter. */
export function escapeSet(letter: string): ByteSet | undefined {
  if (letter === "N") return byteSet((c) => c !== 10);
  const has = ESCAPES[letter.toLowerCase()];
  if (!has) return undefined;
  return letter === letter.toLowerCase() ? byteSet(has) : byteSet((c) => !has(c));
}

/** The set of `[:name:]` or `[:^name:]`; undefined when there is no such name. */
export function posixSet(name: string): ByteSet | undefined {
  const negated = name.startsWith("^");
  const has = POSIX[negated ? name.slice(1) : name];
  return has && byteSet((c) => has(c) !== negated);
}

/** What control escapes stand for. */
export const CONTROL: Readonly<Record<string, number>> = { a: 7, e: 27, f: 12, n: 10, r: 13, t: 9 };
