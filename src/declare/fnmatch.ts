/** Shell patterns as POSIX fnmatch(3) without flags: `*` any text, `?` any character, `[a-z]` or `[!a-z]` one of a set, `\x`. */
export function fnmatch(pattern: string, text: string, ignoreCase = false): boolean {
  return ignoreCase ? matches(pattern.toLowerCase(), text.toLowerCase()) : matches(pattern, text);
}

/** Goes back to the last `*` only, which is enough, and linear in pattern times text. */
function matches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let starAt = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === "*") {
      starAt = ++p;
      resume = t;
      continue;
    }
    const end = one(pattern, p, text[t]!);
    if (end >= 0) {
      p = end;
      t++;
    } else if (starAt >= 0) {
      p = starAt;
      t = ++resume;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

/** Offset past the element at `p` when it fits the character; -1 when it does not. */
function one(pattern: string, p: number, c: string): number {
  const element = pattern[p];
  if (element === undefined) return -1;
  if (element === "?") return p + 1;
  if (element === "\\") return pattern[p + 1] === c ? p + 2 : -1;
  if (element === "[") {
    const set = bracket(pattern, p, c);
    if (set) return set.fits ? set.end : -1;
  }
  return element === c ? p + 1 : -1;
}

/** Undefined when the bracket is never closed: it is a character then. */
function bracket(pattern: string, p: number, c: string): { readonly fits: boolean; readonly end: number } | undefined {
  let i = p + 1;
  const negated = pattern[i] === "!" || pattern[i] === "^";
  if (negated) i++;
  let fits = false;
  for (let first = true; ; first = false) {
    if (i >= pattern.length) return undefined;
    if (pattern[i] === "]" && !first) return { fits: fits !== negated, end: i + 1 };
    const named = pattern.startsWith("[:", i) ? pattern.indexOf(":]", i + 2) : -1;
    if (named >= 0) {
      fits ||= CLASSES[pattern.slice(i + 2, named)]?.test(c) ?? false;
      i = named + 2;
      continue;
    }
    if (pattern[i] === "\\") i++;
    const low = pattern[i]!;
    i++;
    if (pattern[i] === "-" && pattern[i + 1] !== "]" && i + 1 < pattern.length) {
      i++;
      if (pattern[i] === "\\" && i + 1 < pattern.length) i++;
      fits ||= low <= c && c <= pattern[i]!;
      i++;
    } else fits ||= low === c;
  }
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
  space: /[ \t-\r]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};
