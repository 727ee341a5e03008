/**
 * `npm run golden:udp -- [--server viaduct|kamailio|PATH] [--only REGEX] [--jobs N] [--version 5.6|6.1] [--quiet]`:
 * replays the vectors over real UDP on loopback against a fresh server process each. As root each job has a network
 * namespace of its own; else one job uses the ports of this machine.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { same } from "./outcome.ts";
import { readExceptions, readVectors } from "./replay.ts";
import type { Vector } from "./vector.ts";

const { values: options } = parseArgs({
  options: {
    server: { type: "string", default: "viaduct" },
    only: { type: "string", default: "" },
    jobs: { type: "string", default: "2" },
    version: { type: "string" },
    quiet: { type: "boolean", default: false },
  },
});
const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const ours = options.server === "viaduct";
const executable = ours ? path("../../bin/viaduct") : options.server;
const said = spawnSync(executable, ["-v"], { encoding: "utf8" });
if (said.error) {
  console.error(`${executable}: ${said.error.message}`);
  process.exit(2);
}
const older = (options.version ?? (ours ? "6.1" : (/\b\d+\.\d+/.exec(said.stdout)?.[0] ?? "6.1"))).startsWith("5");
const expected = (v: Vector): unknown => (older ? (v.expect_5_6 ?? v.expect) : v.expect);

const folders = ["/usr/lib/*/kamailio/modules/", "/usr/lib/kamailio/modules/", "/usr/local/lib*/kamailio/modules/"];
const moduleFolder = folders.flatMap((it) => globSync(it)).find((it) => existsSync(`${it}/pv.so`)) ?? "";

const up = "ip link set lo up";
const isolated = spawnSync("unshare", ["-n", "sh", "-c", up], { stdio: "ignore" }).status === 0;
const jobs = isolated ? Math.max(1, Number(options.jobs) || 1) : 1;
if (!isolated) console.log("without a network namespace there is one job");

const only = new RegExp(options.only);
const vectors = readVectors().filter((it) => only.test(it.id));
const exceptions = ours ? readExceptions() : new Map<string, string>();
const counts = { identical: 0, excepted: 0, failed: 0 };
let next = 0;

function judge(v: Vector, got: unknown): void {
  const verdict = same(got, expected(v)) ? "identical" : exceptions.has(v.id) ? "excepted" : "failed";
  counts[verdict]++;
  if (verdict === "failed" && !options.quiet)
    console.log(`${v.id}\n  want ${JSON.stringify(expected(v))}\n  got  ${JSON.stringify(got)}`);
}

/** Runs one worker until no vector is left. A worker that breaks off fails the vector it had. */
async function job(): Promise<void> {
  const args = [path("udp-worker.ts"), executable, moduleFolder];
  const [command, before] = isolated
    ? ["unshare", ["-n", "sh", "-c", `${up} && exec "$0" "$@"`, process.execPath]]
    : [process.execPath, []];
  const worker = spawn(command, [...before, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  worker.stdin.on("error", () => {});
  let current: Vector | undefined;
  const feed = (): void => {
    current = vectors[next++];
    if (current) worker.stdin.write(`${JSON.stringify(current)}\n`);
    else worker.stdin.end();
  };
  feed();
  for await (const line of createInterface({ input: worker.stdout })) {
    if (current) judge(current, (JSON.parse(line) as { got: unknown }).got);
    feed();
  }
  if (current) judge(current, { failure: "the harness broke off" });
}

await Promise.all(Array.from({ length: jobs }, job));
const { identical, excepted, failed } = counts;
console.log(`${identical} identical, ${excepted} excepted, ${failed} failed`);
process.exitCode = failed > 0 || identical === 0 ? 1 : 0;
