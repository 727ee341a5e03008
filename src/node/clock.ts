/** Time of the machine. */
import type { Clock } from "../transaction/clock.ts";

export const createClock = (): Clock => ({
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, fire) {
    const timer = setTimeout(fire, ms);
    return { cancel: () => clearTimeout(timer) };
  },
});
