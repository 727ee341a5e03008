/** What is made of the texts of a script, made once. */

/** Texts remembered at most: a script may compute them from messages. */
const LIMIT = 1000;

export class Memo<T> {
  readonly #make: (text: string) => T;
  readonly #known = new Map<string, T>();

  constructor(make: (text: string) => T) {
    this.#make = make;
  }

  of(text: string): T {
    let made = this.#known.get(text);
    if (made === undefined) {
      if (this.#known.size >= LIMIT) this.#known.clear();
      this.#known.set(text, (made = this.#make(text)));
    }
    return made;
  }
}
