/**
 * `node test/bench/repl.ts [SCRIPT]`: milliseconds from the start of `viaduct repl` to its prompt, cold (no code kept from
 * an earlier start) and warm. The stock configuration where it is installed, else the built-in script.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const STOCK = "/etc/kamailio/kamailio.cfg";
const script = process.argv[2] ?? (existsSync(STOCK) ? STOCK : undefined);
const viaduct = fileURLToPath(new URL("../../bin/viaduct", import.meta.url));
const cache = mkdtempSync(join(tmpdir(), "viaduct-bench-"));
const WARM = 9;

/** The prompt is what follows the last line that the start prints; here the input is piped, and asks for one value. */
function start(): Promise<number> {
  const begin = performance.now();
  const child = spawn(viaduct, ["repl", ...(script === undefined ? [] : [script])], {
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
    stdio: ["pipe", "pipe", "inherit"],
  });
  return new Promise((done, failed) => {
    let text = "";
    child.stdout.on("data", (bytes: Buffer) => {
      text += bytes.toString("latin1");
      if (!text.includes("there is nobody yet")) return;
      child.stdout.removeAllListeners("data");
      const took = performance.now() - begin;
      child.on("exit", () => done(took));
    });
    child.on("error", failed);
    child.stdin.end("peers\n");
  });
}

const cold = await start();
const warm: number[] = [];
for (let i = 0; i < WARM; i++) warm.push(await start());
warm.sort((a, b) => a - b);
rmSync(cache, { recursive: true, force: true });
console.log(
  `${script ?? "built-in script"}: ${Math.round(cold)} ms cold, ${Math.round(warm[WARM >> 1]!)} ms warm (median of ${WARM})`,
);
