/**
 * Going into the background: the command starts a server that is detached from the terminal, passes on what it says
 * until it listens, and ends with 0 then, or with the server's own status when it could not start.
 */
import { spawn } from "node:child_process";

/** Tells the server that it is the one in the background. */
const mark = "VIADUCT_DAEMON";

export const isDaemon = (): boolean => process.env[mark] === "1";

/** `stderr` (-E): the server keeps the terminal for its log; else it lets go of it, and logs elsewhere. */
export const startDaemon = (argv: readonly string[], stderr: boolean): Promise<number> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...argv], {
      detached: true,
      env: { ...process.env, [mark]: "1" },
      stdio: ["ignore", "pipe", stderr ? "inherit" : "pipe", "ipc"],
    });
    child.stdout?.pipe(process.stdout);
    child.stderr?.pipe(process.stderr);
    child.on("error", (error) => {
      process.stderr.write(`cannot start the server: ${error.message}\n`);
      resolve(255);
    });
    child.on("message", () => resolve(0));
    // What it said last may come after its end.
    child.on("close", (code) => resolve(code ?? 255));
  });

/** Tells the command that the server listens, and lets go of it. */
export const announce = (): void => {
  if (!isDaemon() || !process.send) return;
  process.send("listening", () => process.disconnect());
};
