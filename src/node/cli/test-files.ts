/** Finds the ladders that `viaduct test` is asked for. */
import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

/** Files as they are named, and every `*.ladder` below folders, in the order of their names; hidden folders and node_modules are left out. */
export function findLadders(words: readonly string[]): string[] {
  const found = new Set<string>();
  for (const word of words.length > 0 ? words : ["."]) {
    const path = resolve(word);
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) found.add(path);
    else for (const it of below(path)) found.add(it);
  }
  return [...found];
}

function below(folder: string): string[] {
  const out: string[] = [];
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const it of entries) {
    const path = join(folder, it.name);
    if (it.isDirectory() && it.name !== "node_modules" && !it.name.startsWith(".")) out.push(...below(path));
    else if (it.name.endsWith(".ladder") && isFile(path)) out.push(path);
  }
  return out;
}

/** Links to files are as good. */
const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;
