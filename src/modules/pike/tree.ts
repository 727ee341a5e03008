/** Addresses by their bytes, each node with how often it was hit; deep only where there is much traffic (pike/ip_tree.c). */

interface Node {
  readonly byte: number;
  readonly parent: Node | undefined;
  readonly kids: Map<number, Node>;
  /** Hits of addresses below, in this period and the one before. */
  hits: number;
  hitsBefore: number;
  /** Hits of the address that ends here. */
  own: number;
  ownBefore: number;
  /** An address ends here. */
  leaf: boolean;
  /** The address is blocked. */
  red: boolean;
  /** When it is forgotten, in seconds; undefined for nodes that live as long as their kids. */
  expires: number | undefined;
}

/** An address that was seen. */
export interface Seen {
  readonly bytes: readonly number[];
  readonly own: number;
  readonly ownBefore: number;
  readonly expires: number;
  readonly status: "" | "WARM" | "HOT";
}

/** Highest count of a period. */
const MOST_HITS = 65_534;

export class AddressTree {
  readonly #roots: Map<number, Node>;
  /** Hits in a period that block an address. */
  readonly #limit: number;
  /** Seconds without a hit after which an address is forgotten. */
  readonly #timeout: number;

  /** The addresses that `old` knows are known here, too. */
  constructor(limit: number, timeout: number, old?: AddressTree) {
    this.#roots = old ? old.#roots : new Map();
    this.#limit = limit;
    this.#timeout = timeout;
  }

  /** Counts a hit. "new": the address is blocked from now on, "blocked": it was before. */
  hit(bytes: Uint8Array, now: number): "ok" | "new" | "blocked" {
    let node = this.#roots.get(bytes[0]!);
    let depth = node ? 1 : 0;
    while (node && depth < bytes.length) {
      const kid: Node | undefined = node.kids.get(bytes[depth]!);
      if (!kid) break;
      node = kid;
      depth++;
    }
    if (!node) {
      this.#roots.set(bytes[0]!, { ...empty(bytes[0]!, undefined), hits: 1, expires: now + this.#timeout });
      return "ok";
    }
    if (depth < bytes.length) {
      this.#passing(node, bytes[depth]!, now);
      return "ok";
    }
    node.leaf = true;
    if (node.own < MOST_HITS) node.own++;
    if (node.expires !== undefined) node.expires = now + this.#timeout;
    if (node.red) return "blocked";
    node.red = this.#isHot(node);
    return node.red ? "new" : "ok";
  }

  /** A hit of an address that is not in the tree as a whole: a busy node gets a kid for its next byte. */
  #passing(node: Node, next: number, now: number): void {
    if (node.hits < MOST_HITS) node.hits++;
    const quarter = this.#limit >> 2;
    if (node.hitsBefore >= quarter || node.hits >= quarter || (node.hits + node.hitsBefore) >> 1 >= quarter) {
      const kid = empty(next, node);
      if (node.hits >= 1) kid.hits = node.hits - 1;
      if (node.own >= 1) kid.ownBefore = node.ownBefore - 1;
      kid.expires = now + this.#timeout;
      node.kids.set(next, kid);
      if (!node.leaf) node.expires = undefined;
    }
    // A node with few hits keeps its time, so that it is forgotten soon.
  }

  /** A period is over. Calls `unblocked` for each address that is free again. */
  swap(unblocked: (bytes: readonly number[]) => void): void {
    this.#walk((node, bytes) => {
      node.hitsBefore = node.hits;
      node.hits = 0;
      node.ownBefore = node.own;
      node.own = 0;
      if (node.red && !this.#isHot(node)) {
        node.red = false;
        unblocked(bytes);
      }
    });
  }

  /** Forgets what has not been hit for long. */
  clean(now: number): void {
    const expired: Node[] = [];
    this.#walk((node) => {
      if (node.expires !== undefined && node.expires <= now) expired.push(node);
    });
    expired.sort((a, b) => a.expires! - b.expires!);
    for (const node of expired) {
      if (node.kids.size > 0) {
        node.leaf = false;
        node.own = 0;
        node.expires = undefined;
        continue;
      }
      const { parent } = node;
      if (!parent) this.#roots.delete(node.byte);
      else {
        parent.kids.delete(node.byte);
        if (parent.kids.size === 0 && !parent.leaf) parent.expires = now + this.#timeout;
      }
    }
  }

  /** The addresses that are known as a whole. `expires` is in seconds from now. */
  list(now: number): Seen[] {
    const seen: Seen[] = [];
    this.#walk((node, bytes) => {
      if (!node.leaf) return;
      const status = this.#isHot(node) ? "HOT" : node.hits >= this.#limit >> 2 ? "WARM" : "";
      const { own, ownBefore } = node;
      seen.push({ bytes: [...bytes], own, ownBefore, expires: (node.expires ?? now) - now, status });
    });
    return seen;
  }

  #isHot({ own, ownBefore }: Node): boolean {
    const limit = this.#limit;
    return ownBefore >= limit || own >= limit || (own + ownBefore) >> 1 >= limit;
  }

  #walk(visit: (node: Node, bytes: readonly number[]) => void): void {
    const bytes: number[] = [];
    const below = (nodes: Iterable<Node>): void => {
      for (const node of nodes) {
        bytes.push(node.byte);
        visit(node, bytes);
        below(node.kids.values());
        bytes.pop();
      }
    };
    below(this.#roots.values());
  }
}

const empty = (byte: number, parent: Node | undefined): Node => ({
  byte,
  parent,
  kids: new Map(),
  hits: 0,
  hitsBefore: 0,
  own: 0,
  ownBefore: 0,
  leaf: false,
  red: false,
  expires: undefined,
});
