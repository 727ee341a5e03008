/**
 * `npm run flows:differ -- [--count 200] [--seed 1] [--jobs 4] [--changes 4] [--only PATTERN] [--out FILE]`: takes recorded flows,
 * changes what their peers do and what their script says, plays each changed flow on an installed Kamailio over
 * loopback and on ours in virtual time, and tells where the two differ. A difference counts when two recordings agree
 * about it, and ours differs at every phase of the tick; the changes that it does not need are taken back. Differences
 * are grouped by what differs; `--out` keeps the flows, as they were recorded. KAMAILIO and KAMAILIO_MODULES name the
 * executable and the folder of its modules. Needs root, for a network namespace for each recorder.
 */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import { modules } from "../../src/modules/index.ts";
import { compare } from "./compare.ts";
import { type Mutation, playMutations } from "./differ/mutate-play.ts";
import { scriptMutations, usable } from "./differ/mutate-script.ts";
import { Random } from "./differ/random.ts";
import { Recorders } from "./differ/recorders.ts";
import type { Expected, Flow, Outcome } from "./flow.ts";
import { playFlow } from "./play.ts";
import type { Recording } from "./record.ts";

/** Milliseconds that ours has been up when a flow begins: four phases of the tick of 62.5 ms. */
const PHASES = [156.25, 172, 187.5, 203];
/** Milliseconds that the times may differ by, on a busy machine. */
const SLACK = 110;
const ALL: Readonly<Record<string, Mutation>> = { ...playMutations, ...scriptMutations };

interface Change {
  readonly name: string;
  readonly seed: number;
}

const options = new Command()
  .option("--count <n>", "flows to try", Number, 200)
  .option("--seed <n>", "of the changes", Number, 1)
  .option("--jobs <n>", "recorders side by side", Number, 4)
  .option("--only <pattern>", "flows to start from", "")
  .option("--changes <n>", "at most, to one flow", Number, 4)
  .option("--minutes <n>", "start no flow later than this", Number, 60)
  .option("--out <file>", "keep the flows that differ")
  .parse()
  .opts<{ count: number; seed: number; jobs: number; only: string; changes: number; minutes: number; out?: string }>();

