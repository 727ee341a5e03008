/** `npm run bench [NAME…]`: runs the benchmarks of this folder, each in a process of its own, and prints what they say. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = new URL("./", import.meta.url);
const wanted = process.argv.slice(2);
const own = new Set(["run.ts", "measure.ts"]);
const names = readdirSync(folder)
  .filter((it) => it.endsWith(".ts") && !own.has(it))
  .map((it) => it.slice(0, -3))
  .filter((it) => wanted.length === 0 || wanted.includes(it));

let failed = 0;
for (const name of names) {
  console.log(`\n${name}`);
  const script = fileURLToPath(new URL(`${name}.ts`, folder));
  // Some look at what is left on the heap, for which they need to ask for a collection.
  const { status } = spawnSync(process.execPath, ["--expose-gc", script], { stdio: "inherit" });
  if (status !== 0) failed++;
}
process.exit(failed === 0 ? 0 : 1);
