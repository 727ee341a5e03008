/** One server process on a golden configuration: its start, its log, its end. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Vector } from "./vector.ts";

/** A line of the log as `-E` prints it: number of the process, its id, level, text. */
const LINE = /^\s*\d+\(\d+\) [A-Z]+: (?:\{[^}]*\} )?(.*)$/s;
/** A text without a line end has the next line's beginning behind it. */
const NEXT = /(?<=.)(?= ?\d+\(\d+\) [A-Z]+: )/;

export class ServerProcess {
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #rest = "";
  #startedAt = -1;
  #ended: number | string | undefined;
  #crashed = false;
  #marks = 0;
  #wake: () => void = () => {};

  /** `executable` takes Kamailio's options. */
  constructor(executable: string, v: Vector, script: string, parent: string) {
    this.#folder = mkdtempSync(join(parent, "v-"));
    const file = join(this.#folder, "k.cfg");
    writeFileSync(file, script);
    for (const [name, text] of Object.entries(v.files ?? {})) {
      mkdirSync(dirname(join(this.#folder, name)), { recursive: true });
      writeFileSync(join(this.#folder, name), text);
    }
    const places = ["-Y", this.#folder, "-P", join(this.#folder, "pid")];
    this.#child = spawn(executable, ["-DD", "-E", "-f", file, "-m", "16", "-M", "4", ...places, ...(v.args ?? [])], {
      cwd: this.#folder,
      detached: true,
      env: { PATH: process.env.PATH, TZ: "UTC", LANG: "C", ...v.env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child.stderr!.setEncoding("latin1").on("data", (it: string) => this.#read(it));
    this.#child.on("error", () => this.#end("not started"));
    this.#child.on("close", (code, signal) => this.#end(signal ?? code ?? 0));
  }

  /** True when the worker serves, false when the script was refused, undefined when neither came in `ms`. */
  async started(ms: number): Promise<boolean | undefined> {
    await this.#until(() => this.#startedAt >= 0 || this.#ended !== undefined, ms);
    if (this.#startedAt >= 0) return true;
    return this.#ended === undefined ? undefined : false;
  }

  /** How many marks the script has logged. */
  get marks(): number {
    return this.#marks;
  }

  /** Whether the process, or a worker of it, ended by itself. */
  get crashed(): boolean {
    return this.#crashed || (this.#startedAt >= 0 && this.#ended !== undefined);
  }

  /** Waits for a mark; false when none came in `ms` or the server is gone. */
  async marked(count: number, ms: number): Promise<boolean> {
    await this.#until(() => this.#marks >= count || this.crashed, ms);
    return this.#marks >= count;
  }

  /** How many lines the server has written. */
  get written(): number {
    return this.#lines.length;
  }

  /** What the script logged since the server serves, or from a line on. */
  logged(from: number = Math.max(0, this.#startedAt)): string[] {
    return this.#lines.slice(from).flatMap((line) =>
      line.split(NEXT).flatMap((it) => {
        const text = LINE.exec(it)?.[1];
        return text?.startsWith("<script>: ") ? [text.slice("<script>: ".length)] : [];
      }),
    );
  }

  /** Ends what was started here, the processes of the server's own included. */
  async stop(): Promise<void> {
    this.kill();
    await this.#until(() => this.#ended !== undefined, 2000);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The same without waiting, for when this process ends. */
  kill(): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // The whole group has ended already.
    }
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) {
      this.#lines.push(line);
      if (line.includes("<script>: @@END")) this.#marks++;
      else if (this.#startedAt < 0 && line.includes("<script>: @@UP")) this.#startedAt = this.#lines.length;
      else if (/child process \d+ exited by a signal|core was (not )?generated/.test(line)) this.#crashed = true;
    }
    this.#wake();
  }

  #end(how: number | string): void {
    this.#ended ??= how;
    this.#wake();
  }

  /** Until the condition holds, at most `ms`. */
  async #until(holds: () => boolean, ms: number): Promise<void> {
    const deadline = Date.now() + ms;
    while (!holds() && Date.now() < deadline)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadline - Date.now());
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
  }
}
