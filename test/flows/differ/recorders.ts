/** Several recorders side by side, each a process in a network namespace with only loopback. Needs root. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Flow } from "../flow.ts";
import type { Recording } from "../record.ts";

/** What becomes of a flow whose recorder died. */
const LOST: Recording = { outcome: {}, complaints: ["the recorder has gone"], crashed: true };

export class Recorders {
  readonly #children: ChildProcess[] = [];
  readonly #free: ((flow: Flow) => Promise<Recording>)[] = [];
  readonly #waiting: ((one: (flow: Flow) => Promise<Recording>) => void)[] = [];

  constructor(count: number, executable: string, modules: string) {
    const worker = fileURLToPath(new URL("worker.ts", import.meta.url));
    for (let i = 0; i < count; i++) {
      const inside = 'ip link set lo up && exec "$0" "$@"';
      const child = spawn("unshare", ["-n", "sh", "-c", inside, process.execPath, worker, executable, modules], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      this.#children.push(child);
      const answers: ((recording: Recording) => void)[] = [];
      let gone = false;
      child.on("exit", () => {
        gone = true;
        for (const answer of answers.splice(0)) answer(LOST);
      });
      createInterface({ input: child.stdout! }).on("line", (line) => answers.shift()?.(JSON.parse(line) as Recording));
      this.#free.push((flow) => {
        if (gone) return Promise.resolve(LOST);
        child.stdin!.write(`${JSON.stringify(flow)}\n`);
        return new Promise((resolve) => answers.push(resolve));
      });
    }
  }

  /** Records when a recorder is free. */
  async record(flow: Flow): Promise<Recording> {
    const one =
      this.#free.pop() ??
      (await new Promise<(flow: Flow) => Promise<Recording>>((resolve) => this.#waiting.push(resolve)));
    const recording = await one(flow);
    const next = this.#waiting.shift();
    if (next) next(one);
    else this.#free.push(one);
    return recording;
  }

  close(): void {
    for (const child of this.#children) child.stdin!.end();
  }
}
