/**
 * `npm run load:reload`: a hundred reloads while calls are relayed.
 *
 *     npm run load:reload -- [--rate 500] [--reloads 100] [--seconds 20]
 *
 * Starts Viaduct on a stateful proxy, SIPp on both sides of it, and drives three phases of so many seconds: calls alone,
 * calls while the script is changed and reloaded over and over, calls alone again. Prints calls, failures and
 * retransmissions of each, how long reloads took and kept messages waiting, and the heap before and after. Exits 1 when
 * a call failed, a reload was refused, or a generation is still there at the end. Everything is ended by its process id.
 */
import { parseArgs } from "node:util";
import { later } from "./processes.ts";
import { RelayLoad } from "./relay-load.ts";

const { values: options } = parseArgs({
  options: {
    rate: { type: "string", default: "500" },
    reloads: { type: "string", default: "100" },
    seconds: { type: "string", default: "20" },
  },
});
const [rate, reloads, seconds] = [Number(options.rate), Number(options.reloads), Number(options.seconds)];
const load = new RelayLoad(4 * seconds, 4);

interface Switched {
  readonly ms: number;
  readonly blockedMs: number;
}

/** Evenly over the time of a phase. */
async function reloadOften(): Promise<Switched[]> {
  const done: Switched[] = [];
  for (let n = 1; n <= reloads; n++) {
    const next = performance.now() + (seconds * 1000) / reloads;
    load.write(n);
    done.push((await load.rpc("generation.reload")) as Switched);
    await later(Math.max(0, next - performance.now()));
  }
  return done;
}

const spread = (values: readonly number[]): string => {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return `median ${at(0.5)}, 95 % ${at(0.95)}, most ${at(1)}`;
};

await load.start();
await load.drive("warming up", rate, seconds);
const before = await load.drive("calls alone", rate, seconds);
await load.settle();
const least = await load.memory();
const [during, switched] = await Promise.all([
  load.drive(`calls and ${reloads} reloads`, rate, seconds),
  reloadOften(),
]);
console.log(`reloads: ${spread(switched.map((it) => it.ms))} ms from request to switch`);
console.log(`messages waited: ${spread(switched.map((it) => it.blockedMs))} ms at a time`);
await load.drive("calls alone again", rate, seconds);
await load.settle();
const left = await load.memory();
const generations = (await load.rpc("generation.list")) as { readonly generation: number; readonly state: string }[];
const cooling = generations.filter((it) => it.state === "cooling").length;
console.log(
  `heap in use after a collection: ${Math.round(least.heap)} MB before, ${Math.round(left.heap)} MB after; ${cooling} generations left besides the one that serves`,
);
await load.stop();
process.exit(during.failed === 0 && before.failed === 0 && switched.length === reloads && cooling === 0 ? 0 : 1);
