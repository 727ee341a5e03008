/** POSIX extended regular expressions as glibc reads them (regcomp with REG_EXTENDED, C locale): text to tree. */

/** The bytes that a position may hold; 1 where it may. */
export type ByteSet = Uint8Array;

export type Assertion =
  | "begin"
  | "end"
  | "word-begin"
  | "word-end"
  | "word-edge"
  | "word-inside"
  | "text-begin"
  | "text-end";

export type Node =
  | { readonly kind: "empty" }
  | { readonly kind: "bytes"; readonly set: ByteSet }
  | { readonly kind: "assert"; readonly assertion: Assertion }
  | { readonly kind: "group"; readonly index: number; readonly child: Node }
  | { readonly kind: "concat"; readonly children: readonly Node[] }
  | { readonly kind: "either"; readonly children: readonly Node[] }
  | { readonly kind: "repeat"; readonly child: Node; readonly min: number; readonly max: number }
  | { readonly kind: "back-reference"; readonly index: number };

export interface Flags {
  readonly icase?: boolean;
  /** `.` and `[^…]` do not match a newline; `^` and `$` match around one. */
  readonly newline?: boolean;
  /** Groups are not wanted. */
  readonly nosub?: boolean;
}

export interface Syntax {
  readonly root: Node;
  readonly groups: number;
  readonly backReferences: boolean;
}

/** glibc's RE_DUP_MAX. */
const MOST_REPEATS = 32767;
const MAX_NESTING = 250;

/** Null when glibc would not compile the pattern. */
export function parseEre(source: string, flags: Flags): Syntax | null {
  const reader = new Reader(source, flags);
  const root = reader.either(0);
  if (root === null || reader.at < source.length) return null;
  return { root, groups: reader.groups, backReferences: reader.backReferences };
}

class Reader {
  readonly #source: string;
  readonly #flags: Flags;
  readonly #closed = new Set<number>();
  at = 0;
  groups = 0;
  backReferences = false;

  constructor(source: string, flags: Flags) {
    this.#source = source;
    this.#flags = flags;
  }

  either(depth: number): Node | null {
    if (depth > MAX_NESTING) return null;
    const children: Node[] = [];
    do {
      if (children.length > 0) this.at++;
      const branch = this.#branch(depth);
      if (!branch) return null;
      children.push(branch);
    } while (this.#source[this.at] === "|");
    return children.length === 1 ? children[0]! : { kind: "either", children };
  }

  #branch(depth: number): Node | null {
    const children: Node[] = [];
    while (this.at < this.#source.length) {
      const char = this.#source[this.at]!;
      // A `)` that closes nothing stands for itself (RE_UNMATCHED_RIGHT_PAREN_ORD).
      if (char === "|" || (char === ")" && depth > 0)) break;
      const atom = this.#atom(depth);
      if (!atom) return null;
      const piece = atom.kind === "assert" && !this.#repeatable(char) ? atom : this.#repeats(atom);
      if (!piece) return null;
      children.push(piece);
    }
    if (children.length === 0) return { kind: "empty" };
    return children.length === 1 ? children[0]! : { kind: "concat", children };
  }

