/** Every recorded flow is met, but for the exceptions listed, and those that need a module which Viaduct lacks. */
import { describe, expect, test } from "vitest";
import { playFlow } from "./play.ts";
import { byArea, exceptions, recorded, unmet } from "./recorded.ts";

const transactions = [...recorded("tm.jsonl"), ...recorded("found.jsonl")];
const modules = recorded("modules.jsonl");

describe("transactions", () => {
  for (const [area, flows] of byArea(transactions))
    test(area, async () => expect(await unmet(flows, (flow) => playFlow(flow))).toBe(""), 60_000);
});

describe("modules", () => {
  for (const [area, flows] of byArea(modules))
    test(area, async () => expect(await unmet(flows, (flow) => playFlow(flow))).toBe(""), 60_000);
});

test("exceptions name flows", () => {
  const ids = new Set([...transactions, ...modules].map((it) => it.id));
  expect([...exceptions.keys()].filter((id) => !ids.has(id))).toEqual([]);
});
