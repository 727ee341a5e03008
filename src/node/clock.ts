/** Time of the machine. */
import type { Clock, Timer } from "../transaction/clock.ts";
import { LONGEST_DELAY } from "./longest-delay.ts";

export const createClock = (): Clock => ({
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, fire) {
    if (ms > LONGEST_DELAY) return afterLong(ms, fire);
    const timer = setTimeout(fire, ms);
    return { cancel: () => clearTimeout(timer) };
  },
});

/** The same in several steps. */
function afterLong(ms: number, fire: () => void): Timer {
  let timer: NodeJS.Timeout;
  const wait = (left: number): void => {
    timer = left > LONGEST_DELAY ? setTimeout(() => wait(left - LONGEST_DELAY), LONGEST_DELAY) : setTimeout(fire, left);
  };
  wait(ms);
  return { cancel: () => clearTimeout(timer) };
}
