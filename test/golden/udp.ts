/**
 * `npm run golden:udp -- [--server viaduct|kamailio|PATH]… [--modules FOLDER] [--only REGEX] [--jobs N]
 * [--version 5.6|6.1] [--alone] [--quiet]`: replays the vectors over real UDP on loopback against server processes, of
 * Viaduct and then of the Kamailio that is installed unless told which, and prints differences, progress and counts.
 * Vectors that leave nothing behind share a server; what is not as recorded there is asked again of a fresh one, which
 * with `--alone` each vector has. As root each job has a network namespace of its own; else one job uses the ports of
 * this machine.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, globSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { builtViaduct } from "./built.ts";
import { same } from "./outcome.ts";
import { packed } from "./packs.ts";
import { readExceptions, readVectors } from "./replay.ts";
import type { Vector } from "./vector.ts";

const { values: options } = parseArgs({
  options: {
    server: { type: "string", multiple: true },
    modules: { type: "string" },
    only: { type: "string", default: "" },
    jobs: { type: "string", default: "3" },
    version: { type: "string" },
    alone: { type: "boolean", default: false },
    quiet: { type: "boolean", default: false },
  },
});
/** How many vectors share a server, and milliseconds between lines of progress. */
const PACK = 60;
const PROGRESS = 5000;

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const folders = ["/usr/lib/*/kamailio/modules/", "/usr/lib/kamailio/modules/", "/usr/local/lib*/kamailio/modules/"];
const moduleFolder =
  options.modules ?? folders.flatMap((it) => globSync(it)).find((it) => existsSync(`${it}/pv.so`)) ?? "";

const up = "ip link set lo up";
const isolated = spawnSync("unshare", ["-n", "sh", "-c", up], { stdio: "ignore" }).status === 0;
const jobs = isolated ? Math.max(1, Number(options.jobs) || 1) : 1;
if (!isolated) console.log("without a network namespace there is one job");

const only = new RegExp(options.only);
const vectors = readVectors().filter((it) => only.test(it.id));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
let fine = true;
for (const server of options.server ?? ["viaduct", "kamailio"]) fine = (await replayOn(server)) && fine;
process.exitCode = fine ? 0 : 1;

/** Replays all vectors on servers of one kind. False: not all are as recorded. */
async function replayOn(server: string): Promise<boolean> {
  const ours = server === "viaduct";
  const home = ours ? await builtViaduct() : undefined;
  process.on("exit", () => {
    if (home !== undefined) rmSync(home, { recursive: true, force: true });
  });
  const executable = home === undefined ? server : join(home, "bin/viaduct");
  const said = spawnSync(executable, ["-v"], { encoding: "utf8" });
  if (said.error) {
    console.error(`${server}: ${said.error.message}`);
    return false;
  }
  const older = (options.version ?? (ours ? "6.1" : (/\b\d+\.\d+/.exec(said.stdout)?.[0] ?? "6.1"))).startsWith("5");
  const expected = (v: Vector): Vector["expect"] => (older ? (v.expect_5_6 ?? v.expect) : v.expect);
  const exceptions = readExceptions();
  const counts = { identical: 0, excepted: 0, failed: 0 };
  const counted = (): string =>
    Object.entries(counts)
      .map((it) => `${it[1]} ${it[0]}`)
      .join(", ");

  const alone = (v: Vector): boolean => options.alone || expected(v).config_error === true || exceptions.has(v.id);
  const waiting = packed(vectors, PACK, alone);
  const judge = (v: Vector, got: unknown, shared: boolean): void => {
    const right = same(got, expected(v));
    if (!right && shared) {
      waiting.push([v]);
      return;
    }
    const verdict = right ? "identical" : exceptions.has(v.id) ? "excepted" : "failed";
    counts[verdict]++;
    if (verdict === "failed" && !options.quiet)
      console.log(`${v.id}\n  want ${JSON.stringify(expected(v))}\n  got  ${JSON.stringify(got)}`);
  };

  /** Runs one worker until nothing waits. A worker that breaks off fails the vector that it had alone. */
  const job = async (): Promise<void> => {
    const args = [path("udp-worker.ts"), executable, moduleFolder];
    const [command, before] = isolated
      ? ["unshare", ["-n", "sh", "-c", `${up} && exec "$0" "$@"`, process.execPath]]
      : [process.execPath, []];
    const worker = spawn(command, [...before, ...args], { stdio: ["pipe", "pipe", "inherit"] });
    worker.stdin.on("error", () => {});
    let current: Vector[] | undefined;
    const feed = (): void => {
      current = waiting.shift();
      if (current) worker.stdin.write(`${JSON.stringify(current)}\n`);
      else worker.stdin.end();
    };
    feed();
    for await (const line of createInterface({ input: worker.stdout })) {
      const got = JSON.parse(line) as unknown[];
      const pack = current ?? [];
      pack.forEach((v, i) => {
        judge(v, got[i], pack.length > 1);
      });
      feed();
    }
    for (const v of current ?? []) judge(v, { failure: "the harness broke off" }, false);
  };

  const total = vectors.length;
  const began = Date.now();
  const progress = setInterval(() => {
    const { identical, excepted, failed } = counts;
    console.log(`${server}: ${identical + excepted + failed} of ${total}, ${failed} failed`);
  }, PROGRESS);
  await Promise.all(Array.from({ length: jobs }, job));
  clearInterval(progress);
  console.log(`${server}: ${counted()} in ${Math.round((Date.now() - began) / 1000)} s`);
  return counts.failed === 0 && counts.identical > 0;
}
