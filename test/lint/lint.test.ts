/** Every rule finds its bad example and is content with its good one. */
import { describe, expect, test } from "vitest";
import { lint, rules } from "../../src/check/lint/index.ts";
import { report, reportJson, summary } from "../../src/check/report.ts";
import { reportSarif } from "../../src/check/sarif.ts";
import { modules } from "../../src/modules/index.ts";
import { read } from "../syntax/read.ts";

function advice(text: string, levels = {}) {
  const { script, problems, sources } = read(text);
  expect(problems).toEqual([]);
  return lint(script, { sources, levels, modules });
}
const codes = (text: string, levels = {}): string[] => advice(text, levels).map(({ code }) => code);

describe("rules", () => {
  for (const { name, severity, bad, good } of rules) {
    test(name, () => {
      expect(codes(bad, { [name]: severity })).toContain(name);
      expect(codes(good, { [name]: severity })).not.toContain(name);
    });
  }

  test("some are silent unless they are given a level", () => {
    for (const { name, off, bad } of rules) expect(codes(bad).includes(name)).toBe(off !== true);
  });
});

const SCRIPT = `request_route {
  if ($var(x) = 2) exit;
  exit; xlog("never"); # lint: ignore unreachable
}
`;

test("a comment silences a rule on its line, or on the next when it stands alone", () => {
  expect(codes(SCRIPT)).toEqual(["assignment-in-condition"]);
  expect(codes(SCRIPT.replace("  if", "  # lint: ignore assignment-in-condition, var-null\n  if"))).toEqual([]);
  expect(codes(SCRIPT.replace("exit;\n", "exit; // lint: ignore\n"))).toEqual([]);
  expect(codes(SCRIPT.replace("exit;\n", "exit; // lint: ignore var-null\n"))).toEqual(["assignment-in-condition"]);
});

test("a comment silences a rule in the whole file", () => {
  expect(codes(`${SCRIPT}# lint: ignore-file assignment-in-condition\n`)).toEqual([]);
  expect(codes(`// lint: ignore-file\n${SCRIPT}`)).toEqual([]);
  expect(codes(`# lint: ignore-file var-null\n${SCRIPT}`)).toEqual(["assignment-in-condition"]);
});

test("levels can be set", () => {
  expect(advice(SCRIPT, { "assignment-in-condition": "error" })[0]!.severity).toBe("error");
  expect(advice(SCRIPT, { "assignment-in-condition": "off" })).toEqual([]);
});

test("for people", () => {
  const problems = advice(SCRIPT);
  expect(report(problems, { sources: new Map([["main.cfg", SCRIPT]]) })).toBe(
    [
      "main.cfg:2:6: warning assignment-in-condition: this assigns, and is always true",
      "  2 |   if ($var(x) = 2) exit;",
      "    |      ^^^^^^^^^^^^^",
      "    = write `==` to compare",
    ].join("\n"),
  );
  expect(report(problems, { sources: new Map(), colour: true })).toContain("\x1b[33mwarning\x1b[0m");
  expect(summary([...problems, ...problems])).toBe("2 warnings");
  expect(summary([])).toBe("");
});

test("a long line is cut around the place, tabs are one blank", () => {
  const text = `\t${"x".repeat(500)}BAD${"y".repeat(500)}`;
  const span = { file: "a", line: 1, column: 502, endLine: 1, endColumn: 505 };
  const [, line, carets] = report([{ code: "c", severity: "error", message: "m", span }], {
    sources: new Map([["a", text]]),
  }).split("\n");
  expect(line!.length).toBeLessThan(180);
  expect(line!.slice(carets!.indexOf("^"), carets!.lastIndexOf("^") + 1)).toBe("BAD");
});

test("for programs", () => {
  const problems = advice(SCRIPT);
  expect(JSON.parse(reportJson(problems))).toEqual(problems[0]);
  const sarif = JSON.parse(reportSarif(problems, "1.0.0", { "assignment-in-condition": "why" }));
  expect(sarif.runs[0].tool.driver.rules).toEqual([
    { id: "assignment-in-condition", shortDescription: { text: "why" } },
  ]);
  expect(sarif.runs[0].results[0]).toMatchObject({ ruleId: "assignment-in-condition", level: "warning" });
  expect(sarif.runs[0].results[0].locations[0].physicalLocation.region).toEqual({
    startLine: 2,
    startColumn: 6,
    endLine: 2,
    endColumn: 19,
  });
});
