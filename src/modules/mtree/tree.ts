/** A tree of prefixes in memory, each with values. Follows Kamailio's src/modules/mtree/mtree.c. */
import { splitParams } from "../../sip/compare.ts";

/** What values are: text; pairs `id=weight` separated by semicolons; integers. */
export const TreeType = { text: 0, weighted: 1, integer: 2 } as const;

/** The longest prefix, in characters, is shorter. */
const DEPTH = 64;
/** Pairs that one match gives. */
const MOST_PAIRS = 64;
/** Bytes of a node's place for one character, for the figures that Kamailio shows. */
const PLACE = 24;

export interface Specification {
  readonly name: string;
  readonly type: number;
  /** Its items are in a database, not in the script. */
  readonly stored: boolean;
  readonly table: string;
  /** Empty: those of the parameters. */
  readonly columns: readonly string[];
  /** The table has several trees, told apart by a column with their names. */
  readonly multi: boolean;
}

/** What is said of all trees. */
export interface Rules {
  readonly characters: string;
  readonly ignoresDuplicates: boolean;
  readonly allowsDuplicates: boolean;
}

export interface Pair {
  readonly id: number;
  readonly weight: number;
}

interface Node {
  /** The newest first. */
  values: (string | number)[];
  /** Of the newest value, the last one first. */
  pairs: readonly Pair[];
  children: Map<string, Node> | undefined;
}

const newNode = (): Node => ({ values: [], pairs: [], children: undefined });

export interface Found {
  readonly prefix: string;
  readonly values: readonly (string | number)[];
}

export class Tree {
  readonly specification: Specification;
  readonly #rules: Rules;
  readonly #root = newNode();
  nodes = 0;
  items = 0;
  #textBytes = 0;

  constructor(specification: Specification, rules: Rules) {
    this.specification = specification;
    this.#rules = rules;
  }

  /** Bytes that it takes in Kamailio. */
  get size(): number {
    return this.nodes * this.#rules.characters.length * PLACE + this.#textBytes;
  }

  /** A string is the problem. */
  add(prefix: string, value: string): string | undefined {
    const { type, name } = this.specification;
    if (prefix.length >= DEPTH) return `the prefix ${prefix} is too long`;
    if (type === TreeType.integer && !/^[-+]?\d+$/.test(value)) return `\`${value}\` is no integer`;
    let node = this.#root;
    for (const character of prefix) {
      if (!this.#rules.characters.includes(character)) return `the prefix ${prefix} has characters not in char_list`;
      if (!node.children) {
        node.children = new Map();
        this.nodes++;
      }
      let next = node.children.get(character);
      if (!next) node.children.set(character, (next = newNode()));
      node = next;
    }
    if (node.values.length > 0) {
      if (this.#rules.ignoresDuplicates) return undefined;
      if (!this.#rules.allowsDuplicates) return `the tree ${name} has the prefix ${prefix} twice`;
    }
    node.values.unshift(type === TreeType.integer ? Number(value) | 0 : value);
    if (type === TreeType.integer) return undefined;
    this.items++;
    this.#textBytes += value.length + 1;
    if (type === TreeType.weighted)
      node.pairs = splitParams(value)
        .map((it) => ({ id: leadingNumber(it.name), weight: leadingNumber(it.value) }))
        .reverse();
    return undefined;
  }

  /** The values of every prefix of the text, the shortest first; undefined when it has a character that no prefix may have. */
  prefixes(text: string): readonly Found[] | undefined {
    const found: Found[] = [];
    const known = this.#walk(text, (node, prefix) => {
      if (node.values.length > 0) found.push({ prefix, values: node.values });
    });
    return known ? found : undefined;
  }

  /** The pairs of all prefixes, the heaviest first; of one id those of the longest prefix. `count` is how many there were. */
  pairs(
    text: string,
  ): { readonly pairs: readonly Pair[]; readonly count: number; readonly prefix: string } | undefined {
    const all: Pair[] = [];
    let prefix = "";
    const known = this.#walk(text, (node, upTo) => {
      if (node.values.length === 0 || all.length >= MOST_PAIRS) return;
      all.push(...node.pairs.slice(0, MOST_PAIRS - all.length));
      prefix = upTo;
    });
    if (!known || all.length === 0) return undefined;
    const last = all.filter(({ id }, i) => id !== 0 && !all.some((other, k) => k > i && other.id === id));
    return { pairs: last.sort((a, b) => b.weight - a.weight), count: all.length, prefix };
  }

  /** Every prefix, in the order of char_list. */
  *all(): Iterable<Found> {
    yield* this.#below(this.#root, "");
  }

  *#below({ children }: Node, before: string): Iterable<Found> {
    if (!children) return;
    for (const character of this.#rules.characters) {
      const node = children.get(character);
      if (!node) continue;
      const prefix = before + character;
      if (node.values.length > 0) yield { prefix, values: node.values };
      yield* this.#below(node, prefix);
    }
  }

  /** Follows the text as far as any prefix goes on. False when it meets a character that no prefix may have. */
  #walk(text: string, visit: (node: Node, prefix: string) => void): boolean {
    let node: Node | undefined = this.#root;
    for (let i = 0; node?.children && i < text.length && i < DEPTH; i++) {
      const character = text[i]!;
      if (!this.#rules.characters.includes(character)) return false;
      node = node.children.get(character);
      if (node) visit(node, text.slice(0, i + 1));
    }
    return true;
  }
}

const leadingNumber = (text: string): number => Number(/^\d*/.exec(text)![0]);
