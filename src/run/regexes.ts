/** Compiled regular expressions by source and flags, kept for the life of the server (bounded). */
import type { Regex } from "../declare/module.ts";
import { compileEre } from "../declare/regex/index.ts";

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
