/** What the preprocessor takes from other files, the environment and the command line, and where it says things stand. */
import { expect, test } from "vitest";
import type { RouteBlock } from "../../grammar/tree.ts";
import { type Given, read } from "./read.ts";
import { showExpression } from "./show.ts";

/** The value that `X` has in the script, or the codes of the errors. */
function readValue(preamble: string, given: Given = {}, expression = "X"): string {
  const { script, problems } = read(`${preamble}\nrequest_route {\n$r = ${expression};\n}\n`, given);
  const errors = problems.filter(({ severity }) => severity === "error");
  if (errors.length > 0) return errors.map(({ code }) => code).join(" ");
  const block = script.items.find((item): item is RouteBlock => item.kind === "route-block")!;
  const statement = block.body[0]!;
  return statement.kind === "assign" ? showExpression(statement.value) : "";
}

const cases: readonly [string, string, string, Given?, string?][] = [
  ["a value is text, not an expression", "#!define X 1 + 2", "(+ 1 (* 2 3))", {}, "X * 3"],
  ["a value may stand before the names in it", "#!define X Y\n#!define Y 7", "7"],
  ["lines join at a backslash", "#!define X 1 \\\n+ 2", "(+ 1 2)"],
  ["a comment belongs to the value", "#!define X 5 # five", "missing-semicolon"],
  ["strings are left alone", '#!define X "v"', '"X"', {}, '"X"'],
  ["a string may begin in a define", '#!define X "a', '"a b"', {}, 'X b"'],
  ["redefine", "#!define X 1\n#!redefine X 2", "2"],
  ["trydef", "#!define X 1\n#!trydef X 2", "1"],
  ["undef", "#!define X 1\n#!undef X\n#!define X 3", "3"],
  ["!! does as well", "!!define X 5", "5"],
  ["nested conditions", "#!ifdef A\n#!ifdef B\n#!define X 1\n#!endif\n#!else\n#!define X 2\n#!endif", "2"],
  ["quotes in skipped text", '#!ifdef A\n{{{ "\n#!endif\n#!define X 1', "1"],
  ["modules define a name", 'loadmodule "/usr/lib/tm.so"\n#!ifdef MOD_tm\n#!define X 1\n#!endif', "1"],
  ["the version", "#!define X KAMAILIO_VERSION", "6001004"],
  ["another version", "#!ifdef KAMAILIO_5_8\n#!define X 1\n#!endif", "1", { version: "5.8.2" }],
  ["ifexp", "#!define A 5\n#!ifexp A == 5 && KAMAILIO_VERSION >= 6000000\n#!define X 1\n#!endif", "1"],
  ["ifexp of a name that is not defined", "#!ifexp A\n#!define X 1\n#!else\n#!define X 2\n#!endif", "2"],
  ["defexp", "#!defexp X 2 * (3 + 4)", "14"],
  ["defexps", '#!define A "a"\n#!defexps X A + "b" + 1', '"ab1"'],
  ["defenv", "#!defenv X=HOME", "5", { env: { HOME: "5" } }],
  ["defenvs", "#!defenvs X", '"5"', { env: { X: "5" } }],
  ["trydefenv without the variable", "#!trydefenv Y\n#!define X 1", "1"],
  ["defenv without the variable", "#!defenv X", "defenv syntax empty-block"],
  ["subst", '#!subst "/FOO/bar/"', '"bar FOO"', {}, '"FOO FOO"'],
  ["subst with groups", '#!subst "/(a)(b)/\\2\\1/g"', '"baba"', {}, '"abab"'],
  ["subst in variables", '#!subst "/NAME/rU/"', "$(rU{s.len})", {}, "$(NAME{s.len})"],
  ["rules apply in turn", '#!subst "/A/B/"\n#!subst "/B/C/"', '"C"', {}, '"A"'],
  ["a rule holds from its line on", 'debug=1\n#!subst "/A/B/"', '"B"', {}, '"A"'],
  ["substdef", '#!substdef "!X!5!g"', "5"],
  ["substdefs", '#!substdefs "!X!a/b!g"', '"a/b"'],
  ["substdef with the environment", '#!substdef "!X!$env(PORT)!g"', "5070", { env: { PORT: "5070" } }],
  ["-A", "", "5", { defines: { X: "5" } }],
  [
    "-A twice",
    "",
    "define-twice",
    {
      defines: [
        ["X", "5"],
        ["X", "6"],
      ],
    },
    "1",
  ],
  ["--substdef", "", "9", { substitutions: [{ kind: "substdef", rule: "!X!9!g" }] }],
  ["include", 'include_file "a.cfg"', "5", { files: { "a.cfg": "#!define X 5" } }],
  [
    "include next to the file that includes",
    'include_file "d/a.cfg"',
    "5",
    { files: { "d/a.cfg": 'include_file "b.cfg"\n', "d/b.cfg": "#!define X 5\n" } },
  ],
  ["import of a file that is missing", 'import_file "a.cfg"\n#!define X 1', "1"],
  [
    "files that include one another",
    'include_file "a.cfg"\n#!define X 1',
    "include-depth",
    { files: { "a.cfg": 'include_file "a.cfg"\n' } },
  ],
];

for (const [name, preamble, expected, given, expression] of cases) {
  test(name, () => expect(readValue(preamble, given, expression)).toBe(expected));
}

test("spans lead through files, defines and joined lines", () => {
  const files = { "a.cfg": '# first\ndebug="x"\n' };
  const text =
    '#!define BAD "y"\n#!define TWO 1 \\\n 2\ninclude_file "a.cfg"\n/* a\nb */ children=BAD\nrequest_route { exit; }\n';
  const { problems, files: seen, sources } = read(text, { files });
  expect(problems.map(({ span }) => span)).toEqual([
    { file: "main.cfg", line: 6, column: 15, endLine: 6, endColumn: 18 },
    { file: "a.cfg", line: 2, column: 7, endLine: 2, endColumn: 10 },
  ]);
  expect(seen).toEqual(["main.cfg", "a.cfg"]);
  expect(sources.get("a.cfg")).toBe(files["a.cfg"]);
});

test("defines of a script are handed on", () => {
  const { defines } = read("#!define A 1\n#!define B\n");
  expect([defines.get("A"), defines.get("B"), defines.has("B"), defines.has("C")]).toEqual([
    "1",
    undefined,
    true,
    false,
  ]);
});
