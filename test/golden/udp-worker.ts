/** Plays the vectors that come on standard input, a pack a line, over UDP on loopback; a line with their outcomes goes out. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { playPacked } from "./packs.ts";
import { Peers } from "./udp-play.ts";
import type { Vector } from "./vector.ts";

const [executable = "", moduleFolder = ""] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "golden-"));
const peers = await Peers.bind(executable, moduleFolder, folder);
process.on("exit", () => {
  peers.kill();
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));

for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(`${JSON.stringify(await playPacked(peers, JSON.parse(line) as Vector[]))}\n`);
peers.close();