  /** `^` and `$` take no repetition: what follows them would be one with nothing before it. */
  #repeatable(char: string): boolean {
    return char === "(";
  }

  #atom(depth: number): Node | null {
    const char = this.#source[this.at++]!;
    switch (char) {
      case "(":
        return this.#group(depth);
      case "[":
        return this.#bracket();
      case "\\":
        return this.#escape();
      case ".":
        return { kind: "bytes", set: this.#withoutNewline(fill(1, (byte) => byte !== 0)) };
      case "^":
        return { kind: "assert", assertion: "begin" };
      case "$":
        return { kind: "assert", assertion: "end" };
      case "*":
      case "+":
      case "?":
      case "{":
        return null;
      default:
        return this.#byte(char);
    }
  }

  #group(depth: number): Node | null {
    const index = ++this.groups;
    const child = this.either(depth + 1);
    if (!child || this.#source[this.at] !== ")") return null;
    this.at++;
    this.#closed.add(index);
    return { kind: "group", index, child };
  }

  #escape(): Node | null {
    const char = this.#source[this.at++];
    if (char === undefined) return null;
    const assertion = ASSERTIONS[char];
    if (assertion) return { kind: "assert", assertion };
    if (char === "w" || char === "W") return { kind: "bytes", set: fill(1, (byte) => isWord(byte) === (char === "w")) };
    if (char === "s" || char === "S")
      return { kind: "bytes", set: fill(1, (byte) => isSpace(byte) === (char === "s")) };
    if (char >= "1" && char <= "9") {
      if (!this.#closed.has(Number(char))) return null;
      this.backReferences = true;
      return { kind: "back-reference", index: Number(char) };
    }
    // glibc ignores case by turning the text, but not an escaped letter, into capitals.
    if (this.#flags.icase && isLower(char.charCodeAt(0))) return { kind: "bytes", set: new Uint8Array(256) };
    return this.#byte(char);
  }

  #repeats(atom: Node): Node | null {
    let node = atom;
    for (;;) {
      const char = this.#source[this.at];
      let min = 0;
      let max = Number.POSITIVE_INFINITY;
      if (char === "+") min = 1;
      else if (char === "?") max = 1;
      else if (char === "{") {
        const found = /\{([0-9]*)(,?)([0-9]*)\}/y;
        found.lastIndex = this.at;
        const interval = found.exec(this.#source);
        if (!interval) return null;
        const [whole, low, comma, high] = interval as unknown as [string, string, string, string];
        if (low === "" && comma === "") return null;
        min = low === "" ? 0 : Number(low);
        max = comma === "" ? min : high === "" ? Number.POSITIVE_INFINITY : Number(high);
        if (min > max || min > MOST_REPEATS || (Number.isFinite(max) && max > MOST_REPEATS)) return null;
        this.at += whole.length - 1;
      } else if (char !== "*") return node;
      this.at++;
      node = { kind: "repeat", child: node, min, max };
    }
  }

  #bracket(): Node | null {
    const negated = this.#source[this.at] === "^";
    if (negated) this.at++;
    const set = new Uint8Array(256);
    for (let first = true; ; first = false) {
      const char = this.#source[this.at];
      if (char === undefined) return null;
      if (char === "]" && !first) break;
      if (!this.#bracketItem(set)) return null;
    }
    this.at++;
    this.#fold(set);
    if (!negated) return { kind: "bytes", set };
    return { kind: "bytes", set: this.#withoutNewline(fill(1, (byte) => byte !== 0 && set[byte] === 0)) };
  }

  /** One class, range or byte. */
  #bracketItem(set: ByteSet): boolean {
    const class_ = /\[:([a-z]*):\]/y;
    class_.lastIndex = this.at;
    const named = class_.exec(this.#source);
    if (named) {
      // Ignoring case, [:upper:] and [:lower:] are [:alpha:].
      const name = this.#flags.icase && (named[1] === "upper" || named[1] === "lower") ? "alpha" : named[1]!;
      const member = CLASSES[name];
      if (!member) return false;
      for (let byte = 1; byte < 256; byte++) if (member(byte)) set[byte] = 1;
      this.at += named[0].length;
      // A class cannot begin a range.
      return !(this.#source[this.at] === "-" && this.#source[this.at + 1] !== "]");
    }
    const low = this.#endpoint();
    if (low === undefined) return false;
    if (this.#source[this.at] !== "-" || this.#source[this.at + 1] === "]" || this.at + 1 >= this.#source.length) {
      set[low] = 1;
      return true;
    }
    this.at++;
    if (this.#source.startsWith("[:", this.at)) return false;
    const high = this.#endpoint();
    if (high === undefined || high < low) return false;
    for (let byte = low; byte <= high; byte++) set[byte] = 1;
    // The end of a range cannot begin another.
    return !(this.#source[this.at] === "-" && this.#source[this.at + 1] !== "]");
  }

  /** A byte, or `[.x.]` or `[=x=]`, which the C locale knows for single bytes only. */
  #endpoint(): number | undefined {
    const symbol = /\[([.=])([\s\S])\1\]/y;
    symbol.lastIndex = this.at;
    const found = symbol.exec(this.#source);
    if (found) {
      this.at += found[0].length;
      return found[2]!.charCodeAt(0) & 0xff;
    }
    if (this.#source.startsWith("[.", this.at) || this.#source.startsWith("[=", this.at)) return undefined;
    return this.#source.charCodeAt(this.at++) & 0xff;
  }

  #byte(char: string): Node {
    const set = new Uint8Array(256);
    set[char.charCodeAt(0) & 0xff] = 1;
    this.#fold(set);
    return { kind: "bytes", set };
  }

  #fold(set: ByteSet): void {
    if (!this.#flags.icase) return;
    for (let byte = 0x41; byte <= 0x5a; byte++) if (set[byte] || set[byte + 32]) set[byte] = set[byte + 32] = 1;
  }

  #withoutNewline(set: ByteSet): ByteSet {
    if (this.#flags.newline) set[0x0a] = 0;
    return set;
  }
}

const ASSERTIONS: Readonly<Record<string, Assertion>> = {
  b: "word-edge",
  B: "word-inside",
  "<": "word-begin",
  ">": "word-end",
  "`": "text-begin",
  "'": "text-end",
};

const between = (low: number, high: number) => (byte: number) => byte >= low && byte <= high;
const isDigit = between(0x30, 0x39);
const isUpper = between(0x41, 0x5a);
const isLower = between(0x61, 0x7a);
const isAlpha = (byte: number) => isUpper(byte) || isLower(byte);
const isAlnum = (byte: number) => isAlpha(byte) || isDigit(byte);
const isSpace = (byte: number) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
export const isWord = (byte: number): boolean => isAlnum(byte) || byte === 0x5f;

const CLASSES: Readonly<Record<string, (byte: number) => boolean>> = {
  alnum: isAlnum,
  alpha: isAlpha,
  blank: (byte) => byte === 0x20 || byte === 0x09,
  cntrl: (byte) => byte < 0x20 || byte === 0x7f,
  digit: isDigit,
  graph: between(0x21, 0x7e),
  lower: isLower,
  print: between(0x20, 0x7e),
  punct: (byte) => byte > 0x20 && byte < 0x7f && !isAlnum(byte),
  space: isSpace,
  upper: isUpper,
  xdigit: (byte) => isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66),
};

function fill(from: number, member: (byte: number) => boolean): ByteSet {
  const set = new Uint8Array(256);
  for (let byte = from; byte < 256; byte++) if (member(byte)) set[byte] = 1;
  return set;
}
