/** What `{…}` in a ladder stands for: what a pattern's named group matched, and fields of a peer's messages. */
import { patternOf } from "./compare.ts";
import type { Arrow, Detail } from "./ladder.ts";
import type { Peer } from "./peer.ts";

export class Values {
  readonly #captured = new Map<string, string>();
  readonly #peers: ReadonlyMap<string, Peer>;

  constructor(peers: ReadonlyMap<string, Peer>) {
    this.#peers = peers;
  }

  readonly capture = (name: string, value: string): void => {
    this.#captured.set(name, value);
  };

  /** `{bob-tag}`, `{alice.Call-ID}` replaced by what they stand for; what stands for nothing is left as it is. */
  fill(text: string): string {
    if (!text.includes("{")) return text;
    const isPattern = patternOf(text) instanceof RegExp;
    return text.replace(/\{([A-Za-z_][\w-]*)(?:\.([\w-]+))?\}/g, (whole, name: string, field: string | undefined) => {
      const value = field === undefined ? this.#captured.get(name) : this.#peers.get(name)?.field(field);
      if (value === undefined) return whole;
      return isPattern ? value.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&") : value;
    });
  }

  /** The step with everything in it filled in. */
  fillIn<T extends { readonly details: readonly Detail[]; readonly body: readonly string[] }>(step: T): T {
    const details = step.details.map((it) => ({ ...it, value: this.fill(it.value) }));
    const body = step.body.map((it) => this.fill(it));
    return { ...step, details, body, ...("start" in step && { start: this.fillStart(String(step.start)) }) };
  }

  /** A pattern stands behind the method or the status. */
  fillStart(start: Arrow["start"]): string {
    const pattern = /^(\S+\s+)(\/.*\/i?)$/.exec(start);
    return pattern ? pattern[1]! + this.fill(pattern[2]!) : this.fill(start);
  }
}
