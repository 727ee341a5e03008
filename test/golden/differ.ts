/**
 * `npm run golden:differ -- [--seed N] [--count N] [--only REGEX] [--from FILE] [--server kamailio] [--modules FOLDER]
 * [--out FILE] [--record FILE]`: makes new vectors from the open ones (or reads them), asks Kamailio over UDP and Viaduct
 * in-process, and prints where they differ, by group. What is said to differ was asked of a Kamailio of its own. With
 * `--record` nothing is compared: the vectors that were read are written with Kamailio's answers. Needs root, for a
 * network namespace.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { groupOf, Mutator } from "./mutate.ts";
import { same } from "./outcome.ts";
import { packed, playPacked } from "./packs.ts";
import { readVectors, replay, replayPack } from "./replay.ts";
import { Peers } from "./udp-play.ts";
import type { Vector } from "./vector.ts";

const { values: options } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "2000" },
    only: { type: "string", default: "" },
    from: { type: "string" },
    server: { type: "string", default: "kamailio" },
    modules: { type: "string" },
    out: { type: "string" },
    record: { type: "string" },
  },
});
/** How many vectors are asked before the differences among them are printed. */
const BATCH = 600;
const SPACE = "VIADUCT_DIFFER_SPACE";
if (process.env[SPACE] === undefined) {
  const inside = `ip link set lo up && exec "$0" "$@"`;
  const args = ["-n", "sh", "-c", inside, process.execPath, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  process.exit(spawnSync("unshare", args, { stdio: "inherit", env: { ...process.env, [SPACE]: "1" } }).status ?? 2);
}

const moduleFolder =
  options.modules ??
  globSync(["/usr/lib/*/kamailio/modules/", "/usr/lib/kamailio/modules/", "/usr/local/lib*/kamailio/modules/"]).find(
    (it) => existsSync(`${it}/pv.so`),
  ) ??
  "";
const folder = mkdtempSync(join(tmpdir(), "differ-"));
const peers = await Peers.bind(options.server, moduleFolder, folder);
process.on("exit", () => {
  peers.kill();
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));

const only = new RegExp(options.only);
const vectors = options.from === undefined ? made() : read(options.from);
const theirs = new Map<Vector, unknown>();
const ours = new Map<Vector, unknown>();
const differing = new Map<string, Vector[]>();
const asked = new Map<string, number>();
if (options.record !== undefined) {
  const facts: Vector[] = [];
  for (const v of vectors) facts.push({ ...v, expect: (await peers.play(v)) as Vector["expect"] });
  writeFileSync(options.record, facts.map((it) => `${JSON.stringify(it)}\n`).join(""));
  peers.close();
  process.exit(0);
}
for (let i = 0; i < vectors.length; i += BATCH) {
  const batch = vectors.slice(i, i + BATCH);
  await answerAll(batch);
  await askAll(batch);
  for (const v of batch) await judge(v);
}
peers.close();
const all = [...differing.values()].flat();
if (options.out) writeFileSync(options.out, all.map((it) => `${JSON.stringify(it)}\n`).join(""));
for (const [group, it] of differing) console.log(`${group} ${it.length}`);
console.log(
  `${[...asked].map(([area, n]) => `${area} ${n}`).join(", ")}: ${vectors.length} compared, ${all.length} differ`,
);
process.exitCode = all.length > 0 ? 1 : 0;

/** What differs is asked again of a server that has seen nothing else. */
async function judge(v: Vector): Promise<void> {
  const group = groupOf(v);
  asked.set(v.area, (asked.get(v.area) ?? 0) + 1);
  if (same(theirs.get(v), ours.get(v))) return;
  ours.set(v, await ourAnswer(v));
  if (same(theirs.get(v), ours.get(v))) return;
  const alone = await peers.play(v);
  if (same(alone, ours.get(v)) || (alone as { failure?: string }).failure !== undefined) return;
  differing.set(group, [...(differing.get(group) ?? []), { ...v, expect: alone as Vector["expect"] }]);
  theirs.set(v, alone);
  report(v);
}

function made(): Vector[] {
  const mutator = new Mutator(
    readVectors().filter((it) => only.test(it.id)),
    Number(options.seed),
  );
  const seen = new Set<string>();
  const out: Vector[] = [];
  for (let tries = 0; out.length < Number(options.count) && tries < Number(options.count) * 20; tries++) {
    const v = mutator.next();
    const key = v && JSON.stringify([v.preamble, v.script, v.cfg, v.routes, v.observe, v.message]);
    if (!v || seen.has(key!)) continue;
    seen.add(key!);
    out.push(v);
  }
  return out;
}

function read(file: string): Vector[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines
    .filter((it) => it !== "")
    .map((it) => JSON.parse(it) as Vector)
    .filter((it) => only.test(it.id));
}

async function ourAnswer(v: Vector): Promise<unknown> {
  try {
    return await replay(v);
  } catch (error) {
    return { exception: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** Viaduct's answers, like Kamailio's: many a script. */
async function answerAll(batch: readonly Vector[]): Promise<void> {
  for (const pack of packed(batch, 32, () => false)) await answer(pack);
}

async function answer(pack: readonly Vector[]): Promise<void> {
  let got: unknown[] | undefined;
  try {
    got = pack.length > 1 ? await replayPack(pack) : [await ourAnswer(pack[0]!)];
  } catch {
    got = undefined;
  }
  if (got === undefined) {
    const middle = pack.length >> 1;
    await answer(pack.slice(0, middle));
    await answer(pack.slice(middle));
  } else
    pack.forEach((v, i) => {
      ours.set(v, got[i]);
    });
}

async function askAll(batch: readonly Vector[]): Promise<void> {
  // What Viaduct refuses is most likely refused by Kamailio too, and would spoil a pack.
  const refused = (v: Vector): boolean => (ours.get(v) as { config_error?: boolean }).config_error === true;
  for (const pack of packed(batch, 150, refused)) {
    const got = await playPacked(peers, pack);
    pack.forEach((v, i) => {
      theirs.set(v, got[i]);
    });
  }
}

function report(v: Vector): void {
  const shown = {
    script: v.script ?? v.cfg,
    observe: v.observe,
    message: v.message,
    routes: v.routes,
    preamble: v.preamble,
  };
  console.log(
    `${v.id} ${JSON.stringify(shown)}\n  kamailio ${JSON.stringify(theirs.get(v))}\n  viaduct  ${JSON.stringify(ours.get(v))}`,
  );
}
