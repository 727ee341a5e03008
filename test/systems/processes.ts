/** Processes of a system test: each is ended by its own process id, also when the test fails or is interrupted. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const VIADUCT = fileURLToPath(new URL("../../bin/viaduct", import.meta.url));
const READY_MS = 30_000;

export const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Megabytes: resident, and of heap in use. */
export interface Memory {
  readonly resident: number;
  readonly heap: number;
}

export class Processes {
  /** For what they write; removed at the end. */
  readonly folder = mkdtempSync(join(tmpdir(), "viaduct-system-"));
  readonly #running = new Set<ChildProcess>();

  constructor(seconds: number) {
    process.on("exit", () => {
      for (const child of this.#running) child.kill("SIGKILL");
      rmSync(this.folder, { recursive: true, force: true });
    });
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
    setTimeout(() => {
      console.error(`not done after ${seconds} s`);
      process.exit(1);
    }, seconds * 1000).unref();
  }

  /** Starts a program; what it writes goes to a file. */
  start(command: string, args: readonly string[], log: string): { child: ChildProcess; ended: Promise<number> } {
    const file = openSync(join(this.folder, log), "a");
    const child = spawn(command, args, { stdio: ["ignore", file, file], cwd: this.folder });
    this.#running.add(child);
    const ended = new Promise<number>((resolve) => {
      child.on("error", () => resolve(127));
      child.on("exit", (code) => resolve(code ?? 1));
    });
    void ended.then(() => this.#running.delete(child));
    return { child, ended };
  }

  /** Starts Viaduct on a script and waits until it serves; ends the test when it does not. */
  async viaduct(args: readonly string[], ready: () => Promise<boolean>): Promise<ChildProcess> {
    const { child, ended } = this.start(VIADUCT, args, "viaduct.log");
    const limit = performance.now() + READY_MS;
    let over = false;
    void ended.then(() => {
      over = true;
    });
    while (!(await ready())) {
      if (over || performance.now() > limit) {
        console.error(`viaduct does not serve:\n${this.log("viaduct.log").slice(-3000)}`);
        process.exit(1);
      }
      await later(100);
    }
    return child;
  }

  /**
   * What a Viaduct that was started with --expose-gc uses when garbage has been collected: it logs that on a signal.
   */
  async memory(viaduct: ChildProcess): Promise<Memory> {
    const told = (): RegExpMatchArray[] => [
      ...this.log("viaduct.log").matchAll(/(\d+) bytes resident, (\d+) bytes of heap/g),
    ];
    const before = told().length;
    viaduct.kill("SIGUSR1");
    while (told().length === before) await later(100);
    const [, resident, heap] = told().at(-1)!;
    return { resident: Number(resident) / 1_000_000, heap: Number(heap) / 1_000_000 };
  }

  /** Ends a process with SIGTERM and waits for it, with SIGKILL when it takes too long. */
  async stop(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.on("exit", () => resolve()));
    child.kill("SIGTERM");
    const patience = setTimeout(() => child.kill("SIGKILL"), 5000);
    await gone;
    clearTimeout(patience);
  }

  log(name: string): string {
    return readFileSync(join(this.folder, name), "latin1");
  }
}
