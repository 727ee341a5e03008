/** Locks of slots: of one worker at a time, who may take it several times. */
import type { Answer, Value } from "../../declare/value.ts";

interface Lock {
  holder: Value[];
  depth: number;
  readonly waiting: { readonly worker: Value[]; readonly go: () => void }[];
}

export class Locks {
  readonly #locks = new Map<string, Lock>();

  /** `worker` is who asks: its `$var`s. */
  take(name: string, worker: Value[]): Answer<1> {
    const lock = this.#locks.get(name);
    if (!lock) {
      this.#locks.set(name, { holder: worker, depth: 1, waiting: [] });
      return 1;
    }
    if (lock.holder === worker) {
      lock.depth++;
      return 1;
    }
    return new Promise((resolve) => lock.waiting.push({ worker, go: () => resolve(1) }));
  }

  release(name: string): void {
    const lock = this.#locks.get(name);
    if (!lock) return;
    if (--lock.depth > 0) return;
    const next = lock.waiting.shift();
    if (!next) {
      this.#locks.delete(name);
      return;
    }
    lock.holder = next.worker;
    lock.depth = 1;
    next.go();
  }
}
