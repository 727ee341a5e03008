/** Records the flows that come as lines, for `recorders.ts`: one that has a network namespace of its own. */
import { createInterface } from "node:readline";
import type { Flow } from "../flow.ts";
import { type Recording, recordFlow } from "../record.ts";

const [executable = "kamailio", modules = "/usr/lib/x86_64-linux-gnu/kamailio/modules/"] = process.argv.slice(2);
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "") continue;
  const recording = await recordFlow(JSON.parse(line) as Flow, executable, modules).catch(
    (error: unknown): Recording => ({ outcome: {}, complaints: [String(error)], crashed: true }),
  );
  process.stdout.write(`${JSON.stringify(recording)}\n`);
}
