/** Virtual time: timers fire in the order of their time, then of their making, and only when somebody moves the clock. */
import type { Clock, Timer } from "../transaction/clock.ts";

interface Entry {
  readonly at: number;
  readonly order: number;
  fire: (() => void) | undefined;
}

/** 2026-01-01T00:00:00Z: where the simulator's calendar begins. */
const EPOCH = Date.UTC(2026, 0, 1);

export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #heap: Entry[] = [];
  readonly #epoch: number;

  constructor(epoch = EPOCH) {
    this.#epoch = epoch;
  }

  now(): number {
    return this.#now;
  }
  wall(): number {
    return this.#epoch + this.#now;
  }

  after(ms: number, fire: () => void): Timer {
    const entry: Entry = { at: this.#now + Math.max(0, ms), order: this.#order++, fire };
    this.#push(entry);
    return {
      cancel: () => {
        entry.fire = undefined;
      },
    };
  }

  /** When the next timer is due; undefined when there is none. */
  next(): number | undefined {
    while (this.#heap.length > 0 && !this.#heap[0]!.fire) this.#pop();
    return this.#heap[0]?.at;
  }

  /** Fires the next timer and moves the time to it. False when there is none at or before `until`. */
  step(until = Number.POSITIVE_INFINITY): boolean {
    const next = this.next();
    if (next === undefined || next > until) return false;
    const entry = this.#pop();
    this.#now = Math.max(this.#now, entry.at);
    const fire = entry.fire!;
    entry.fire = undefined;
    fire();
    return true;
  }

  /** Fires everything due until `until`, letting pending script runs go on between two timers, then stands at `until`. */
  async runUntil(until: number): Promise<void> {
    await settle();
    while (this.step(until)) await settle();
    this.#now = Math.max(this.#now, until);
  }

  /** Number of timers that wait. */
  get pending(): number {
    return this.#heap.reduce((n, entry) => n + (entry.fire ? 1 : 0), 0);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let i = heap.push(entry) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
  }

  #pop(): Entry {
    const heap = this.#heap;
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length > 0) {
      let i = 0;
      for (;;) {
        let child = 2 * i + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
        if (!before(heap[child]!, last)) break;
        heap[i] = heap[child]!;
        i = child;
      }
      heap[i] = last;
    }
    return top;
  }
}

const before = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Lets every promise that can go on without the outside world go on: one turn of the event loop. */
export const settle = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else {
      const channel = new MessageChannel();
      channel.port1.addEventListener("message", () => {
        channel.port1.close();
        resolve();
      });
      channel.port1.start();
      channel.port2.postMessage(undefined);
    }
  });
