/** `docs/` is what the declarations say; UPDATE=1 writes it anew. Every declaration has its documentation. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { syntaxCodes } from "../grammar/index.ts";
import { problemCodes, rules } from "../src/check/index.ts";
import { coreCommands } from "../src/control/core-commands.ts";
import { generationCommands } from "../src/control/generation-commands.ts";
import { modules } from "../src/modules/index.ts";
import { loadCodes } from "../src/run/load.ts";
import { manual } from "../src/tools/manual.ts";

const docs = new URL("../docs/", import.meta.url);
const problems = { ...syntaxCodes, ...problemCodes, ...loadCodes };
const pages = manual({ modules, problems, rules, builtin: [coreCommands, generationCommands] });
/** Other pages beside these in docs/ itself were written by somebody. */
const isGenerated = (path: string): boolean => path.endsWith(".md") && (path.includes("/") || pages.has(path));

test("the manual is current", () => {
  const generated = (): string[] =>
    existsSync(docs) ? (readdirSync(docs, { recursive: true }) as string[]).filter(isGenerated) : [];
  if (process.env["UPDATE"]) {
    for (const path of generated()) rmSync(new URL(path, docs));
    for (const [path, text] of pages) {
      mkdirSync(dirname(new URL(path, docs).pathname), { recursive: true });
      writeFileSync(new URL(path, docs), text);
    }
  }
  expect(generated().sort()).toEqual([...pages.keys()].sort());
  const stale = [...pages]
    .filter(([path, text]) => readFileSync(new URL(path, docs), "utf8") !== text)
    .map(([path]) => path);
  expect(stale).toEqual([]);
});

test("everything that is declared is documented", () => {
  const silent: string[] = [];
  for (const module of [...modules, coreCommands, generationCommands]) {
    const look = (
      what: string,
      table: Readonly<Record<string, { readonly doc: string } | string>> | undefined,
    ): void => {
      for (const [name, it] of Object.entries(table ?? {}))
        if ((typeof it === "string" ? it : it.doc).trim() === "") silent.push(`${module.name} ${what} ${name}`);
    };
    look("parameter", module.params as Record<string, { doc: string }>);
    look("function", module.functions);
    look("variable", module.variables);
    look("transformations", module.transformations);
    look("command", module.commands);
    look("event", module.events);
    look("statistic", module.statistics);
    for (const [name, fn] of Object.entries(module.functions)) {
      look(`${name} argument`, fn.args as Record<string, { doc: string }>);
      look(`${name} return code`, fn.returns as Record<string, string>);
      if (Object.keys(fn.returns as object).length === 0)
        silent.push(`${module.name} function ${name} has no return codes`);
    }
  }
  expect(silent).toEqual([]);
});
