/** Iterators over tables: each worker has a few of them, by name. */
import type { Call } from "../../declare/call.ts";
import type { HtableState } from "./state.ts";
import type { Item, Table } from "./table.ts";

/** HT_ITERATOR_SIZE and HT_ITERATOR_NAME_SIZE. */
const MOST = 4;
const LONGEST_NAME = 31;

export class TableIterator {
  readonly table: Table;
  item: Item | undefined = undefined;
  #slot = 0;
  #at = 0;

  constructor(table: Table) {
    this.table = table;
  }

  /** Goes on to the next item, the first when it stands on none. False: there is none. */
  next(): boolean {
    if (!this.item) this.#slot = this.#at = 0;
    else {
      // Whoever has removed the item meanwhile has moved the one behind it to its place.
      const at = this.table.slots[this.#slot]?.indexOf(this.item) ?? -1;
      if (at >= 0) this.#at = at + 1;
    }
    return this.#settle();
  }

  /** Removes the item and goes on to the one behind it. False: there is none. */
  remove(): boolean {
    const { item } = this;
    if (!item) return false;
    const at = this.table.slots[this.#slot]?.indexOf(item) ?? -1;
    if (at >= 0) this.#at = at;
    this.table.remove(item);
    return this.#settle();
  }

  #settle(): boolean {
    const { slots } = this.table;
    for (; this.#slot < slots.length; this.#slot++, this.#at = 0) {
      this.item = slots[this.#slot]?.[this.#at];
      if (this.item) return true;
    }
    this.item = undefined;
    return false;
  }
}

/** Undefined: the iterator was begun for a table that does not exist. */
export type Iterators = Map<string, TableIterator | undefined>;

/** The item that an iterator stands on. */
export const currentItem = (call: Call, name: string, state: HtableState): Item | undefined =>
  state.iterators.get(call.vars)?.get(name)?.item;

/** Begins an iterator, or begins it anew. A string is the problem. */
export function startIterator(
  call: Call,
  name: string,
  table: Table | undefined,
  state: HtableState,
): string | undefined {
  let own = state.iterators.get(call.vars);
  if (!own) state.iterators.set(call.vars, (own = new Map()));
  if (!own.has(name)) {
    if (own.size >= MOST) return `no iterator available: there are ${MOST}`;
    if (name.length > LONGEST_NAME) return `the iterator's name \`${name}\` is too long`;
  }
  own.set(name, table && new TableIterator(table));
  return table ? undefined : "there is no such table";
}
