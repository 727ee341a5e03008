/** A shell in memory: commands that a test has scripted, and a handful of plain ones in virtual time. */
import type { Exec, ExecResult } from "../declare/host.ts";
import type { Clock } from "../transaction/clock.ts";

type Options = Parameters<Exec["run"]>[1];

/** Commands joined by `;`: `echo WORDS`, `cat`, `env NAME`, `sleep SECONDS`, `exit STATUS`. Any other cannot be started. */
export class SimulatedExec implements Exec {
  readonly #clock: Clock;
  /** By the whole command line. */
  readonly commands = new Map<string, (options: Options) => ExecResult>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async run(command: string, options: Options): Promise<ExecResult> {
    const scripted = this.commands.get(command);
    if (scripted) return scripted(options);
    let stdout = "";
    let stderr = "";
    for (const part of command.split(";")) {
      const [word = "", ...args] = part.trim().split(/\s+/);
      const rest = args.join(" ").replace(/^(["'])(.*)\1$/, "$2");
      if (word === "echo" && rest.endsWith(" >&2")) stderr += `${rest.slice(0, -4)}\n`;
      else if (word === "echo") stdout += `${rest}\n`;
      else if (word === "cat") stdout += options.stdin ?? "";
      else if (word === "env") stdout += `${options.env?.[rest] ?? ""}\n`;
      else if (word === "sleep") await this.#sleep(Number(rest) * 1000);
      else if (word === "exit") return { status: Number(rest), stdout, stderr };
      else return { status: 127, stdout, stderr: `${stderr}${word}: not found\n` };
    }
    return { status: 0, stdout, stderr };
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(ms, resolve);
    });
  }
}
