/** Time as a port: the node clock, or the simulator's. */

export interface Timer {
  /** Safe to call twice, and after the timer has fired. */
  cancel(): void;
}

export interface Clock {
  /** Monotonic milliseconds; the origin is the clock's own. */
  now(): number;
  /** Wall-clock milliseconds since 1970 (`$TS`, Date headers, `{s.strftime}`). */
  wall(): number;
  /** Calls `fire` once, `ms` from now or a little later, never within this call. */
  after(ms: number, fire: () => void): Timer;
}
