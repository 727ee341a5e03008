/** A hash table that scripts share: items by name, kept in slots as Kamailio's are, for their order is visible. */
import { add } from "../../declare/int.ts";
import type { Int } from "../../declare/value.ts";
import { coreHash } from "../core-hash.ts";
import type { Specification } from "./specification.ts";

export interface Item {
  readonly name: string;
  readonly hash: number;
  value: string | Int;
  /** Second of the wall clock from which on the item counts as gone; 0: never. */
  expires: number;
}

/** An item as a database has it. */
export interface Row {
  readonly name: string;
  readonly value: string | Int;
  /** How long it lives; 0: as long as the table says. */
  readonly seconds: number;
}

/** The items alone: they outlive the script that described the table. */
class Items {
  readonly byName = new Map<string, Item>();
  /** Ascending by hash; of equal ones the older first. */
  slots: (Item[] | undefined)[];
  /** The table of the script that serves. */
  holder: Table | undefined = undefined;
  /** The database table that they were read from. */
  source = "";

  constructor(slots: number) {
    this.slots = new Array<Item[] | undefined>(slots);
  }

  slotOf(hash: number): number {
    return (hash & (this.slots.length - 1)) >>> 0;
  }

  add(item: Item): void {
    this.byName.set(item.name, item);
    const index = this.slotOf(item.hash);
    const slot = (this.slots[index] ??= []);
    let at = slot.length;
    while (at > 0 && slot[at - 1]!.hash > item.hash) at--;
    slot.splice(at, 0, item);
  }

  /** Puts every item into the slot that it has among so many. */
  resize(slots: number): void {
    if (slots === this.slots.length) return;
    const all = [...this.byName.values()];
    this.slots = new Array<Item[] | undefined>(slots);
    for (const item of all) this.add(item);
  }

  remove(item: Item): void {
    this.byName.delete(item.name);
    const index = this.slotOf(item.hash);
    const slot = this.slots[index];
    const at = slot?.indexOf(item) ?? -1;
    if (!slot || at < 0) return;
    slot.splice(at, 1);
    if (slot.length === 0) this.slots[index] = undefined;
  }
}

export class Table {
  readonly specification: Specification;
  readonly #items: Items;
  readonly #seconds: () => number;

  /** Takes over the items of `old`. The number of slots becomes this one's with `serve`. */
  constructor(specification: Specification, seconds: () => number, old?: Table) {
    this.specification = specification;
    this.#seconds = seconds;
    this.#items = old ? old.#items : new Items(specification.slots);
  }

  /** The table's script serves from now on. */
  serve(): void {
    this.#items.resize(this.specification.slots);
    this.#items.holder = this;
  }

  /** Whether no other script's table has taken the items over since this one's served. */
  get holds(): boolean {
    return this.#items.holder === this;
  }

  /** No script has served these items yet. */
  get isNew(): boolean {
    return this.#items.holder === undefined;
  }

  /** The database table that the items were read from; "" when they were not. */
  get source(): string {
    return this.#items.source;
  }

  /** Puts the rows in the place of all items. */
  fill(rows: readonly Row[]): void {
    this.clear();
    for (const { name, value, seconds } of rows) this.set(name, value, seconds);
    this.#items.source = this.specification.dbtable;
  }

  get name(): string {
    return this.specification.name;
  }
  get slots(): readonly (readonly Item[] | undefined)[] {
    return this.#items.slots;
  }
  get size(): number {
    return this.#items.byName.size;
  }

  /** The slot of a name. */
  slotOf(name: string): number {
    return this.#items.slotOf(coreHash(name, "", 0, true));
  }

  /** In the order of slots. */
  all(): Item[] {
    const all: Item[] = [];
    for (const slot of this.#items.slots) if (slot) all.push(...slot);
    return all;
  }

  /** The item, unless its time has passed. */
  get(name: string): Item | undefined {
    const item = this.#items.byName.get(name);
    return item === undefined || this.isExpired(item) ? undefined : item;
  }

  isExpired(item: Item): boolean {
    return this.specification.autoexpire > 0 && item.expires !== 0 && item.expires < this.#seconds();
  }

  /** `seconds` above 0 set how long the item lives. */
  set(name: string, value: string | Int, seconds = 0): void {
    const item = this.#items.byName.get(name);
    if (!item) {
      const { autoexpire } = this.specification;
      const expires = this.#now() + (seconds > 0 ? seconds : autoexpire);
      this.#items.add({ name, hash: coreHash(name, "", 0, true), value, expires });
      return;
    }
    item.value = value;
    if (seconds > 0) item.expires = this.#now() + seconds;
    else if (this.specification.updateExpire) item.expires = this.#now() + this.specification.autoexpire;
  }

  /**
   * Adds to an integer item; one that is missing starts at the initial value. Undefined when there is no initial
   * value to start from, or the item is a text.
   */
  add(name: string, amount: number): Int | undefined {
    const { autoexpire, updateExpire, initial } = this.specification;
    const item = this.#items.byName.get(name);
    if (!item) {
      if (initial === undefined) return undefined;
      const value = add(initial, amount);
      this.set(name, value);
      return value;
    }
    if (this.isExpired(item)) {
      item.expires = this.#now() + autoexpire;
      if (initial === undefined) return undefined;
      item.value = initial;
    }
    if (typeof item.value === "string") return undefined;
    item.value = add(item.value, amount);
    if (updateExpire) item.expires = this.#now() + autoexpire;
    return item.value;
  }

  /** Seconds left; 0 when items of this table do not expire, or there is no such item. Wraps as 32 bits when they have passed. */
  expiresIn(name: string): number {
    const item = this.specification.autoexpire > 0 ? this.#items.byName.get(name) : undefined;
    return item ? (item.expires - this.#seconds()) >>> 0 : 0;
  }

  /** Sets the seconds left; 0 and less: for ever. Nothing happens where items do not expire. */
  expireIn(name: string, seconds: number): void {
    const item = this.specification.autoexpire > 0 ? this.#items.byName.get(name) : undefined;
    if (item) item.expires = seconds > 0 ? this.#seconds() + seconds : 0;
  }

  /** Gives an item that an iterator stands on a new value. */
  replace(item: Item, value: string | Int): void {
    item.value = value;
    if (this.specification.updateExpire) item.expires = this.#seconds() + this.specification.autoexpire;
  }

  /** False when there is no such item. */
  delete(name: string): boolean {
    const item = this.#items.byName.get(name);
    if (item) this.#items.remove(item);
    return item !== undefined;
  }

  remove(item: Item): void {
    if (this.#items.byName.get(item.name) === item) this.#items.remove(item);
  }

  clear(): void {
    this.#items.byName.clear();
    this.#items.slots.fill(undefined);
  }

  /** Seconds of the clock; 0 where items do not expire. */
  #now(): number {
    return this.specification.autoexpire > 0 ? this.#seconds() : 0;
  }
}
