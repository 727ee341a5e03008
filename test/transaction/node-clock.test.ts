/** The machine's clock, with Node's timers under the test's control. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createClock } from "../../src/node/clock.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const DAY = 86_400_000;

test("a timer may wait longer than one of Node's can", () => {
  let fired = 0;
  createClock().after(60 * DAY, () => fired++);
  vi.advanceTimersByTime(60 * DAY - 1);
  expect(fired).toBe(0);
  vi.advanceTimersByTime(1);
  expect(fired).toBe(1);
});

test("it can be cancelled at any time", () => {
  let fired = 0;
  const [first, later] = [1, 2].map(() => createClock().after(60 * DAY, () => fired++));
  first!.cancel();
  vi.advanceTimersByTime(50 * DAY);
  later!.cancel();
  vi.advanceTimersByTime(50 * DAY);
  expect(fired).toBe(0);
});
