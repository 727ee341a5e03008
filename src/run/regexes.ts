/** Compiled regular expressions by source and flags, kept for the life of the server (bounded). */
import type { Regex } from "../declare/module.ts";

const KEPT = 4096;

export class Regexes {
  readonly #compiled = new Map<string, Regex | null>();

  /** Null when the pattern is wrong. */
  compile(source: string, flags: { readonly icase?: boolean; readonly newline?: boolean } = {}): Regex | null {
    const key = `${flags.icase ? "i" : ""}${flags.newline ? "n" : ""}/${source}`;
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    if (this.#compiled.size >= KEPT) this.#compiled.delete(this.#compiled.keys().next().value!);
    const regex = compileEre(source, flags);
    this.#compiled.set(key, regex);
    return regex;
  }
}

/** Interim: a JavaScript expression with POSIX classes, until the ERE engine takes its place. */
function compileEre(source: string, flags: { readonly icase?: boolean; readonly newline?: boolean }): Regex | null {
  let compiled: RegExp;
  try {
    const js = source.replace(/\[:(\w+):\]/g, (whole, name: string) => CLASSES[name] ?? whole);
    compiled = new RegExp(js, `g${flags.icase ? "i" : ""}${flags.newline ? "m" : "s"}`);
  } catch {
    return null;
  }
  return {
    source,
    exec(text, from = 0) {
      compiled.lastIndex = from;
      const match = compiled.exec(text);
      return match && { index: match.index, end: match.index + match[0].length, groups: match };
    },
    test: (text) => {
      compiled.lastIndex = 0;
      return compiled.test(text);
    },
  };
}
const CLASSES: Record<string, string> = {
  digit: "0-9",
  alpha: "a-zA-Z",
  alnum: "a-zA-Z0-9",
  space: "\\s",
  upper: "A-Z",
  lower: "a-z",
};
