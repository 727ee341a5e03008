/** `npm run faults -- --calls 100000 --seeds 4 [--seed FIRST] [--trace CALL-ID]`: the long fault simulation; the calls are shared among the seeds. */
import { parseArgs } from "node:util";
import { simulateFaults } from "./simulate.ts";

const { values } = parseArgs({
  options: {
    calls: { type: "string", default: "100000" },
    seeds: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    trace: { type: "string" },
  },
});
const seeds = Number(values.seeds);
const calls = Math.ceil(Number(values.calls) / seeds);
let failed = 0;
for (let seed = Number(values.seed); seed < Number(values.seed) + seeds; seed++) {
  const began = performance.now();
  const { violations, datagrams, lost, outcomes } = await simulateFaults({
    seed,
    calls,
    ...(values.trace !== undefined && { trace: { call: values.trace, line: console.log } }),
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(
    `seed ${seed}: ${calls} calls, ${datagrams} datagrams, ${lost} lost, ${seconds} s, finals ${JSON.stringify(outcomes)}, ` +
      `${violations.length} violations`,
  );
  for (const it of violations.slice(0, 20)) console.log(`  ${it}`);
  if (violations.length > 0) failed++;
}
console.log(failed === 0 ? "no violation" : `${failed} of ${seeds} seeds failed`);
process.exit(failed === 0 ? 0 : 1);
