/** Shell patterns as POSIX fnmatch(3) without flags: `*` any text, `?` any character, `[a-z]` or `[!a-z]` one of a set. */

/** Goes back to the last `*` at most, so the time is at most the product of the two lengths. */
export function fnmatch(subject: string, wanted: string): boolean {
  let at = 0;
  let p = 0;
  let star = -1;
  let starAt = 0;
  while (at < subject.length) {
    if (wanted[p] === "*") {
      star = p++;
      starAt = at;
      continue;
    }
    const next = p < wanted.length ? matchOne(subject[at]!, wanted, p) : -1;
    if (next >= 0) {
      at++;
      p = next;
    } else if (star >= 0) {
      p = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (wanted[p] === "*") p++;
  return p === wanted.length;
}

/** The offset behind the part of the pattern at `p` when it fits the character; -1 when it does not. */
function matchOne(char: string, pattern: string, p: number): number {
  const c = pattern[p]!;
  if (c === "?") return p + 1;
  if (c === "\\" && p + 1 < pattern.length) return pattern[p + 1] === char ? p + 2 : -1;
  if (c === "[") {
    const set = matchSet(char, pattern, p + 1);
    if (set !== undefined) return set;
  }
  return c === char ? p + 1 : -1;
}

const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[0-9A-Za-z]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  cntrl: /[\0-\x1f\x7f]/,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[\s]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

/** The offset behind the set, or -1; undefined when it is never closed, so that the bracket is an ordinary character. */
function matchSet(char: string, pattern: string, from: number): number | undefined {
  let p = from;
  const negated = pattern[p] === "!" || pattern[p] === "^";
  if (negated) p++;
  let found = false;
  for (let first = true; first || pattern[p] !== "]"; first = false) {
    if (p >= pattern.length) return undefined;
    const named = /^\[:([a-z]+):\]/.exec(pattern.slice(p, p + 12));
    if (named) {
      if (CLASSES[named[1]!]?.test(char)) found = true;
      p += named[0].length;
      continue;
    }
    if (pattern[p] === "\\" && p + 1 < pattern.length) p++;
    const low = pattern[p++]!;
    let high = low;
    if (pattern[p] === "-" && p + 1 < pattern.length && pattern[p + 1] !== "]") {
      p++;
      if (pattern[p] === "\\" && p + 1 < pattern.length) p++;
      high = pattern[p++]!;
    }
    if (char >= low && char <= high) found = true;
  }
  return found !== negated ? p + 1 : -1;
}
