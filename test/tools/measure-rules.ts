/**
 * `npm run measure:rules -- FOLDER… [--show RULE]`: how often each lint rule, those that are off included, had something
 * to look at in a folder of scripts, and how often it spoke. Copies of one script, and places in
 * route blocks that are alike, are counted once. With `--show` the findings of a rule are printed, to be judged by reading.
 */
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { syntaxCodes } from "../../grammar/index.ts";
import type { Span } from "../../grammar/tree.ts";
import { Flow } from "../../src/check/lint/flow/flow.ts";
import { lint, rules } from "../../src/check/lint/index.ts";
import { blocks } from "../../src/check/lint/walk.ts";
import { modules } from "../../src/modules/index.ts";
import { createServer } from "../../src/node/cli/engine.ts";
import { defaults } from "../../src/node/cli/flags.ts";
import { looked, places } from "./rule-places.ts";

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: { show: { type: "string", multiple: true, default: [] } },
});
if (positionals.length === 0) {
  process.stderr.write("usage: npm run measure:rules -- FOLDER... [--show RULE]\n");
  process.exit(2);
}
const files = positionals.flatMap((folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((it) => it.isFile())
    .map((it) => resolve(it.parentPath, it.name))
    .sort(),
);
const levels = Object.fromEntries(rules.map(({ name, severity }) => [name, severity]));
const quiet = { line() {}, flush() {} };
const seen = new Set<string>();
const scripts = new Map(rules.map(({ name }) => [name, new Set<string>()]));
const counts = { places: new Map<string, Set<string>>(), findings: new Map<string, Set<string>>() };
let read = 0;

for (const file of files) {
  const text = readFileSync(file, "latin1");
  if (seen.has(text)) continue;
  seen.add(text);
  const { generation, script, problems, sources } = await createServer(
    { ...defaults(), missing: "warn" as const },
    quiet,
  ).load(file);
  await generation?.stop();
  const broken = problems.some(({ code, severity }) => severity === "error" && Object.hasOwn(syntaxCodes, code));
  if (script === undefined || broken) continue;
  read++;
  const lines = new Map([...sources].map(([name, source]) => [name, source.split("\n")]));
  const line = (at: Span): string => lines.get(at.file)?.[at.line - 1]?.trim() ?? "";
  /** The text of the block around a place, and where the place stands in it. */
  const placed = (at: Span): string => {
    const around = blocks(script).find(
      ({ span: it }) => it.file === at.file && it.line <= at.line && it.endLine >= at.line,
    )?.span;
    const first = around?.line ?? at.line;
    const text = lines.get(at.file)?.slice(first - 1, around?.endLine ?? at.line);
    return `${at.line - first} ${at.column} ${text?.map((it) => it.trim()).join("\n")}`;
  };
  const note = (what: keyof typeof counts, rule: string, at: Span): boolean => {
    const known = counts[what].get(rule) ?? new Set<string>();
    counts[what].set(rule, known);
    const key = placed(at);
    const isNew = !known.has(key);
    known.add(key);
    return isNew;
  };
  const given = looked(script, new Flow(script));
  for (const { name } of rules)
    for (const at of places[name]!(given)) {
      note("places", name, at);
      scripts.get(name)!.add(file);
    }
  for (const { code, span, message } of lint(script, { sources, levels, modules }))
    if (note("findings", code, span) && options.show.includes(code))
      process.stdout.write(`${span.file}:${span.line}: ${message}\n    ${line(span)}\n`);
}

const row = (name: string, ...numbers: (number | string)[]): string =>
  `${name.padEnd(30)}${numbers.map((it) => String(it).padStart(10)).join("")}\n`;
process.stdout.write(`${files.length} files, ${read} different scripts read\n`);
process.stdout.write(row("rule", "scripts", "places", "findings"));
for (const { name } of rules)
  process.stdout.write(
    row(name, scripts.get(name)!.size, counts.places.get(name)?.size ?? 0, counts.findings.get(name)?.size ?? 0),
  );
