/** Every recorded flow is met, but for the exceptions listed, and those that need a module which Viaduct lacks. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { modules } from "../../src/modules/index.ts";
import { difference } from "./compare.ts";
import type { Flow } from "./flow.ts";
import { playFlow } from "./play.ts";

const read = (name: string): string => readFileSync(fileURLToPath(new URL(name, import.meta.url)), "utf8");
const flows = `${read("tm.jsonl")}\n${read("found.jsonl")}`
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as Flow);
const exceptions = new Map(
  read("exceptions.txt")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(/: (.*)/s) as [string, string]),
);
const known = new Set(modules.map((it) => it.name));
const lacks = (flow: Flow): boolean =>
  [...flow.cfg.matchAll(/\bloadmodule "(\w+)(?:\.so)?"/g)].some(([, name]) => !known.has(name!));

describe("recorded flows", () => {
  for (const area of new Set(flows.map((it) => it.area)))
    test(area, async () => {
      const unmet: string[] = [];
      for (const flow of flows) {
        if (flow.area !== area || lacks(flow)) continue;
        const found = difference(flow, (await playFlow(flow)).outcome);
        if (found !== undefined && !exceptions.has(flow.id)) unmet.push(`${flow.id}: ${flow.title}\n${found}`);
        if (found === undefined && exceptions.has(flow.id)) unmet.push(`${flow.id} is met: take it off exceptions.txt`);
      }
      expect(unmet.join("\n\n")).toBe("");
    }, 60_000);

  test("exceptions name flows", () => {
    const ids = new Set(flows.map((it) => it.id));
    expect([...exceptions.keys()].filter((id) => !ids.has(id))).toEqual([]);
  });
});
