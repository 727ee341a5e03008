/**
 * `node test/tools/elsewhere.ts KAMAILIO >src/check/elsewhere-names.ts`: the names that Kamailio's modules export, from
 * its sources in the folder KAMAILIO.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write("usage: node test/tools/elsewhere.ts FOLDER_OF_KAMAILIO\n");
  process.exit(2);
}

const KINDS = ["cmd", "pv", "param", "tr"] as const;
type Kind = (typeof KINDS)[number];

const TABLE = /\b(cmd|pv|param|tr)_export_t\s+\w+\[\]\s*=\s*\{([\s\S]*?\})\s*;/g;
/** An entry's name, and the rest up to the end of the entry. */
const ENTRY = /\{\s*(?:\{\s*|str_init\(|STR_STATIC_INIT\()?"([^"]+)"([^{}]*)\}/g;

const modules = join(folder, "src/modules");
const lines = readdirSync(modules)
  .sort()
  .flatMap((module) => {
    const names: Record<Kind, Set<string>> = { cmd: new Set(), pv: new Set(), param: new Set(), tr: new Set() };
    const sources = (files: readonly string[]) => files.filter((it) => /\.(?:c|cpp)$/.test(it));
    for (const file of sources(list(join(modules, module)))) {
      const text = readFileSync(join(modules, module, file), "latin1").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
      // What no route may call is for other modules.
      for (const [, kind, body] of text.matchAll(TABLE))
        for (const [, name, rest] of body!.matchAll(ENTRY))
          if (kind !== "cmd" || !/,\s*0\s*,?\s*$/.test(rest!)) names[kind as Kind].add(name!);
    }
    const known = KINDS.map((kind) => [...names[kind]].sort().join(" ")).join("|");
    return known === "|||" ? [] : [`  "${module}|${known}",`];
  });

process.stdout.write(`/**
 * What the modules of Kamailio 6.1 export: a module a line, its functions, variables, parameters and classes of
 * transformations. Written by test/tools/elsewhere.ts.
 */
export const exported: readonly string[] = [
${lines.join("\n")}
];
`);

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
