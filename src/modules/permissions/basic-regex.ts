/** POSIX basic regular expressions, in which the table `trusted` has its patterns, as extended ones. */

/** With GNU's `\+`, `\?` and `\|`. */
export function extended(basic: string): string {
  let out = "";
  /** Nothing stands before this place that could be repeated, and `^` is an anchor. */
  let atStart = true;
  for (let i = 0; i < basic.length; i++) {
    const char = basic[i]!;
    const wasAtStart: boolean = atStart;
    atStart = false;
    if (char === "\\") {
      const next = basic[++i];
      if (next === undefined) return `${out}\\`;
      if ("(|".includes(next)) atStart = true;
      out += "(){}+?|".includes(next) ? next : `\\${next}`;
    } else if (char === "[") {
      const end = bracketEnd(basic, i);
      out += basic.slice(i, end);
      i = end - 1;
    } else if (char === "*" && wasAtStart) out += "\\*";
    else if (char === "^") {
      out += wasAtStart ? "^" : "\\^";
      atStart = wasAtStart;
    } else if (char === "$") {
      const rest = basic.slice(i + 1);
      out += rest === "" || rest.startsWith("\\)") || rest.startsWith("\\|") ? "$" : "\\$";
    } else out += "(){}+?|".includes(char) ? `\\${char}` : char;
  }
  return out;
}

/** The place behind a bracket expression; behind the text when it has no end. */
function bracketEnd(text: string, from: number): number {
  let i = from + 1;
  if (text[i] === "^") i++;
  if (text[i] === "]") i++;
  while (i < text.length && text[i] !== "]") {
    const inner = text[i] === "[" ? text[i + 1] : undefined;
    if (inner === ":" || inner === "." || inner === "=") {
      const close = text.indexOf(`${inner}]`, i + 2);
      i = close < 0 ? text.length : close + 2;
    } else i++;
  }
  return Math.min(i + 1, text.length);
}
