/** Seeded randomness: the same seed gives the same trace (splitmix32). */
import type { Random } from "../declare/host.ts";

export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    return this.#word() / 0x1_0000_0000;
  }

  hex(bytes: number): string {
    let text = "";
    while (text.length < bytes * 2) text += this.#word().toString(16).padStart(8, "0");
    return text.slice(0, bytes * 2);
  }

  #word(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }
}
