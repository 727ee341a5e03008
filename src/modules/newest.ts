/** Things of which only the newest script's is in force, when scripts follow each other while the server runs. */

/**
 * Each generation adds its own when it begins to serve and removes it when it stops, in whatever order that happens:
 * one that is replaced stops late, one whose start fails stops while the former serves on.
 */
export class Newest<T> {
  readonly #all: T[] = [];

  get current(): T | undefined {
    return this.#all.at(-1);
  }
  add(it: T): void {
    this.#all.push(it);
  }
  remove(it: T): void {
    const at = this.#all.lastIndexOf(it);
    if (at >= 0) this.#all.splice(at, 1);
  }
  /** Puts another in the place of one that was added. */
  replace(it: T, by: T): void {
    const at = this.#all.lastIndexOf(it);
    if (at >= 0) this.#all[at] = by;
  }
}
