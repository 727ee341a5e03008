/** Golden vectors in-process: every one as real Kamailio answered, or listed in exceptions.txt with its reason, and then really different. */
import { expect, test } from "vitest";
import { same } from "./outcome.ts";
import { readExceptions, readFound, readVectors, replay } from "./replay.ts";
import type { Vector } from "./vector.ts";

const vectors = readVectors();
const exceptions = readExceptions();
const areas = [...new Set(vectors.map((it) => it.area))];
const total = { identical: 0, excepted: 0, failed: 0 };

/** What is wrong with a vector; undefined when it is as it should be. */
async function verdict(v: Vector): Promise<string | undefined> {
  const met = same(await replay(v), v.expect);
  const excepted = exceptions.has(v.id);
  if (met && !excepted) total.identical++;
  else if (!met && excepted) total.excepted++;
  else {
    total.failed++;
    return met ? `${v.id} is met, so it must not stand in exceptions.txt` : v.id;
  }
  return undefined;
}

test.each(areas)("golden %s", { timeout: 120_000 }, async (area) => {
  const failed: string[] = [];
  for (const v of vectors) if (v.area === area) failed.push(...[await verdict(v)].filter((it) => it !== undefined));
  expect(failed).toEqual([]);
});

test("golden counts", () => {
  console.log(`golden: ${total.identical} identical, ${total.excepted} excepted, ${total.failed} failed`);
  expect(total.identical + total.excepted + total.failed).toBe(vectors.length);
  for (const [id, reason] of exceptions) expect(reason.length, `the reason of ${id}`).toBeGreaterThan(20);
});

test("facts found besides", { timeout: 60_000 }, async () => {
  const failed: string[] = [];
  for (const v of readFound()) if (!same(await replay(v), v.expect)) failed.push(v.id);
  expect(failed).toEqual([]);
});
