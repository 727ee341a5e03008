/** Scripts that are large, deep or senseless: always an answer, and soon. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { read } from "./read.ts";

const MANY = 100_000;
const inRoute = (text: string): string => `request_route {\n${text}\n}\n`;

for (const [name, text] of [
  ["parentheses", inRoute(`$x = ${"(".repeat(MANY)}1${")".repeat(MANY)};`)],
  ["prefix operators", inRoute(`$x = ${"!".repeat(MANY)}1;`)],
  ["conditions", inRoute(`${"if (1) ".repeat(MANY)}exit;`)],
  ["blocks", inRoute(`${"if (1) {".repeat(MANY)}exit;${"}".repeat(MANY)}`)],
  ["else if", inRoute(`${"if (1) exit; else ".repeat(MANY)}exit;`)],
  ["operators", inRoute(`$x = 1${" + 1".repeat(MANY)};`)],
  ["legacy operands", inRoute(`if (${"uri == ".repeat(MANY)}"a") exit;`)],
] as const) {
  test(`${name} nested without end are a problem`, () => {
    expect(read(text).problems.map(({ code }) => code)).toEqual(["too-deep"]);
  });
}

for (const [name, text, code] of [
  ["an open string", `debug=1\nlog_name="${"a".repeat(MANY)}`, "unclosed-string"],
  ["open comments", "/*".repeat(MANY), "unclosed-comment"],
  ["open variables", inRoute(`$x = ${"$(".repeat(MANY)}`).trimEnd(), "unclosed-variable"],
  ["open conditions", "#!ifdef A\n".repeat(MANY), "missing-endif"],
  ["no characters of the language", "\0".repeat(MANY), "stray-character"],
  ["closing braces", "}".repeat(MANY), "stray-brace"],
  [
    "defines that double",
    `${Array.from({ length: 60 }, (_, i) => `#!define A${i + 1} A${i} A${i}\n`).join("")}A60`,
    "define-too-large",
  ],
] as const) {
  test(`${name}: told, not suffered`, () => {
    expect(read(text).problems[0]!.code).toBe(code);
  });
}

test("twenty thousand lines", () => {
  const route = (n: number) =>
    `route[R${n}] {\n  if ($rU =~ "^[0-9]+$" and src_ip != 10.0.0.0/8) {\n    xlog("$fu\\n");\n  } else route(R0);\n}\n`;
  const { script, problems } = read(Array.from({ length: 4_000 }, (_, n) => route(n)).join(""));
  expect(problems).toEqual([]);
  expect(script.items).toHaveLength(4_000);
});

test("whatever stands in a script, every problem has a place", () => {
  const words =
    'route [ ] { } ( ) ; $var(x) = == "a" \' " if else while switch case : default 1 + - ! foo / * , # /* */ . $( $ @ % \\ 5060 ' +
    "listen udp modparam loadmodule request_route event_route method uri myself src_ip return exit strlen selval async";
  const lines = [
    "#!ifdef X\n",
    "#!else\n",
    "#!endif\n",
    "#!define X 1 + X\n",
    "#!define Y (\n",
    'include_file "a"\n',
    '#!subst "/a/b/"\n',
    "\n",
  ];
  const part = fc.constantFrom(...words.split(" "), ...lines, "X", "Y", " ");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 60 }), fc.boolean(), (parts, blank) => {
      for (const { span } of read(parts.join(blank ? " " : "")).problems) {
        expect(span.line).toBeGreaterThan(0);
        expect(span.column).toBeGreaterThan(0);
        expect(span.endLine > span.line || (span.endLine === span.line && span.endColumn >= span.column)).toBe(true);
      }
    }),
    { numRuns: 2_000, seed: 1 },
  );
});
