/** How scripts are read: the tree of good ones, the problems of bad ones. */
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { syntaxCodes } from "../../grammar/index.ts";
import { ScriptParser } from "../../grammar/parser/script.ts";
import type { Problem, RouteBlock } from "../../grammar/tree.ts";
import { read } from "./read.ts";
import { showExpression, showItem } from "./show.ts";

const lines = (name: string): string[] =>
  readFileSync(new URL(name, import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !/^# /.test(line));

const refused = (problems: readonly Problem[]): boolean => problems.some(({ severity }) => severity === "error");

test("the grammar has no ambiguity that chevrotain can see", () => {
  expect(() => new ScriptParser(true)).not.toThrow();
});

describe("expressions", () => {
  for (const line of lines("expressions.txt")) {
    test(line, () => {
      const [text, expected] = line.split(" => ") as [string, string?];
      const { script, problems } = read(`request_route {\n$r = ${text};\n}`);
      if (expected === undefined) expect(refused(problems)).toBe(!line.startsWith('"a" "b"'));
      else {
        expect(problems).toEqual([]);
        const statement = (script.items[0] as RouteBlock).body[0]!;
        expect(statement.kind === "assign" && showExpression(statement.value)).toBe(expected);
      }
    });
  }
});

describe("items", () => {
  for (const line of lines("scripts.txt")) {
    test(line, () => {
      const [text, expected] = line.split(" => ") as [string, string];
      const { script, problems } = read(`${text}\n`);
      expect(problems).toEqual([]);
      expect(script.items.map(showItem).join(" ")).toBe(expected);
    });
  }
});

const TOLD = /^#\s*\^+ (?:error|warning) [a-z0-9-]+: /;

function comment({ span, severity, code, message, hint }: Problem, line: string): string {
  const start = Math.max(2, span.column);
  const end = span.endLine === span.line ? Math.max(span.endColumn, start + 1) : line.length + 1;
  const text = hint === undefined ? message : `${message}; ${hint}`;
  return `#${" ".repeat(start - 2)}${"^".repeat(Math.max(1, end - start))} ${severity} ${code}: ${text}`;
}

test("every mistake of a script is told, where it stands", () => {
  const file = new URL("mistakes.cfg", import.meta.url);
  const text = readFileSync(file, "utf8");
  const script = text.split("\n").filter((line) => !TOLD.test(line));
  const { problems } = read(script.join("\n"));
  const told = script
    .flatMap((line, index) => [
      line,
      ...problems
        .filter(({ span }) => span.line === index + 1)
        .sort((a, b) => a.span.column - b.span.column)
        .map((problem) => comment(problem, line)),
    ])
    .join("\n");
  if (process.env["UPDATE"]) writeFileSync(file, told);
  else expect(told).toBe(text);
});

test("every problem has a case", () => {
  const tests = ["mistakes.cfg", "preprocessor.test.ts", "bounds.test.ts", "problems.test.ts"]
    .map((name) => readFileSync(new URL(name, import.meta.url), "utf8"))
    .join("\n");
  expect(Object.keys(syntaxCodes).filter((code) => !new RegExp(`(?<![a-z-])${code}(?![a-z-])`).test(tests))).toEqual(
    [],
  );
});
