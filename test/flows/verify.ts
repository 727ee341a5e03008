/** `node test/flows/verify.ts FILE [ID-PATTERN] [-v]`: which flows are met, by area, and the first difference of the others. */
import { readFileSync } from "node:fs";
import { difference } from "./compare.ts";
import type { Flow } from "./flow.ts";
import { playFlow } from "./play.ts";

const [file = "test/flows/tm.jsonl", pattern = ""] = process.argv.slice(2).filter((it) => !it.startsWith("-"));
const verbose = process.argv.includes("-v");
const areas = new Map<string, { met: number; all: number }>();
for (const line of readFileSync(file, "utf8").split("\n")) {
  if (line === "") continue;
  const flow = JSON.parse(line) as Flow;
  if (!new RegExp(pattern).test(flow.id) && !new RegExp(`^${pattern}$`).test(flow.area)) continue;
  const area = areas.get(flow.area) ?? { met: 0, all: 0 };
  areas.set(flow.area, area);
  area.all++;
  const { outcome, complaints } = await playFlow(flow);
  const found = difference(flow, outcome);
  if (found === undefined) area.met++;
  else console.log(`${flow.id} (${flow.area}): ${flow.title}\n  ${found}\n  ${complaints.slice(0, 3).join("\n  ")}`);
  if (verbose) console.log(JSON.stringify(outcome, null, 1), complaints);
}
for (const [name, { met, all }] of areas) console.log(`${name}: ${met} of ${all}`);
const sum = [...areas.values()].reduce((a, b) => ({ met: a.met + b.met, all: a.all + b.all }), { met: 0, all: 0 });
console.log(`${sum.met} of ${sum.all}`);
