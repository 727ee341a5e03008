/**
 * `npm run check:folder -- FOLDER`: checks every file in a folder as a script, with modules that are lacking let pass, and
 * prints a table: which were read, and the problems by code. A file that another one includes is judged there.
 */
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { syntaxCodes } from "../../grammar/index.ts";
import type { Problem } from "../../grammar/tree.ts";
import { inspect } from "../../src/node/cli/check.ts";
import { createServer } from "../../src/node/cli/engine.ts";
import { defaults } from "../../src/node/cli/flags.ts";

const [folder, ...wanted] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write("usage: npm run check:folder -- FOLDER [CODE...]\n");
  process.exit(2);
}

const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((it) => it.isFile())
  .map((it) => resolve(it.parentPath, it.name))
  .sort();
const quiet = { line() {}, flush() {} };
const included = new Set<string>();
const judged = new Map<string, readonly Problem[]>();
const options = { ...defaults(), missing: "warn" as const };

for (const file of files) {
  const result = await createServer(options, quiet).load(file);
  await result.generation?.stop();
  for (const other of result.files.slice(1)) included.add(resolve(file, "..", other));
  judged.set(file, inspect(result, new Map()));
}

const alone = [...judged].filter(([file]) => !included.has(file));
const isSyntax = ({ code, severity }: Problem): boolean => severity === "error" && Object.hasOwn(syntaxCodes, code);
const refused = alone.filter(([, problems]) => problems.some(isSyntax));
const counts = new Map<string, { problems: number; scripts: number }>();
for (const [, problems] of alone) {
  const here = new Map<string, number>();
  for (const { severity, code } of problems)
    here.set(`${severity} ${code}`, (here.get(`${severity} ${code}`) ?? 0) + 1);
  for (const [code, number] of here) {
    const count = counts.get(code) ?? { problems: 0, scripts: 0 };
    counts.set(code, { problems: count.problems + number, scripts: count.scripts + 1 });
  }
}

const row = (name: string, ...numbers: number[]): string =>
  `${name.padEnd(40)}${numbers.map((it) => String(it).padStart(9)).join("")}\n`;
let text = row("files", files.length) + row("judged by what includes them", files.length - alone.length);
text += row("parsed", alone.length - refused.length) + row("refused for syntax", refused.length);
text += `\n${"problem".padEnd(40)}${"number".padStart(9)}${"scripts".padStart(9)}\n`;
for (const [code, { problems, scripts }] of [...counts].sort((a, b) => b[1].problems - a[1].problems))
  text += row(code, problems, scripts);
process.stdout.write(text);

// The lines of the codes that were asked for, to be read.
const lines = (file: string): string[] => {
  try {
    return readFileSync(file, "latin1").split("\n");
  } catch {
    return [];
  }
};
for (const [, problems] of alone)
  for (const { code, span, message, hint } of problems)
    if (wanted.includes(code))
      process.stdout.write(
        `${span.file}:${span.line}: ${message}${hint === undefined ? "" : `; ${hint}`}\n    ${lines(span.file)[span.line - 1]?.trim() ?? ""}\n`,
      );
