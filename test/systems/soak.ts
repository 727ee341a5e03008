/**
 * `npm run load:soak`: whether memory grows while calls are relayed.
 *
 *     npm run load:soak -- [--rate 500] [--minutes 10]
 *
 * Prints resident memory and heap in use, both after a collection, each minute, and the slope of both from the second
 * minute on. Exits 1 when a call failed. Everything is ended by its process id.
 */
import { parseArgs } from "node:util";
import { RelayLoad } from "./relay-load.ts";

const { values: options } = parseArgs({
  options: { rate: { type: "string", default: "500" }, minutes: { type: "string", default: "10" } },
});
const [rate, minutes] = [Number(options.rate), Number(options.minutes)];
const load = new RelayLoad(minutes * 60, minutes);

/** Least squares, per step. */
function slope(values: readonly number[]): number {
  const n = values.length;
  const middle = (n - 1) / 2;
  const mean = values.reduce((sum, it) => sum + it, 0) / n;
  let [over, under] = [0, 0];
  values.forEach((it, i) => {
    over += (i - middle) * (it - mean);
    under += (i - middle) ** 2;
  });
  return under === 0 ? 0 : over / under;
}

await load.start();
const idle = await load.memory();
console.log(`idle: ${idle.resident.toFixed(1)} MB resident, ${idle.heap.toFixed(1)} MB of heap`);
const taken: { readonly resident: number; readonly heap: number }[] = [];
let failed = 0;
for (let minute = 1; minute <= minutes; minute++) {
  failed += (await load.drive(`minute ${minute}`, rate, 60)).failed;
  const { resident, heap } = await load.memory();
  taken.push({ resident, heap });
  console.log(`minute ${minute}: ${resident.toFixed(1)} MB resident, ${heap.toFixed(1)} MB of heap`);
}
const later = taken.slice(1);
const [resident, heap] = [slope(later.map((it) => it.resident)), slope(later.map((it) => it.heap))];
console.log(
  `slope from minute 2 on: ${resident.toFixed(2)} MB resident a minute, ${heap.toFixed(2)} MB of heap a minute`,
);
await load.settle();
const left = await load.memory();
console.log(`seven seconds later: ${left.resident.toFixed(1)} MB resident, ${left.heap.toFixed(1)} MB of heap`);
await load.stop();
process.exit(failed === 0 ? 0 : 1);
