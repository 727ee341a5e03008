/** `npm run golden [-- --only REGEX] [--area REGEX] [--quiet]`: replays the vectors and prints differences and counts by area. */
import { same } from "./outcome.ts";
import { readExceptions, readVectors, replay } from "./replay.ts";

const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};
const only = new RegExp(option("only") ?? "");
const area = new RegExp(option("area") ?? "");
const quiet = process.argv.includes("--quiet");
const exceptions = readExceptions();
const counts = new Map<string, { identical: number; excepted: number; failed: number }>();
const total = { identical: 0, excepted: 0, failed: 0 };

for (const v of readVectors()) {
  if (!only.test(v.id) || !area.test(v.area)) continue;
  const count = counts.get(v.area) ?? { identical: 0, excepted: 0, failed: 0 };
  counts.set(v.area, count);
  let got: unknown;
  try {
    got = await replay(v);
  } catch (error) {
    got = { exception: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  const verdict = same(got, v.expect) ? "identical" : exceptions.has(v.id) ? "excepted" : "failed";
  count[verdict]++;
  total[verdict]++;
  if (verdict === "failed" && !quiet)
    console.log(
      `${v.id}\n  script ${JSON.stringify(v.script ?? v.cfg)}\n  want   ${JSON.stringify(v.expect)}\n  got    ${JSON.stringify(got)}`,
    );
}
for (const [name, { identical, excepted, failed }] of counts)
  console.log(`${name.padEnd(6)} ${identical} identical, ${excepted} excepted, ${failed} failed`);
const { identical, excepted, failed } = total;
console.log(`${identical} identical, ${excepted} excepted, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
