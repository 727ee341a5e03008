/** The generations that a server has had, and what they were made from as long as somebody may want to go back to them. */
import type { Generation } from "../generation.ts";

export interface Known {
  readonly number: number;
  readonly file: string;
  readonly hash: string;
  /** Wall-clock milliseconds when it began to serve. */
  readonly since: number;
  /** Every file that was read, with its text. */
  readonly sources: ReadonlyMap<string, string>;
  /** Undefined when it is retired: nothing but the text is left of it. */
  generation: Generation | undefined;
}

/** How many of those that are retired are kept. */
const MOST_RETIRED = 10;

export class Generations {
  readonly #known = new Map<number, Known>();
  /** The number of the one that began last; 0 before the first. */
  latest = 0;

  began(generation: Generation, since: number): void {
    const { number, file, hash, sources } = generation;
    this.latest = number;
    this.#known.set(number, { number, file, hash, since, sources, generation });
  }

  /** It has been stopped. */
  retired(generation: Generation): void {
    const known = this.#known.get(generation.number);
    if (known) known.generation = undefined;
    const retired = [...this.#known.values()].filter((it) => it.generation === undefined);
    for (const it of retired.slice(0, -MOST_RETIRED)) this.#known.delete(it.number);
  }

  find(number: number): Known | undefined {
    return this.#known.get(number);
  }
  /** The oldest first. */
  list(): readonly Known[] {
    return [...this.#known.values()];
  }
}
