/** A script with switches loads in every combination of them; so does the stock one where Kamailio is installed. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createServer } from "../../src/node/cli/engine.ts";
import { defaults } from "../../src/node/cli/flags.ts";
import { combinations, switchesOf } from "./combinations.ts";

/** The errors of a script with these switches, as lines of text. */
async function errorsOf(file: string, set: readonly string[], missing: "error" | "warn"): Promise<string[]> {
  const defines = set.map((it): [string, undefined] => [it, undefined]);
  const { generation, problems } = await createServer({ ...defaults(), missing, defines }, { line() {} }).load(file);
  await generation?.stop();
  // A module is refused for a file that the script names and this machine lacks; Kamailio does so, too, when it starts.
  return problems
    .filter(({ severity, code }) => severity === "error" && (missing === "error" || code !== "module-refused"))
    .map(({ span, code, message }) => `${span.line} ${code}: ${message}`);
}

test("every combination of switches is without a problem", async () => {
  const file = fileURLToPath(new URL("switches.cfg", import.meta.url));
  const switches = switchesOf(readFileSync(file, "latin1"));
  expect(switches).toEqual([
    "WITH_DEBUG",
    "WITH_TCP",
    "WITH_PSTN",
    "WITH_AUTH",
    "WITH_NAT",
    "WITH_FLOOD",
    "WITH_BLOCK3XX",
  ]);
  const wrong: string[] = [];
  for (const set of combinations(switches, "all"))
    for (const error of await errorsOf(file, set, "error")) wrong.push(`${set.join(" ")}: ${error}`);
  expect(wrong).toEqual([]);
});

const stock = "/etc/kamailio/kamailio.cfg";
/** Switches that need another one: without it the stock script mentions a name that nothing defines. */
const DATABASE = /^WITH_(?:ACCDB|ALIASDB|AUTH|IPAUTH|MULTIDOMAIN|PRESENCE|SPEEDDIAL|USRLOCDB)$/;

test.skipIf(!existsSync(stock))("each switch of the stock script is without a problem of syntax", async () => {
  const wrong: string[] = [];
  for (const name of switchesOf(readFileSync(stock, "latin1")))
    if (!DATABASE.test(name))
      for (const error of await errorsOf(stock, [name], "warn")) wrong.push(`${name}: ${error}`);
  expect(wrong).toEqual([]);
});

test("combinations are the same every time, and none comes twice", () => {
  const names = Array.from({ length: 20 }, (_, index) => `S${index}`);
  const some = combinations(names, 50);
  // None, 20 single ones, 190 pairs, 1,140 triples, all, 20 that lack one, and 50.
  expect(some).toHaveLength(1 + 20 + 190 + 1140 + 1 + 20 + 50);
  expect(new Set(some.map((it) => it.join())).size).toBe(some.length);
  expect(combinations(names, 50)).toEqual(some);
  expect(combinations(["A", "B"], "all")).toEqual([[], ["A"], ["B"], ["A", "B"]]);
  expect(combinations(["A", "B"], 50)).toHaveLength(4);
});
