/**
 * Scripts with mistakes. Below each line stand the problems that it has, under the characters they are about;
 * `UPDATE=1` writes what came instead. The modules are those of test/compile/rig.ts.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Problem } from "../../grammar/tree.ts";
import { problemCodes, problemText } from "../../src/check/index.ts";
import { rigWhole } from "../compile/rig.ts";

const folder = new URL("./", import.meta.url);
const cases = readdirSync(folder)
  .filter((it) => it.endsWith(".problems"))
  .map((name) => ({ name, text: readFileSync(new URL(name, folder), "utf8") }));

const expectation = /^# *\^+ (?:error|warning|info) [a-z-]+: /;

/** A problem as a comment under the line it is about. */
function comment({ span, ...rest }: Problem, line: string): string {
  const start = Math.max(2, span.column);
  const end = span.endLine === span.line ? Math.max(span.endColumn, start + 1) : line.length + 1;
  return `#${" ".repeat(start - 2)}${"^".repeat(Math.max(1, end - start))} ${problemText({ span, ...rest })}`;
}

for (const { name, text } of cases)
  test(name.replace(".problems", ""), () => {
    const lines = text.split("\n").filter((it) => !expectation.test(it));
    const { problems } = rigWhole(lines.join("\n"));
    const told = lines
      .flatMap((line, i) => [
        line,
        ...problems
          .filter((it) => it.span.line === i + 1)
          .sort((a, b) => a.span.column - b.span.column)
          .map((it) => comment(it, line)),
      ])
      .join("\n");
    if (process.env["UPDATE"]) writeFileSync(new URL(name, folder), told);
    else expect(told).toBe(text);
  });

test("every problem has a case", () => {
  const all = cases.map((it) => it.text).join("\n");
  expect(Object.keys(problemCodes).filter((it) => !all.includes(` ${it}: `))).toEqual([]);
});
