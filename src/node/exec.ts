/** Child processes, run by the shell (module exec). */
import { type ChildProcess, spawn } from "node:child_process";
import type { Exec, ExecResult } from "../declare/host.ts";
import { delay } from "./longest-delay.ts";

export const createExec = (): Exec => ({
  run: (command, options) =>
    new Promise<ExecResult>((resolve) => {
      const child = spawn("/bin/sh", ["-c", command], {
        env: { ...process.env, ...options.env },
        stdio: ["pipe", "pipe", options.stderr ? "pipe" : "inherit"],
        // A process group of its own, to be ended with all that the shell has started.
        detached: options.timeout !== undefined,
      });
      const timer =
        options.timeout === undefined ? undefined : setTimeout(() => killGroup(child), delay(options.timeout));
      let stdout = "";
      child.stdout?.on("data", (chunk: Buffer) => {
        stdout += chunk.toString("latin1");
      });
      let stderr = "";
      child.stderr?.on("data", (chunk: Buffer) => {
        stderr += chunk.toString("latin1");
      });
      // A command that does not read its input is no failure of ours.
      child.stdin?.on("error", () => {});
      child.stdin?.end(Buffer.from(options.stdin ?? "", "latin1"));
      const end = (status: number): void => {
        clearTimeout(timer);
        resolve({ status, stdout, stderr });
      };
      child.on("error", () => end(-1));
      child.on("close", (status) => end(status ?? -1));
    }),
});

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // They have all ended meanwhile.
  }
}
