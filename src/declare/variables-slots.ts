/** The places of `$var` and `$vn` in a worker's array of values. */
import type { Value } from "./value.ts";

/** Every name gets a slot when it is first bound; compiler and variables of one generation share the table. */
export class VarSlots {
  readonly #slots = new Map<string, number>();
  readonly #initial: Value[] = [];
  /** Names by slot; those of `$vn` begin with `vn:` and a NUL byte, which no `$var` has. */
  readonly names: string[] = [];

  /** The slot of `$var(name)`; a value that was never set is 0. */
  slot(name: string): number {
    return this.#place(name, 0);
  }

  /** The slot of `$vn(name)`; a value that was never set is null. */
  nullable(name: string): number {
    return this.#place(`vn:\0${name}`, null);
  }

  /** Gives `$var(name)` the value it has when a worker begins (pv's `varset`). */
  preset(name: string, value: Value): void {
    this.#initial[this.slot(name)] = value;
  }

  /** The values of a worker that has not run yet. A slot that is added later reads as undefined until it is set. */
  fresh(): Value[] {
    return this.#initial.slice();
  }

  #place(key: string, initial: Value): number {
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const slot = this.names.length;
    this.#slots.set(key, slot);
    this.names.push(key);
    this.#initial.push(initial);
    return slot;
  }
}
