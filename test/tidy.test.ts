/** The shape of the code base, held by the ordinary test run. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** DESIGN: which folder may import which. A folder may always import from itself. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  "src/sip": [],
  "src/transport": ["src/sip"],
  "src/transaction": ["src/sip", "src/transport"],
  "src/declare": ["src/sip", "src/transaction"],
  "src/modules": ["src/declare", "src/sip", "src/transaction"],
  "src/check": ["grammar", "src/declare", "src/sip"],
  "src/compile": ["grammar", "src/check", "src/declare", "src/sip"],
  "src/run": ["grammar", "src/sip", "src/transport", "src/transaction", "src/declare", "src/check", "src/compile"],
  "src/control": ["src/run", "src/declare", "src/sip"],
  "src/simulate": [
    "grammar",
    "src/compile",
    "src/run",
    "src/sip",
    "src/transport",
    "src/transaction",
    "src/declare",
    "src/control",
  ],
  "src/tools": ["grammar", "src/check", "src/compile", "src/declare", "src/run", "src/simulate", "src/sip"],
  playground: [
    "grammar",
    "src/check",
    "src/compile",
    "src/control",
    "src/declare",
    "src/modules",
    "src/run",
    "src/simulate",
    "src/sip",
    "src/tools",
    "src/transaction",
    "src/transport",
  ],
  grammar: [],
};

const files = (folder: string): string[] =>
  existsSync(folder)
    ? (readdirSync(folder, { recursive: true }) as string[]).filter((f) => f.endsWith(".ts") && !f.endsWith(".test.ts"))
    : [];

/** The folder of a path in terms of the table: `grammar`, `playground`, `src/x`. */
const area = (path: string): string =>
  path.startsWith("src/") ? path.split("/").slice(0, 2).join("/") : path.split("/")[0]!;

for (const [folder, allowed] of Object.entries(MAY_IMPORT))
  test(`${folder} imports what the design allows`, () => {
    const wrong: string[] = [];
    for (const file of files(folder)) {
      const path = `${folder}/${file}`;
      const source = readFileSync(path, "utf8");
      for (const [, name] of source.matchAll(/(?:from|import\()\s*"([^"]+)"/g)) {
        if (name!.startsWith(".")) {
          const target = area(new URL(name!, `file:///${path}`).pathname.slice(1));
          if (target !== folder && !allowed.includes(target)) wrong.push(`${path} imports ${target}`);
        } else if (name!.startsWith("node:") || name === "undici") wrong.push(`${path} imports ${name}`);
        else if (name === "chevrotain" && folder !== "grammar") wrong.push(`${path} imports chevrotain`);
      }
    }
    expect(wrong).toEqual([]);
  });

test("no file has outgrown its subject", () => {
  const long: string[] = [];
  for (const folder of ["src", "grammar", "playground"])
    for (const file of files(folder)) {
      const lines = readFileSync(`${folder}/${file}`, "utf8").split("\n").length;
      if (lines > 500) long.push(`${folder}/${file}: ${lines} lines`);
    }
  expect(long).toEqual([]);
});
