/** docs/ladders.md: each of its ladders goes as written, against the script of the page. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { modules } from "../../src/modules/index.ts";
import { failureText } from "../../src/simulate/ladder/failure.ts";
import { runLadder } from "../../src/simulate/ladder/run.ts";

const page = readFileSync(new URL("../../docs/ladders.md", import.meta.url), "latin1");
const blocks = (language: string): string[] =>
  [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, it]) => it === language).map(([, , text]) => text!);

const [script = ""] = blocks("cfg");

test.each(blocks("ladder").map((text, i) => [i + 1, text] as const))("ladder %i of the page", async (_, text) => {
  const failures = await runLadder(text, { modules, path: "/x.ladder", files: { "/kamailio.cfg": script } });
  expect(failures.map((it) => `${it.file ?? ""}:${it.line}: ${failureText(it)}`)).toEqual([]);
});

test("the page has ladders", () => {
  expect(blocks("ladder").length).toBeGreaterThan(3);
});
