/**
 * JSON as jansson reads it (JSON_REJECT_DUPLICATES): RFC 8259, UTF-8, an object or array, integers of 64 bits,
 * no NUL and no member twice.
 */
import { ESCAPES, type Json, JsonNumber, type JsonObject, utf8 } from "../json/tree.ts";

/** JSON_PARSER_MAX_DEPTH. */
const DEEPEST = 2048;

/** A string says what is wrong. */
export function parseStrict(text: string): JsonObject | Json[] | string {
  const parser = new Parser(text);
  const root = parser.document();
  return parser.problem ?? root;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;

class Parser {
  /** The first thing that is wrong; what the methods return no longer means anything then. */
  problem: string | undefined = undefined;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    const nul = text.indexOf("\0");
    this.#text = nul < 0 ? text : text.slice(0, nul);
  }

  document(): JsonObject | Json[] {
    const c = this.#next();
    if (c !== "{" && c !== "[") this.#fail("'[' or '{' expected");
    const value = c === "{" ? this.#object(1) : this.#array(1);
    if (this.#next() !== undefined) this.#fail("end of file expected");
    return value;
  }

  /** Keeps the problem and goes to the end, where every loop stops. */
  #fail(what: string): void {
    this.problem ??= `${what} at ${this.#at}`;
    this.#at = this.#text.length;
  }

  #value(depth: number): Json {
    if (depth > DEEPEST) this.#fail("maximum parsing depth reached");
    const c = this.#next();
    if (c === "{") return this.#object(depth + 1);
    if (c === "[") return this.#array(depth + 1);
    if (c === '"') return this.#string();
    for (const [word, value] of [
      ["null", null],
      ["true", true],
      ["false", false],
    ] as const)
      if (this.#text.startsWith(word, this.#at) && !/[A-Za-z]/.test(this.#text[this.#at + word.length] ?? "")) {
        this.#at += word.length;
        return value;
      }
    return this.#number();
  }

  #next(): string | undefined {
    while (true) {
      const c = this.#text[this.#at];
      if (c !== " " && c !== "\t" && c !== "\n" && c !== "\r") return c;
      this.#at++;
    }
  }

  #object(depth: number): JsonObject {
    const object: JsonObject = new Map();
    this.#at++;
    if (this.#next() === "}") {
      this.#at++;
      return object;
    }
    while (true) {
      if (this.#next() !== '"') this.#fail("string or '}' expected");
      const name = this.#string();
      if (object.has(name)) this.#fail("duplicate object key");
      if (this.#next() !== ":") this.#fail("':' expected");
      this.#at++;
      object.set(name, this.#value(depth));
      if (this.#ends("}")) return object;
    }
  }

  #array(depth: number): Json[] {
    const items: Json[] = [];
    this.#at++;
    if (this.#next() === "]") {
      this.#at++;
      return items;
    }
    while (true) {
      items.push(this.#value(depth));
      if (this.#ends("]")) return items;
    }
  }

  /** Behind an item: true at the end of the list, also where it is malformed, false after a comma. */
  #ends(close: string): boolean {
    const c = this.#next();
    if (c !== "," && c !== close) this.#fail(`'${close}' expected`);
    if (this.problem !== undefined) return true;
    this.#at++;
    return c === close;
  }

  #string(): string {
    let out = "";
    this.#at++;
    while (this.problem === undefined) {
      const c = this.#text[this.#at];
      this.#at++;
      if (c === '"') {
        if (!isUtf8(out)) this.#fail("unable to decode as UTF-8");
        break;
      }
      if (c === undefined) this.#fail("premature end of input");
      else if (c < " ") this.#fail("control character in a string");
      else out += c === "\\" ? this.#escaped() : c;
    }
    return out;
  }

  #escaped(): string {
    const letter = this.#text[this.#at++] ?? "";
    if (letter === "u") return this.#unicode();
    if (!Object.hasOwn(ESCAPES, letter)) this.#fail("invalid escape");
    return ESCAPES[letter] ?? "";
  }

  #unicode(): string {
    const code = this.#hex();
    if (code === 0) this.#fail("\\u0000 is not allowed");
    if (code < 0xd800 || code > 0xdfff) return utf8(code);
    if (code < 0xdc00 && this.#text.startsWith("\\u", this.#at)) {
      this.#at += 2;
      const low = this.#hex();
      if (low >= 0xdc00 && low <= 0xdfff) return utf8(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
    }
    this.#fail("invalid Unicode escape");
    return "";
  }

  #hex(): number {
    const digits = this.#text.slice(this.#at, this.#at + 4);
    if (!/^[0-9A-Fa-f]{4}$/.test(digits)) {
      this.#fail("invalid escape");
      return 0;
    }
    this.#at += 4;
    return Number.parseInt(digits, 16);
  }

  #number(): JsonNumber {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    const behind = match && this.#text[this.#at + match[0].length];
    if (!match || (behind && /[0-9A-Za-z.]/.test(behind))) {
      this.#fail("invalid token");
      return new JsonNumber("0", false);
    }
    const real = match[1] !== undefined || match[2] !== undefined;
    const value = BigInt.asIntN(64, real ? 0n : BigInt(match[0]));
    if (real ? !Number.isFinite(Number(match[0])) : value !== BigInt(match[0])) this.#fail("number too big");
    this.#at += match[0].length;
    return new JsonNumber(match[0], real);
  }
}

/** Whether bytes are UTF-8 (RFC 3629). */
export function isUtf8(bytes: string): boolean {
  let i = 0;
  while (i < bytes.length) {
    const first = bytes.charCodeAt(i++);
    if (first < 0x80) continue;
    if (first < 0xc2 || first > 0xf4) return false;
    const more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    const second = bytes.charCodeAt(i);
    // No overlong forms, surrogates, or code points beyond the last.
    if (first === 0xe0 && second < 0xa0) return false;
    if (first === 0xed && second > 0x9f) return false;
    if (first === 0xf0 && second < 0x90) return false;
    if (first === 0xf4 && second > 0x8f) return false;
    for (const end = i + more; i < end; i++) if ((bytes.charCodeAt(i) & 0xc0) !== 0x80) return false;
  }
  return true;
}
