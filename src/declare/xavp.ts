/** XAVPs: named values in lists, where a value may be a list again (Kamailio's xavp.c). */
import type { Int } from "./value.ts";

/** What a module keeps in a XAVP for itself; it prints as `<<data:…>>`. */
export class XavpData {
  readonly data: unknown;
  constructor(data: unknown) {
    this.data = data;
  }
}

export type XavpValue = string | Int | null | XavpData | XavpList;

export class Xavp {
  readonly name: string;
  value: XavpValue;
  constructor(name: string, value: XavpValue) {
    this.name = name;
    this.value = value;
  }
}

/** A list of XAVPs; the first is the one that was added last. Indexes count the items of one name from 0. */
export class XavpList {
  readonly items: Xavp[] = [];
  /** Names are compared without case (XAVI). */
  readonly caseless: boolean;

  constructor(caseless = false) {
    this.caseless = caseless;
  }

  get(name: string, index = 0): Xavp | undefined {
    const at = this.#find(name, index);
    return at < 0 ? undefined : this.items[at];
  }

  /** Every item of the name, first the one that was added last. */
  all(name: string): Xavp[] {
    return this.items.filter((it) => this.#same(it.name, name));
  }

  count(name: string): number {
    let n = 0;
    for (const it of this.items) if (this.#same(it.name, name)) n++;
    return n;
  }

  /** Puts a new item in front. */
  add(name: string, value: XavpValue): Xavp {
    const item = new Xavp(name, value);
    this.items.unshift(item);
    return item;
  }

  /** Puts a new item behind the last one of its name, in front when there is none. */
  addLast(name: string, value: XavpValue): Xavp {
    const item = new Xavp(name, value);
    const last = this.items.findLastIndex((it) => this.#same(it.name, name));
    this.items.splice(last + 1, 0, item);
    return item;
  }

  /** Puts a new item right behind `previous`. False when that is not in the list. */
  addAfter(previous: Xavp, name: string, value: XavpValue): boolean {
    const at = this.items.indexOf(previous);
    if (at < 0) return false;
    this.items.splice(at + 1, 0, new Xavp(name, value));
    return true;
  }

  /** Replaces the item at `index`. False when there is none. */
  set(name: string, index: number, value: XavpValue): boolean {
    const at = this.#find(name, index);
    if (at < 0) return false;
    this.items[at] = new Xavp(name, value);
    return true;
  }

  /** Removes the item at `index` and says whether there was one. */
  remove(name: string, index = 0): boolean {
    const at = this.#find(name, index);
    if (at < 0) return false;
    this.items.splice(at, 1);
    return true;
  }

  removeItem(item: Xavp): boolean {
    const at = this.items.indexOf(item);
    if (at >= 0) this.items.splice(at, 1);
    return at >= 0;
  }

  /** Removes every item of the name and says how many there were. */
  removeAll(name: string): number {
    let kept = 0;
    const { items } = this;
    for (const it of items) if (!this.#same(it.name, name)) items[kept++] = it;
    const removed = items.length - kept;
    items.length = kept;
    return removed;
  }

  clear(): void {
    this.items.length = 0;
  }

  /** The list under the first item of the name, when its value is one. */
  sub(name: string, index = 0): XavpList | undefined {
    const value = this.get(name, index)?.value;
    return value instanceof XavpList ? value : undefined;
  }

  /** Adds an item whose value is a new list, and gives the list. */
  addList(name: string): XavpList {
    const list = new XavpList(this.caseless);
    this.add(name, list);
    return list;
  }

  /**
   * Sets the only child `child` of the first item `name`, making both as needed (xavp_set_child_xval). A root that is
   * no list is replaced.
   */
  setChild(name: string, child: string, value: XavpValue): void {
    const root = this.get(name);
    if (root && !(root.value instanceof XavpList)) this.removeItem(root);
    const list = this.sub(name) ?? this.addList(name);
    list.remove(child);
    list.add(child, value);
  }

  /** Turns the order of the items of one name so that the one at `shift` comes first (xavp_lshift). */
  rotate(name: string, shift: number): "done" | "same" | "none" {
    if (shift === 0) return "same";
    const all = this.all(name);
    if (all.length === 0) return "none";
    const by = ((shift % all.length) + all.length) % all.length;
    if (by === 0) return "same";
    this.removeAll(name);
    this.items.unshift(...all.slice(by), ...all.slice(0, by));
    return "done";
  }

  /** A copy with its lists; what modules keep is shared. */
  clone(): XavpList {
    const copy = new XavpList(this.caseless);
    for (const it of this.items)
      copy.items.push(new Xavp(it.name, it.value instanceof XavpList ? it.value.clone() : it.value));
    return copy;
  }

  #find(name: string, index: number): number {
    let left = index;
    for (let i = 0; i < this.items.length; i++) if (this.#same(this.items[i]!.name, name) && left-- === 0) return i;
    return -1;
  }

  #same(a: string, b: string): boolean {
    return a === b || (this.caseless && a.length === b.length && a.toLowerCase() === b.toLowerCase());
  }
}

/** The root list of one run or transaction. */
export class XavpStore extends XavpList {}
