/**
 * Timers on a wheel of 1/16 second ticks, which is Kamailio's timer: a hundred thousand timers cost one pending
 * clock timer, and starting or stopping one is a few pointer writes. How many copies of a request are sent depends
 * on the tick, so the rounding is Kamailio's too: D ms from time x is tick floor(x / 62.5) + ceil(D / 62.5).
 */
import type { Clock, Timer } from "./clock.ts";

const TICK_MS = 62.5;
/** Slots of the wheel (a power of two): 256 seconds; later timers stay in their slot for another round. */
const SLOTS = 4096;

/** Milliseconds as ticks, rounded up. */
export const toTicks = (ms: number): number => Math.ceil((ms * 16) / 1000);

/** Something that can wait on a wheel, linked into its slot's list. One object is one timer. */
export abstract class WheelTimer {
  previous: WheelTimer | undefined = undefined;
  next: WheelTimer | undefined = undefined;
  /** The tick at which it fires; -1 when it is not on a wheel. */
  due = -1;

  /** Called at tick `now`. The answer is the number of ticks until the next call, 0 to stop. */
  abstract fire(now: number): number;
}

export class TimerWheel {
  readonly #clock: Clock;
  readonly #slots: (WheelTimer | undefined)[] = new Array(SLOTS).fill(undefined);
  #count = 0;
  /** Every tick up to this one has been handled. */
  #handled: number;
  #wake: Timer | undefined = undefined;
  #wakeTick = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#handled = this.now();
  }

  /** The current tick. */
  now(): number {
    return Math.floor(this.#clock.now() / TICK_MS);
  }

  /** Timers that are running. */
  get size(): number {
    return this.#count;
  }

  /** Starts a timer; one that runs already is left alone and the answer is false. */
  start(timer: WheelTimer, ticks: number): boolean {
    if (timer.due >= 0) return false;
    const now = this.now();
    if (this.#count === 0) this.#handled = Math.max(this.#handled, now);
    this.#link(timer, Math.max(now + Math.max(ticks, 1), this.#handled + 1));
    if (this.#wake === undefined || timer.due < this.#wakeTick) this.#sleepUntil(timer.due);
    return true;
  }

  /** Stops a timer; safe when it does not run. */
  stop(timer: WheelTimer): void {
    if (timer.due < 0) return;
    const { previous, next } = timer;
    if (previous) previous.next = next;
    else this.#slots[timer.due & (SLOTS - 1)] = next;
    if (next) next.previous = previous;
    timer.previous = timer.next = undefined;
    timer.due = -1;
    if (--this.#count === 0) {
      this.#wake?.cancel();
      this.#wake = undefined;
    }
  }

  #link(timer: WheelTimer, due: number): void {
    const slot = due & (SLOTS - 1);
    const first = this.#slots[slot];
    timer.due = due;
    timer.next = first;
    if (first) first.previous = timer;
    this.#slots[slot] = timer;
    this.#count++;
  }

  #sleepUntil(tick: number): void {
    this.#wake?.cancel();
    this.#wakeTick = tick;
    this.#wake = this.#clock.after(Math.max(tick * TICK_MS - this.#clock.now(), 0), () => {
      this.#wake = undefined;
      this.#run();
    });
  }

  #run(): void {
    const now = this.now();
    while (this.#handled < now && this.#count > 0) this.#runTick(++this.#handled);
    if (this.#count === 0) {
      this.#handled = Math.max(this.#handled, now);
      return;
    }
    // What fired may have started timers, and set the clock by them alone: those that wait already may be due before.
    const next = this.#nextTick();
    if (this.#wake === undefined || next < this.#wakeTick) this.#sleepUntil(next);
  }

  #runTick(tick: number): void {
    const slot = tick & (SLOTS - 1);
    let due: WheelTimer[] | undefined;
    for (let timer = this.#slots[slot]; timer; timer = timer.next) if (timer.due <= tick) (due ??= []).push(timer);
    if (due === undefined) return;
    // The list was built by putting timers in front: going backwards fires them in the order of their start.
    for (let i = due.length - 1; i >= 0; i--) {
      const timer = due[i]!;
      // An earlier timer of this tick may have stopped it, or stopped and started it anew.
      if (timer.due < 0 || timer.due > tick) continue;
      this.stop(timer);
      const again = timer.fire(tick);
      if (again > 0 && timer.due < 0) this.#link(timer, tick + again);
    }
  }

  /** The next tick with a timer in its slot, at the latest one round from now. */
  #nextTick(): number {
    let tick = this.#handled + 1;
    for (const end = tick + SLOTS - 1; tick < end; tick++) if (this.#slots[tick & (SLOTS - 1)] !== undefined) break;
    return tick;
  }
}
