/**
 * JSON of control commands over byte strings (latin1, usually UTF-8 bytes): read as Kamailio's srjson reads it (what
 * follows the first value is not looked at), and written as it writes it (tabs in the readable form, six decimals).
 */
import { RpcArray, RpcDouble, RpcStruct } from "../../declare/module.ts";
import { IntText } from "../../declare/value.ts";

/** An object keeps its members in order, repeated names included. */
export type Json = string | number | boolean | null | Json[] | JsonObject;
export class JsonObject {
  readonly members: [name: string, value: Json][] = [];
  /** The first member of that name; srjson ignores case. */
  get(name: string): Json | undefined {
    return this.members.find(([it]) => it.toLowerCase() === name)?.[1];
  }
}

/** Deepest nesting that is read. */
const deepest = 100;

/** Undefined when the text does not begin with a JSON value. */
export function parseJson(text: string): Json | undefined {
  return new Reader(text).value(0);
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): Json | undefined {
    this.#space();
    const text = this.#text;
    if (depth > deepest) return undefined;
    for (const [word, value] of [
      ["null", null],
      ["false", false],
      ["true", true],
    ] as const)
      if (text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    switch (text[this.#at]) {
      case '"':
        return this.#string();
      case "[":
        return this.#array(depth);
      case "{":
        return this.#object(depth);
      default:
        return this.#number();
    }
  }

  #space(): void {
    while (this.#at < this.#text.length && this.#text.charCodeAt(this.#at) <= 32) this.#at++;
  }
  /** Steps over a character, and the space before it, when it is there. */
  #take(char: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #number(): number | undefined {
    const pattern = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (!match) return undefined;
    this.#at = pattern.lastIndex;
    return Number(match[0]);
  }

  #array(depth: number): Json[] | undefined {
    this.#at++;
    const list: Json[] = [];
    if (this.#take("]")) return list;
    do {
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      list.push(value);
    } while (this.#take(","));
    return this.#take("]") ? list : undefined;
  }

  #object(depth: number): JsonObject | undefined {
    this.#at++;
    const object = new JsonObject();
    if (this.#take("}")) return object;
    do {
      this.#space();
      const name = this.#text[this.#at] === '"' ? this.#string() : undefined;
      if (name === undefined || !this.#take(":")) return undefined;
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      object.members.push([name, value]);
    } while (this.#take(","));
    return this.#take("}") ? object : undefined;
  }

  #string(): string | undefined {
    const text = this.#text;
    let out = "";
    for (let at = this.#at + 1; at < text.length; at++) {
      const char = text[at]!;
      if (char === '"') {
        this.#at = at + 1;
        return out;
      }
      if (char !== "\\") {
        out += char;
        continue;
      }
      const escaped = text[++at];
      if (escaped === undefined) return undefined;
      if (escaped !== "u") {
        out += plain[escaped] ?? escaped;
        continue;
      }
      const unit = unitAt(text, at + 1);
      if (unit === undefined) return undefined;
      at += 4;
      if (unit < 0xd800 || unit > 0xdfff) {
        out += utf8(unit);
        continue;
      }
      // A pair stands for one character; half of one stands for nothing.
      const low = text.startsWith("\\u", at + 1) ? unitAt(text, at + 3) : undefined;
      if (unit < 0xdc00 && low !== undefined && low >= 0xdc00 && low <= 0xdfff) {
        out += utf8(0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff));
        at += 6;
      }
    }
    return undefined;
  }
}

const plain: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

const unitAt = (text: string, at: number): number | undefined => {
  const digits = text.slice(at, at + 4);
  return /^[0-9a-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : undefined;
};

/** A character's UTF-8 bytes, one char each. NUL, which would end a string in Kamailio, is left out. */
function utf8(code: number): string {
  if (code === 0) return "";
  if (code < 0x80) return String.fromCharCode(code);
  const tail = (shift: number): number => 0x80 | ((code >> shift) & 0x3f);
  if (code < 0x800) return String.fromCharCode(0xc0 | (code >> 6), tail(0));
  if (code < 0x10000) return String.fromCharCode(0xe0 | (code >> 12), tail(6), tail(0));
  return String.fromCharCode(0xf0 | (code >> 18), tail(12), tail(6), tail(0));
}

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};
const quoted = (text: string): string =>
  `"${text.replace(/["\\\x00-\x1f]/g, (char) => escapes[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)}"`;

/** Numbers as srjson prints them: whole ones in digits, others with six decimals, or with an exponent at the extremes. */
function printNumber(value: number): string {
  if (!Number.isFinite(value)) return "0";
  if (Number.isInteger(value)) return Math.abs(value) < 1e21 ? String(BigInt(value)) : value.toExponential(6);
  const size = Math.abs(value);
  if (size >= 1e-6 && size <= 1e9) return value.toFixed(6);
  return value.toExponential(6).replace(/e([+-])(\d)$/, "e$10$2");
}

/** A command's answer, or any part of it, as JSON. */
export function printJson(value: unknown, pretty = false, depth = 0): string {
  switch (typeof value) {
    case "string":
      return quoted(value);
    case "number":
      return printNumber(value);
    case "bigint":
    case "boolean":
      return String(value);
  }
  if (value === null || value === undefined) return "null";
  if (value instanceof IntText) return String(value.int);
  if (value instanceof RpcDouble) return printNumber(value.value);
  if (value instanceof RpcArray) return printJson(value.items, pretty, depth);
  const tabs = pretty ? "\t".repeat(depth + 1) : "";
  const [line, end] = pretty ? ["\n", "\t".repeat(depth)] : ["", ""];
  const joined = (parts: string[]): string =>
    parts.map((part) => tabs + part).join(`,${line}`) + (parts.length > 0 ? line : "");
  if (Array.isArray(value)) return `[${line}${joined(value.map((it) => printJson(it, pretty, depth + 1)))}${end}]`;
  const fields =
    value instanceof RpcStruct ? value.fields : value instanceof JsonObject ? value.members : Object.entries(value);
  const parts = fields.map(([name, it]) => `${quoted(name)}:${pretty ? "\t" : ""}${printJson(it, pretty, depth + 1)}`);
  return `{${line}${joined(parts)}${end}}`;
}
