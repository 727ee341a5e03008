/**
 * `npm run fuzz -- [--runs 1000000] [--only REGEX] [--seed N]`: the long run. Each target works in a thread of its own,
 * which is given up when a single input takes longer than ten seconds.
 */
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { campaign, type Finding } from "./campaign.ts";
import { createTargets } from "./targets.ts";

/** Milliseconds for one input, and how much of it a message to the main thread may hold. */
const MOST = 10_000;

interface Job {
  readonly name: string;
  readonly runs: number;
  readonly seed: number;
  /** The number of the input under way, and its length and characters. */
  readonly progress: SharedArrayBuffer;
  readonly text: SharedArrayBuffer;
}

async function work({ name, runs, seed, progress, text }: Job): Promise<void> {
  const target = (await createTargets()).find((it) => it.name === name)!;
  const counters = new Int32Array(progress);
  const characters = new Uint16Array(text);
  const finding = await campaign(target, runs, seed, (input) => {
    const whole = JSON.stringify(input);
    const length = Math.min(whole.length, characters.length);
    for (let i = 0; i < length; i++) characters[i] = whole.charCodeAt(i);
    counters[1] = length;
    Atomics.add(counters, 0, 1);
  });
  parentPort!.postMessage(finding ?? null);
}

function watch(job: Job): Promise<Finding | undefined> {
  const counters = new Int32Array(job.progress);
  const worker = new Worker(new URL(import.meta.url), { workerData: job });
  return new Promise((resolve) => {
    let last = -1;
    const timer = setInterval(() => {
      const now = Atomics.load(counters, 0);
      if (now === last && now > 0) {
        const input = String.fromCharCode(...new Uint16Array(job.text, 0, counters[1]));
        end({ target: job.name, input: [input], error: `took longer than ${MOST} ms` });
      }
      last = now;
    }, MOST);
    const end = (finding: Finding | undefined): void => {
      clearInterval(timer);
      void worker.terminate();
      resolve(finding);
    };
    worker.on("message", (it: Finding | null) => end(it ?? undefined));
    worker.on("error", (error) => {
      const input = String.fromCharCode(...new Uint16Array(job.text, 0, counters[1]));
      end({ target: job.name, input: [input], error: error instanceof Error ? error.message : String(error) });
    });
  });
}

async function main(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      runs: { type: "string", default: "1000000" },
      only: { type: "string", default: "" },
      seed: { type: "string", default: String(Date.now() % 0x7fffffff) },
    },
  });
  const only = new RegExp(options.only);
  const targets = (await createTargets()).filter((it) => only.test(it.name));
  const weights = targets.reduce((sum, it) => sum + it.weight, 0);
  const seed = Number(options.seed);
  console.log(`seed ${seed}`);
  let failed = 0;
  for (const { name, weight } of targets) {
    const runs = Math.ceil((Number(options.runs) * weight) / weights);
    const start = performance.now();
    const [progress, text] = [new SharedArrayBuffer(8), new SharedArrayBuffer(40_000)];
    const finding = await watch({ name, runs, seed, progress, text });
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const done = new Int32Array(progress)[0];
    console.log(`${name}: ${finding ? "FAILED" : "survived"} ${done} inputs in ${seconds} s`);
    if (!finding) continue;
    failed++;
    console.log(`  ${JSON.stringify(finding.input)}\n  ${finding.error}`);
  }
  process.exitCode = failed > 0 ? 1 : 0;
}

if (isMainThread) await main();
else await work(workerData as Job);