const known = new Set(modules.map((it) => it.name));
/** Flows that ours is meant to play otherwise say nothing new. */
const exceptions = new Set(
  readFileSync(new URL("exceptions.txt", import.meta.url), "utf8")
    .split("\n")
    .map((line) => line.split(": ")[0]!),
);
const templates = readFileSync(new URL("tm.jsonl", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as Flow)
  .filter(
    (it) =>
      new RegExp(options.only).test(it.id) &&
      usable(it) &&
      !exceptions.has(it.id) &&
      !it.no_5_6 &&
      !it.expect_5_6?.config_error,
  )
  .filter((it) => [...it.cfg.matchAll(/\bloadmodule "(\w+)(?:\.so)?"/g)].every(([, name]) => known.has(name!)));
// Where the releases differ, ours has to be as the older one to be compared with it.
for (const flow of [...templates])
  if (flow.expect_5_6 && compare(flow.expect_5_6, (await playFlow(flow)).outcome) !== undefined)
    templates.splice(templates.indexOf(flow), 1);

function changed(template: Flow, changes: readonly Change[]): Flow | undefined {
  let flow: Flow | undefined = template;
  for (const { name, seed } of changes) flow = flow && ALL[name]!(flow, new Random(seed));
  const last = Math.max(0, ...(flow?.play ?? []).map((it) => it.at ?? 0));
  return flow && { ...flow, duration_ms: Math.max(flow.duration_ms ?? 600, last + 350) };
}

function tolerant(outcome: Outcome): Outcome {
  const list = <T extends Expected>(all: readonly T[]): T[] =>
    all.map((it) => ({ ...it, tol: Math.max(SLACK, it.t * 0.15) }));
  return {
    ...outcome,
    ...(outcome.recv && {
      recv: Object.fromEntries(Object.entries(outcome.recv).map(([name, all]) => [name, list(all)])),
    }),
    ...(outcome.log && { log: list(outcome.log) }),
  };
}

/** What differs from ours at every phase; undefined when nothing does. */
async function differs(flow: Flow, recording: Recording): Promise<string | undefined> {
  let first: string | undefined;
  for (const phase of PHASES) {
    const { outcome, complaints } = await playFlow(flow, phase);
    const found = compare(tolerant(recording.outcome), outcome);
    if (found === undefined) return undefined;
    first ??= `${found}\n  ours complains: ${complaints.slice(0, 3).join(" / ")}`;
    if (outcome.config_error || recording.outcome.config_error) break;
  }
  return `${first}\n  Kamailio complains: ${recording.complaints.slice(0, 3).join(" / ").replace(/\s+/g, " ")}`;
}

const recorders = new Recorders(
  options.jobs,
  process.env.KAMAILIO ?? "kamailio",
  process.env.KAMAILIO_MODULES ?? "/usr/lib/x86_64-linux-gnu/kamailio/modules/",
);
const groups = new Map<string, string[]>();
const compared = new Map<string, number>();
const counts = { same: 0, different: 0, unstable: 0, refused: 0, crashed: 0 };
const until = performance.now() + options.minutes * 60_000;
if (options.out) writeFileSync(options.out, "");

async function check(n: number): Promise<void> {
  const random = new Random(options.seed * 1_000_003 + n);
  const template = random.pick(templates);
  const names = Object.keys(ALL);
  let changes: Change[] = [];
  let flow: Flow | undefined = template;
  for (let wanted = 1 + random.below(options.changes), tries = 0; changes.length < wanted && tries < 20; tries++) {
    const kind = random.below(2) === 0 ? Object.keys(playMutations) : names;
    const more: Change[] = [...changes, { name: random.pick(kind), seed: random.below(1e9) }];
    const next = changed(template, more);
    if (next) {
      changes = more;
      flow = next;
    }
  }
  if (!flow) return;
  const recording = await recorders.record(flow);
  if (recording.crashed) {
    counts.crashed++;
    return;
  }
  for (const { name } of changes) compared.set(name, (compared.get(name) ?? 0) + 1);
  compared.set(template.area, (compared.get(template.area) ?? 0) + 1);
  if (recording.outcome.config_error) counts.refused++;
  if ((await differs(flow, recording)) === undefined) {
    counts.same++;
    return;
  }
  const again = await recorders.record(flow);
  let found = await differs(flow, again);
  if (found === undefined || again.crashed || compare(tolerant(recording.outcome), again.outcome) !== undefined) {
    counts.unstable++;
    return;
  }
  let kept = again;
  for (let i = changes.length - 1; i >= 0 && changes.length > 0; i--) {
    const fewer = changes.filter((_, at) => at !== i);
    const less = changed(template, fewer);
    if (!less) continue;
    const smaller = await recorders.record(less);
    const still = await differs(less, smaller);
    if (still === undefined) continue;
    changes = fewer;
    flow = less;
    found = still;
    kept = smaller;
  }
  counts.different++;
  const id = `${template.id}+${options.seed}.${n}`;
  const list = groups.get(kindOf(found)) ?? [];
  groups.set(kindOf(found), [...list, `${id} [${changes.map((it) => it.name).join(", ")}]\n${found}`]);
  const { expect_5_6: _, ...rest } = flow;
  const title = `${template.title}; ${changes.map((it) => it.name).join(", ")}`;
  if (options.out)
    appendFileSync(options.out, `${JSON.stringify({ ...rest, id, title, found, expect: tolerant(kept.outcome) })}\n`);
}

/** What is compared to group: the first lines, without numbers. */
const kindOf = (found: string): string =>
  found
    .split("\n")[0]!
    .replace(/\d+/g, "N")
    .replace(/ at N.*$/, " time");

let next = 0;
const lane = async (): Promise<void> => {
  while (next < options.count && performance.now() < until) await check(next++);
};
await Promise.all(Array.from({ length: options.jobs }, lane));
recorders.close();
for (const [kind, all] of groups) console.log(`## ${kind}: ${all.length}\n${all.join("\n\n")}\n`);
console.log([...compared].map(([name, n]) => `${name}: ${n}`).join(", "));
console.log(JSON.stringify(counts));
