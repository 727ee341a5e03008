/** The last script that served well, kept on disk with all its files, for a start when the script itself is broken. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Known } from "../run/reload/generations.ts";

interface Kept {
  readonly file: string;
  readonly hash: string;
  /** When it was kept, as ISO 8601. */
  readonly when: string;
  readonly sources: ReadonlyMap<string, string>;
}

/** Written beside and put in place in one step: a server that dies in between leaves the one before. */
export function keep(path: string, { file, hash, sources }: Known): string | undefined {
  const kept = JSON.stringify({ file, hash, when: new Date().toISOString(), sources: [...sources] });
  // Texts have a character a byte, names of files any characters.
  const text = kept.replace(/[^\0-\xff]/g, (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const beside = `${path}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(beside, text, { encoding: "latin1", mode: 0o600 });
    renameSync(beside, path);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Undefined when there is none, or it is not of this script. */
export function lastGood(path: string, file: string): Kept | undefined {
  try {
    const kept = JSON.parse(readFileSync(path, "latin1")) as Omit<Kept, "sources"> & { sources: [string, string][] };
    return kept.file === file ? { ...kept, sources: new Map(kept.sources) } : undefined;
  } catch {
    return undefined;
  }
}
