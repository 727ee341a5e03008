/** Parses Perl-compatible regular expressions (pcre2pattern(3)) over bytes. */
import { CONTROL, escapeSet, posixSet } from "./classes.ts";
import { type ByteSet, bothCases, byteSet, type Node, type Options, type Pattern } from "./tree.ts";

/** Deepest nesting of parentheses, as PCRE2's default. */
const DEEPEST = 250;
const ENDLESS = Number.POSITIVE_INFINITY;

/** A string says what is wrong with the expression, or what in it is not supported. */
export function parsePattern(source: string, options: Options): Pattern | string {
  const parser = new Parser(source);
  const tree = parser.whole(options);
  return parser.problem === "" ? { tree, groups: parser.groups } : parser.problem;
}

const NOTHING: Node = { kind: "sequence", items: [] };

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #names = new Map<string, number>();
  groups = 0;
  problem = "";

  constructor(text: string) {
    this.#text = text;
  }

  whole(options: Options): Node {
    const node = this.#choice(options);
    if (this.#at < this.#text.length) this.#fail("unmatched )");
    return node;
  }

  #fail(what: string): Node {
    if (this.problem === "") this.problem = `${what} at offset ${this.#at} of \`${this.#text}\``;
    this.#at = this.#text.length;
    return NOTHING;
  }
  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  /** Alternatives up to a closing parenthesis or the end. An option such as `(?i)` reaches to there. */
  #choice(options: Options): Node {
    const items: Node[] = [];
    let current = options;
    let sequence: Node[] = [];
    while (this.#at < this.#text.length && this.#text[this.#at] !== ")") {
      if (this.#take("|")) {
        items.push({ kind: "sequence", items: sequence });
        sequence = [];
        continue;
      }
      const changed = this.#optionSetting(current);
      if (changed) {
        current = changed;
        continue;
      }
      if (this.#skipIgnored(current)) continue;
      const atom = this.#atom(current);
      sequence.push(this.#repeated(atom, current));
    }
    items.push({ kind: "sequence", items: sequence });
    return items.length === 1 ? items[0]! : { kind: "choice", items };
  }

  #skipIgnored({ extended }: Options): boolean {
    const comment = this.#text.startsWith("(?#", this.#at);
    if (comment) {
      const end = this.#text.indexOf(")", this.#at);
      if (end < 0) this.#fail("missing ) after comment");
      else this.#at = end + 1;
      return true;
    }
    if (!extended) return false;
    const c = this.#text[this.#at]!;
    if (/\s/.test(c)) this.#at++;
    else if (c === "#") {
      const end = this.#text.indexOf("\n", this.#at);
      this.#at = end < 0 ? this.#text.length : end + 1;
    } else return false;
    return true;
  }

  /** `(?i)`, `(?m-s)`: the options from here on. */
  #optionSetting(options: Options): Options | undefined {
    const found = /^\(\?([imsx]*)(?:-([imsx]+))?\)/.exec(this.#text.slice(this.#at, this.#at + 20));
    if (!found || found[0] === "(?)") return undefined;
    this.#at += found[0].length;
    return withOptions(options, found[1]!, found[2] ?? "");
  }

  #atom(options: Options): Node {
    const c = this.#text[this.#at++]!;
    switch (c) {
      case "(":
        return this.#group(options);
      case "[":
        return this.#set(this.#class(), options);
      case ".":
        return { kind: "set", set: byteSet((it) => options.dotAll || it !== 10) };
      case "^":
        return { kind: "place", place: options.multiline ? "line-begin" : "begin" };
      case "$":
        return { kind: "place", place: options.multiline ? "line-end" : "end-or-last-line" };
      case "\\":
        return this.#escape(options);
      case "*":
      case "+":
      case "?":
        return this.#fail("quantifier does not follow a repeatable item");
      default:
        return this.#set(only(c.charCodeAt(0)), options);
    }
  }

  #set(set: ByteSet, { ignoreCase }: Options): Node {
    return { kind: "set", set: ignoreCase ? bothCases(set) : set };
  }

  #repeated(atom: Node, options: Options): Node {
    let node = atom;
    for (;;) {
      while (this.#at < this.#text.length && options.extended && this.#skipIgnored(options));
      const bounds = this.#bounds();
      if (!bounds) return node;
      const mode = this.#take("?") ? "lazy" : this.#take("+") ? "possessive" : "greedy";
      node = { kind: "repeat", item: node, least: bounds[0], most: bounds[1], mode };
    }
  }

  #bounds(): readonly [least: number, most: number] | undefined {
    if (this.#take("*")) return [0, ENDLESS];
    if (this.#take("+")) return [1, ENDLESS];
    if (this.#take("?")) return [0, 1];
    const found = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#text.slice(this.#at, this.#at + 16));
    if (!found) return undefined;
    this.#at += found[0].length;
    const least = Number(found[1]);
    const most = found[2] === undefined ? least : found[3] === "" ? ENDLESS : Number(found[3]);
    if (least > 65535 || (most !== ENDLESS && most > 65535)) this.#fail("number too big in {} quantifier");
    if (most < least) this.#fail("numbers out of order in {} quantifier");
    return [least, most];
  }

  #group(options: Options): Node {
    if (++this.#depth > DEEPEST) return this.#fail("parentheses are too deeply nested");
    const node = this.#groupBody(options);
    if (!this.#take(")")) this.#fail("missing closing parenthesis");
    this.#depth--;
    return node;
  }

  #groupBody(options: Options): Node {
    if (!this.#take("?")) {
      if (this.#text[this.#at] === "*") return this.#fail("verbs are not supported");
      return this.#capture(options);
    }
    if (this.#take(":")) return this.#choice(options);
    if (this.#take(">")) return { kind: "atomic", item: this.#choice(options) };
    if (this.#take("=")) return { kind: "look", behind: false, negated: false, item: this.#choice(options) };
    if (this.#take("!")) return { kind: "look", behind: false, negated: true, item: this.#choice(options) };
    if (this.#take("<=")) return { kind: "look", behind: true, negated: false, item: this.#choice(options) };
    if (this.#take("<!")) return { kind: "look", behind: true, negated: true, item: this.#choice(options) };
    const rest = this.#text.slice(this.#at);
    const named = /^(?:P?<(\w+)>|'(\w+)')/.exec(rest);
    if (named) {
      this.#at += named[0].length;
      return this.#capture(options, named[1] ?? named[2]);
    }
    const back = /^P=(\w+)/.exec(rest);
    if (back) {
      this.#at += back[0].length;
      return this.#back(back[1]!, options);
    }
    const set = /^([imsx]*)(?:-([imsx]+))?:/.exec(rest);
    if (set) {
      this.#at += set[0].length;
      return this.#choice(withOptions(options, set[1]!, set[2] ?? ""));
    }
    return this.#fail("unrecognized or unsupported character after (?");
  }

  #capture(options: Options, name?: string): Node {
    const number = ++this.groups;
    if (name !== undefined) this.#names.set(name, number);
    return { kind: "group", number, item: this.#choice(options) };
  }

  #back(name: string, { ignoreCase }: Options): Node {
    const group = /^\d+$/.test(name)
      ? Number(name)
      : name.startsWith("-")
        ? this.groups + 1 + Number(name)
        : this.#names.get(name);
    if (group === undefined || group < 1) return this.#fail("reference to a group that does not exist");
    return { kind: "back", group, ignoreCase };
  }

  #escape(options: Options): Node {
    const c = this.#text[this.#at];
    if (c === undefined) return this.#fail("\\ at end of pattern");
    const rest = this.#text.slice(this.#at);
    const place = PLACES[c];
    if (place) {
      this.#at++;
      return { kind: "place", place };
    }
    if (c === "Q") return this.#literal(options);
    if (c === "E") {
      this.#at++;
      return NOTHING;
    }
    if (c === "R") {
      this.#at++;
      return LINE_BREAK;
    }
    const reference = /^(?:k(?:\{(\w+)\}|<(\w+)>|'(\w+)')|g(?:\{(-?\w+)\}|(-?\d+)))/.exec(rest);
    if (reference) {
      this.#at += reference[0].length;
      return this.#back(reference.slice(1).find((it) => it !== undefined)!, options);
    }
    const number = /^[1-9]\d*/.exec(rest)?.[0];
    if (number !== undefined && (number.length === 1 || Number(number) <= this.groups)) {
      this.#at += number.length;
      return this.#back(number, options);
    }
    const set = escapeSet(c);
    if (set) {
      this.#at++;
      return { kind: "set", set };
    }
    const byte = this.#escapedByte();
    return byte === undefined ? NOTHING : this.#set(only(byte), options);
  }

  /** `\Q…\E`: everything between stands for itself. */
  #literal(options: Options): Node {
    const end = this.#text.indexOf("\\E", this.#at);
    const quoted = this.#text.slice(this.#at + 1, end < 0 ? this.#text.length : end);
    this.#at = end < 0 ? this.#text.length : end + 2;
    return { kind: "sequence", items: [...quoted].map((it) => this.#set(only(it.charCodeAt(0)), options)) };
  }

  /** The byte that an escape stands for; undefined, with the problem noted, when it stands for none. */
  #escapedByte(): number | undefined {
    const rest = this.#text.slice(this.#at, this.#at + 12);
    const hex = /^x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{0,2}))/.exec(rest);
    const octal = /^(?:o\{([0-7]+)\}|([0-7]{1,3}))/.exec(rest);
    const control = /^c([ -~])/.exec(rest);
    const code = hex
      ? Number.parseInt(hex[1] ?? (hex[2] || "0"), 16)
      : octal
        ? Number.parseInt(octal[1] ?? octal[2]!, 8)
        : control
          ? control[1]!.toUpperCase().charCodeAt(0) ^ 64
          : CONTROL[rest[0]!];
    const length = (hex ?? octal ?? control)?.[0].length ?? 1;
    if (code === undefined && /[A-Za-z0-9]/.test(rest[0]!)) {
      this.#fail(`unrecognized or unsupported escape \\${rest[0]}`);
      return undefined;
    }
    this.#at += length;
    if (code !== undefined && code > 255) {
      this.#fail("character code is too large");
      return undefined;
    }
    return code ?? rest.charCodeAt(0);
  }

  /** A bracket expression, from behind its `[`. */
  #class(): ByteSet {
    const negated = this.#take("^");
    const set = new Uint8Array(256);
    for (let first = true; first || this.#text[this.#at] !== "]"; first = false) {
      if (this.#at >= this.#text.length) {
        this.#fail("missing terminating ] for character class");
        return set;
      }
      const posix = /^\[:(\^?\w+):\]/.exec(this.#text.slice(this.#at, this.#at + 14));
      const named = posix ? posixSet(posix[1]!) : undefined;
      if (posix && !named) {
        this.#fail("unknown POSIX class name");
        return set;
      }
      if (posix) this.#at += posix[0].length;
      const low = named ?? this.#member();
      if (low === undefined) return set;
      if (typeof low !== "number") {
        for (let c = 0; c < 256; c++) if (low[c]) set[c] = 1;
        continue;
      }
      let high = low;
      if (this.#text[this.#at] === "-" && this.#text[this.#at + 1] !== "]" && this.#at + 1 < this.#text.length) {
        this.#at++;
        const end = this.#member();
        if (typeof end === "number") high = end;
        else if (end === undefined) return set;
        else {
          set[low] = 1;
          set[45] = 1;
          for (let c = 0; c < 256; c++) if (end[c]) set[c] = 1;
          continue;
        }
      }
      if (high < low) {
        this.#fail("range out of order in character class");
        return set;
      }
      for (let c = low; c <= high; c++) set[c] = 1;
    }
    this.#at++;
    return negated ? byteSet((c) => set[c] === 0) : set;
  }

  /** One byte, or a set such as `\d`, in a bracket expression. */
  #member(): number | ByteSet | undefined {
    const c = this.#text[this.#at++]!;
    if (c !== "\\") return c.charCodeAt(0);
    const next = this.#text[this.#at];
    if (next === undefined) {
      this.#fail("\\ at end of pattern");
      return undefined;
    }
    if (next === "b") {
      this.#at++;
      return 8;
    }
    const set = next === "N" ? undefined : escapeSet(next);
    if (set) this.#at++;
    return set ?? this.#escapedByte();
  }
}

const only = (byte: number): ByteSet => byteSet((c) => c === byte);

const PLACES: Readonly<Record<string, "begin" | "end" | "end-or-last-line" | "word" | "no-word">> = {
  A: "begin",
  G: "begin",
  Z: "end-or-last-line",
  z: "end",
  b: "word",
  B: "no-word",
};

/** `\R`: CR LF as one, or a single line end. */
const LINE_BREAK: Node = {
  kind: "atomic",
  item: {
    kind: "choice",
    items: [
      {
        kind: "sequence",
        items: [
          { kind: "set", set: only(13) },
          { kind: "set", set: only(10) },
        ],
      },
      { kind: "set", set: escapeSet("v")! },
    ],
  },
};

function withOptions(options: Options, on: string, off: string): Options {
  const now = (letter: string, before: boolean): boolean => (on.includes(letter) || before) && !off.includes(letter);
  return {
    ignoreCase: now("i", options.ignoreCase),
    multiline: now("m", options.multiline),
    dotAll: now("s", options.dotAll),
    extended: now("x", options.extended),
  };
}
