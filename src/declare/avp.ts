/** AVPs: under each name a stack of values, the newest first (Kamailio's usr_avp.c). */
import type { Int } from "./value.ts";

/** A text name, or the number of an `i:` name. The two kinds never meet. */
export type AvpName = string | number;

export type AvpValue = string | Int;

/** The AVPs of one run or transaction. */
export class AvpStore {
  /** Newest last. */
  readonly #stacks = new Map<AvpName, AvpValue[]>();

  /** The newest value of the name. */
  first(name: AvpName): AvpValue | undefined {
    const stack = this.#stacks.get(name);
    return stack?.[stack.length - 1];
  }

  /** The value at `index`, 0 for the newest, -1 for the oldest. */
  at(name: AvpName, index: number): AvpValue | undefined {
    const stack = this.#stacks.get(name);
    return stack?.[index < 0 ? -index - 1 : stack.length - 1 - index];
  }

  /** All values of the name, newest first. */
  all(name: AvpName): AvpValue[] {
    return this.#stacks.get(name)?.slice().reverse() ?? [];
  }

  count(name: AvpName): number {
    return this.#stacks.get(name)?.length ?? 0;
  }

  push(name: AvpName, value: AvpValue): void {
    const stack = this.#stacks.get(name);
    if (stack) stack.push(value);
    else this.#stacks.set(name, [value]);
  }

  /** Puts a value behind all others of the name, as the oldest (add_avp_last). */
  pushLast(name: AvpName, value: AvpValue): void {
    const stack = this.#stacks.get(name);
    if (stack) stack.unshift(value);
    else this.#stacks.set(name, [value]);
  }

  /** Replaces the value at `index` (0 the newest). False when there is none. */
  replace(name: AvpName, index: number, value: AvpValue): boolean {
    const stack = this.#stacks.get(name);
    const at = stack ? stack.length - 1 - index : -1;
    if (!stack || at < 0) return false;
    stack[at] = value;
    return true;
  }

  /** Removes the value at `index` (0 the newest). False when there is none. */
  remove(name: AvpName, index: number): boolean {
    const stack = this.#stacks.get(name);
    const at = stack ? stack.length - 1 - index : -1;
    if (!stack || at < 0) return false;
    stack.splice(at, 1);
    if (stack.length === 0) this.#stacks.delete(name);
    return true;
  }

  /** Removes the newest value. */
  pop(name: AvpName): AvpValue | undefined {
    const stack = this.#stacks.get(name);
    const value = stack?.pop();
    if (stack?.length === 0) this.#stacks.delete(name);
    return value;
  }

  /** Removes every value of the name and says how many there were. */
  clear(name: AvpName): number {
    const count = this.count(name);
    this.#stacks.delete(name);
    return count;
  }

  clearAll(): void {
    this.#stacks.clear();
  }

  names(): AvpName[] {
    return [...this.#stacks.keys()];
  }
}
