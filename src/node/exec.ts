/** Child processes, run by the shell (module exec). */
import { spawn } from "node:child_process";
import type { Exec, ExecResult } from "../declare/host.ts";

export const createExec = (): Exec => ({
  run: (command, options) =>
    new Promise<ExecResult>((resolve) => {
      const child = spawn("/bin/sh", ["-c", command], {
        env: { ...process.env, ...options.env },
        stdio: ["pipe", "pipe", options.stderr ? "pipe" : "inherit"],
        ...(options.timeout !== undefined && { timeout: options.timeout, killSignal: "SIGKILL" as const }),
      });
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
      child.on("error", () => resolve({ status: -1, stdout, stderr }));
      child.on("close", (status) => resolve({ status: status ?? -1, stdout, stderr }));
    }),
});
