/**
 * JSON as json-c reads it without its strict mode: comments, single quotes, words in any case, NaN and Infinity,
 * trailing commas, anything behind the value.
 */
import { ESCAPES, type Json, JsonNumber, type JsonObject, utf8 } from "./tree.ts";

/** JSON_TOKENER_DEFAULT_DEPTH. */
const DEEPEST = 32;

/** Undefined when the text is malformed, or nothing but `null`. */
export function parseLenient(text: string): Json | undefined {
  const parser = new Parser(text);
  const value = parser.value(0);
  return parser.malformed ? undefined : (value ?? undefined);
}

const NUMBER = /[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]*)?/y;
const WORD = /[A-Za-z]+/y;

class Parser {
  /** Something is wrong; what the methods return no longer means anything then. */
  malformed = false;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    const nul = text.indexOf("\0");
    this.#text = nul < 0 ? text : text.slice(0, nul);
  }

  /** Goes to the end, where every loop stops. */
  #fail(): void {
    this.malformed = true;
    this.#at = this.#text.length;
  }

  value(depth: number): Json {
    if (depth >= DEEPEST) this.#fail();
    const c = this.#next();
    if (c === "{") return this.#object(depth);
    if (c === "[") return this.#array(depth);
    if (c === '"' || c === "'") return this.#string(c);
    return this.#number() ?? this.#word();
  }

  /** The character behind white space and comments. */
  #next(): string | undefined {
    while (true) {
      const c = this.#text[this.#at];
      if (c === " " || c === "\t" || c === "\n" || c === "\r" || c === "\v" || c === "\f") this.#at++;
      else if (c === "/") this.#comment();
      else return c;
    }
  }

  #comment(): void {
    const line = this.#text[this.#at + 1] === "/";
    const block = this.#text[this.#at + 1] === "*";
    const end = line || block ? this.#text.indexOf(line ? "\n" : "*/", this.#at + 2) : -1;
    if (end < 0) this.#fail();
    else this.#at = end + (line ? 1 : 2);
  }

  #object(depth: number): JsonObject {
    const object: JsonObject = new Map();
    this.#at++;
    while (true) {
      const c = this.#next();
      if (c === "}") break;
      if (c !== '"' && c !== "'") {
        this.#fail();
        break;
      }
      const name = this.#string(c);
      if (this.#next() !== ":") this.#fail();
      this.#at++;
      object.set(name, this.value(depth + 1));
      if (!this.#comma("}")) break;
    }
    this.#at++;
    return object;
  }

  #array(depth: number): Json[] {
    const items: Json[] = [];
    this.#at++;
    while (!this.malformed && this.#next() !== "]") {
      items.push(this.value(depth + 1));
      if (!this.#comma("]")) break;
    }
    this.#at++;
    return items;
  }

  /** Skips a comma; false when the end of the list comes instead, or what follows is malformed. */
  #comma(end: string): boolean {
    const c = this.#next();
    if (c === end) return false;
    if (c !== ",") this.#fail();
    this.#at++;
    return !this.malformed;
  }

  #string(quote: string): string {
    let out = "";
    this.#at++;
    while (!this.malformed) {
      const c = this.#text[this.#at++];
      if (c === quote) break;
      if (c === undefined) this.#fail();
      else out += c === "\\" ? this.#escaped() : c;
    }
    return out;
  }

  #escaped(): string {
    const letter = this.#text[this.#at++] ?? "";
    if (letter === "u") return this.#unicode();
    if (!Object.hasOwn(ESCAPES, letter)) this.#fail();
    return ESCAPES[letter] ?? "";
  }

  #unicode(): string {
    const code = this.#hex();
    if (code < 0xd800 || code > 0xdfff) return utf8(code);
    if (code < 0xdc00 && this.#text.startsWith("\\u", this.#at)) {
      const back = this.#at;
      this.#at += 2;
      const low = this.#hex();
      if (low >= 0xdc00 && low <= 0xdfff) return utf8(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
      this.#at = back;
    }
    // Half of a pair becomes the replacement character.
    return utf8(0xfffd);
  }

  #hex(): number {
    const digits = this.#text.slice(this.#at, this.#at + 4);
    if (!/^[0-9A-Fa-f]{4}$/.test(digits)) {
      this.#fail();
      return 0;
    }
    this.#at += 4;
    return Number.parseInt(digits, 16);
  }

  #number(): JsonNumber | undefined {
    NUMBER.lastIndex = this.#at;
    const text = NUMBER.exec(this.#text)?.[0];
    if (text === undefined || text.startsWith("+") || text.startsWith(".")) return undefined;
    this.#at += text.length;
    if (/[.eE]/.test(text)) return new JsonNumber(text, true);
    return new JsonNumber(clamp(BigInt(text)).toString(), false);
  }

  #word(): Json {
    const negative = this.#text[this.#at] === "-";
    WORD.lastIndex = negative ? this.#at + 1 : this.#at;
    const word = WORD.exec(this.#text)?.[0] ?? "";
    this.#at += word.length + (negative ? 1 : 0);
    switch (word.toLowerCase()) {
      case "infinity":
        return new JsonNumber(negative ? "-Infinity" : "Infinity", true);
      case "nan":
        if (!negative) return new JsonNumber("NaN", true);
        break;
      case "null":
        if (!negative) return null;
        break;
      case "true":
      case "false":
        if (!negative) return word.toLowerCase() === "true";
        break;
    }
    this.#fail();
    return null;
  }
}

/** 64 bits: unsigned above, signed below. */
function clamp(value: bigint): bigint {
  if (value > 18446744073709551615n) return 18446744073709551615n;
  return value < -9223372036854775808n ? -9223372036854775808n : value;
}
