/** Regular expressions against what glibc answered (glibc.txt), and their bounds. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compileEre } from "../../src/declare/regex/index.ts";

const CASE = /^([in]*) ?\/(.*)\/ "(.*)" = (.*)$/;
const plain = (text: string) => text.replaceAll(/\\(n|\\)/g, (_, char: string) => (char === "n" ? "\n" : "\\"));

describe("as glibc", () => {
  for (const line of readFileSync(new URL("./glibc.txt", import.meta.url), "utf8").split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    test(line, () => {
      const [, flags, pattern, text, expected] = CASE.exec(line) as unknown as [string, string, string, string, string];
      const regex = compileEre(plain(pattern), { icase: flags.includes("i"), newline: flags.includes("n") });
      const found = regex?.exec(plain(text));
      const shown =
        found && Array.from(found.groups, (group) => (group === undefined ? "-" : JSON.stringify(group))).join(" ");
      expect(regex ? (shown ?? "no match") : "refused").toBe(expected);
      expect(regex?.test(plain(text)) ?? false).toBe(found !== null && found !== undefined);
    });
  }
});

test("searches from a position with the text before it in view", () => {
  expect(compileEre("^a")!.exec("aa", 1)).toBeNull();
  expect(compileEre("a|b+x")!.exec("abbx", 1)).toMatchObject({ index: 1, end: 4 });
});

test("patterns that take a backtracking engine for ever end at once", () => {
  const text = `${"a".repeat(20_000)}!`;
  const began = performance.now();
  for (const pattern of ["(a+)+b", "(a|a)*b", "(a*)*b", "a*a*a*a*b", "(a|aa)+$", "(.*)*x"]) {
    expect(compileEre(pattern)!.exec(text)).toBeNull();
  }
  for (const pattern of ["(a)\\1*b\\1", "(a*)(a*)\\1b"]) expect(compileEre(pattern)!.test(text)).toBe(false);
  expect(performance.now() - began).toBeLessThan(5_000);
});

test("groups over a long text", () => {
  const found = compileEre("(a*)(ab|b)*(c*)")!.exec(`${"a".repeat(3_000)}${"b".repeat(3_000)}c`);
  expect(found!.end).toBe(6_001);
});

test("too large a pattern is refused", () => {
  expect(compileEre("((a{1000}){1000})")).toBeNull();
  expect(compileEre("(".repeat(100_000))).toBeNull();
});
