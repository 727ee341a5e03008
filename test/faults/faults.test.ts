/** The short fault simulation: fixed seeds, among them every seed that once failed. `npm run faults` is the long one. */
import { expect, test } from "vitest";
import { simulateFaults } from "./simulate.ts";

for (const seed of [1, 2, 3])
  test(`seed ${seed}`, async () => {
    const { violations, outcomes, lost } = await simulateFaults({ seed, calls: 250 });
    expect(violations).toEqual([]);
    // The network was as bad as intended, and calls got through nevertheless.
    expect(lost).toBeGreaterThan(50);
    expect(outcomes["200"]).toBeGreaterThan(50);
    expect(outcomes["0"] ?? 0).toBeLessThan(20);
  });
