/** A set of destinations: their order, and the lists that weighted algorithms draw from. */
import { type Destination, isDown } from "./destination.ts";

/** The weighted algorithms fill as many places, and take one after the other. */
const PLACES = 100;

export class DestinationSet {
  readonly id: number;
  readonly list: readonly Destination[];
  /** Every destination has the same priority above 0: algorithm 14 takes turns. */
  readonly takesTurns: boolean;
  /** The next place of round robin, and of the weighted lists. */
  next = 0;
  readonly #random: () => number;
  readonly #weighted: number[];
  #relative: number[] = [];
  #prioritized: number[] = [];
  readonly #at = { weighted: 0, relative: 0, prioritized: 0 };

  /** The destinations as they stand in the file; the highest priority comes first, of equal ones the last. */
  constructor(id: number, destinations: readonly Destination[], random: () => number) {
    this.id = id;
    this.#random = random;
    this.list = destinations.toSorted((a, b) => a.priority - b.priority).reverse();
    const first = destinations[0]!.priority;
    this.takesTurns = first > 0 && destinations.every((it) => it.priority === first);
    this.#weighted = this.#fill(this.list.map((it) => it.weight));
    this.stateChanged();
  }

  /** Fills the lists in which destinations that are down have no places. */
  stateChanged(): void {
    const active = this.list.map((it) => !isDown(it.flags));
    const sum = this.list.reduce((all, it, i) => all + (active[i] ? it.rweight : 0), 0);
    if (sum > 0) {
      const slice = (weight: number): number => Math.floor((weight * PLACES) / sum);
      this.#relative = this.#fill(
        this.list.map((it, i) => (active[i] ? slice(it.rweight) : 0)),
        "last used",
      );
    }
    this.#prioritized = this.#byPriority(active);
  }

  /** The lowest number is the best priority here, as in SRV records. */
  #byPriority(active: readonly boolean[]): number[] {
    const best = Math.min(...this.list.filter((_, i) => active[i]).map((it) => it.priority));
    const chosen = this.list.map((it, i) => active[i] && it.priority === best);
    const count = chosen.filter(Boolean).length;
    if (count === 0) return [];
    const sum = this.list.reduce((all, it, i) => all + (chosen[i] ? it.weight : 0), 0);
    const share = (it: Destination): number =>
      sum === 0 ? Math.floor(PLACES / count) : Math.floor((it.weight * PLACES) / sum);
    return this.#fill(
      this.list.map((it, i) => (chosen[i] ? share(it) : 0)),
      "last used",
    );
  }

  /** As many places for each as its share says, in random order; the last destination gets those that are left. */
  #fill(shares: readonly number[], rest: "last" | "last used" = "last"): number[] {
    if (rest === "last" && (shares[0] ?? 0) === 0) return [];
    const places: number[] = [];
    shares.forEach((share, i) => {
      for (let k = 0; k < share && places.length < PLACES; k++) places.push(i);
    });
    const last = rest === "last used" ? (places.at(-1) ?? shares.length - 1) : shares.length - 1;
    while (places.length < PLACES) places.push(last);
    for (let j = 0; j < PLACES; j++) {
      const k = j + Math.floor(this.#random() * (PLACES - j));
      [places[j], places[k]] = [places[k]!, places[j]!];
    }
    return places;
  }

  /** The next place of a weighted list; the first destination when none has a weight. */
  draw(from: "weighted" | "relative" | "prioritized"): number {
    const places = from === "weighted" ? this.#weighted : from === "relative" ? this.#relative : this.#prioritized;
    const place = this.#at[from];
    this.#at[from] = (place + 1) % PLACES;
    return places[place] ?? 0;
  }

  /** The destination of that URI; undefined when the set has none. */
  find(uri: string): Destination | undefined {
    const wanted = uri.toLowerCase();
    return this.list.find((it) => it.uri.toLowerCase() === wanted);
  }

  /** The one with the fewest calls of those that are up and not full; -1 when there is none. */
  leastLoaded(): number {
    let best = -1;
    this.list.forEach((it, i) => {
      if (isDown(it.flags) || isFull(it)) return;
      if (best < 0 || it.load < this.list[best]!.load) best = i;
    });
    return best;
  }
}

export const isFull = (it: Destination): boolean => it.maxLoad !== 0 && it.load >= it.maxLoad;
