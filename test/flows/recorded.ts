/** The recorded flows, and which of them are not met. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { modules } from "../../src/modules/index.ts";
import { difference } from "./compare.ts";
import type { Flow } from "./flow.ts";
import type { FlowRun } from "./play.ts";

const linesOf = (name: string): string[] =>
  readFileSync(fileURLToPath(new URL(name, import.meta.url)), "utf8")
    .split("\n")
    .filter((line) => line !== "");

export const recorded = (name: string): Flow[] => linesOf(name).map((line) => JSON.parse(line) as Flow);

/** Why flows are not met, by id. */
export const exceptions: ReadonlyMap<string, string> = new Map(
  linesOf("exceptions.txt")
    .filter((line) => !line.startsWith("#"))
    .map((line) => line.split(/: (.*)/s) as [string, string]),
);

const known = new Set(modules.map((it) => it.name));
/** It loads a module that Viaduct does not have. */
export const lacks = (flow: Flow): boolean =>
  [...flow.cfg.matchAll(/\bloadmodule "(\w+)(?:\.so)?"/g)].some(([, name]) => !known.has(name!));

export const byArea = (flows: readonly Flow[]): [string, Flow[]][] => [...Map.groupBy(flows, (it) => it.area)];

/** What differs in those of the flows that could be met, and exceptions that are met; "" when all is well. */
export async function unmet(flows: readonly Flow[], play: (flow: Flow) => Promise<FlowRun>): Promise<string> {
  const problems: string[] = [];
  for (const flow of flows) {
    if (lacks(flow)) continue;
    const found = difference(flow, (await play(flow)).outcome);
    if (found !== undefined && !exceptions.has(flow.id)) problems.push(`${flow.id}: ${flow.title}\n${found}`);
    if (found === undefined && exceptions.has(flow.id)) problems.push(`${flow.id} is met: take it off exceptions.txt`);
  }
  return problems.join("\n\n");
}
