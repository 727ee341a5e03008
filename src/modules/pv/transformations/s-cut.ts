/** `{s.*}`: parts of a text and replacements in it. */
import { skipBlanks, type Transformation } from "../../../declare/transformations.ts";
import { paramNumber, paramText, readParam } from "../../../declare/transformations-params.ts";
import type { Variables } from "../../../declare/variable.ts";
import { toText } from "../../../declare/variables-values.ts";
import { type Declared, onText, trim, trimEnd, trimStart, withNumber, withText } from "./class.ts";

const twoNumbers = (
  doc: string,
  lowest: readonly (number | undefined)[],
  apply: (text: string, a: number, b: number) => string | undefined,
): Declared => ({
  doc,
  params: ["number", "number"],
  make: (params) => {
    for (let i = 0; i < 2; i++) {
      const param = params[i];
      if (typeof param === "number" && lowest[i] !== undefined && param < lowest[i]!) return `\`${param}\` is too low`;
    }
    const [first, second] = params;
    return (value, call) => {
      const a = paramNumber(first!, call);
      const b = paramNumber(second!, call);
      return a === undefined || b === undefined ? undefined : apply(toText(value), a, b);
    };
  },
});

/** A length of 0, or one that reaches beyond the end, means up to the end. */
function substr(text: string, offset: number, length: number): string | undefined {
  if (length < 0 || (offset >= 0 ? offset >= text.length : -offset > text.length)) return undefined;
  const start = offset >= 0 ? offset : text.length + offset;
  const toEnd = length === 0 || (offset >= 0 ? offset + length >= text.length : -offset < length);
  return text.slice(start, toEnd ? undefined : start + length);
}

/** The n-th field between separators, from the end with a negative index. */
function select(text: string, index: number, isSeparator: (c: string) => boolean): string {
  const fields: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++)
    if (isSeparator(text[i]!)) {
      fields.push(text.slice(start, i));
      start = i + 1;
    }
  fields.push(text.slice(start));
  return fields[index < 0 ? fields.length + index : index] ?? "";
}

const SEPARATORS: Readonly<Record<string, string>> = { "\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\t": "\t" };

/** An index and one character, which stands right behind the comma and may be anything. */
function readSelect(raw: string | undefined, variables: Variables): Transformation | string {
  if (raw === undefined) return "the transformation `select` needs an index and a separator";
  const index = readParam(raw, 0, "number", variables);
  if (typeof index === "string") return index;
  const comma = skipBlanks(raw, index.end);
  const length = raw[comma + 1] === "\\" ? 2 : 1;
  const written = raw.slice(comma + 1, comma + 1 + length);
  const separator = length === 2 ? SEPARATORS[written] : written;
  if (raw[comma] !== "," || !separator) return "the transformation `select` needs an index and a separator";
  if (skipBlanks(raw, comma + 1 + length) !== raw.length)
    return `unexpected \`${raw}\` in the transformation \`select\``;
  return (value, call) => {
    const n = paramNumber(index.param, call);
    return n === undefined ? undefined : select(toText(value), n, (c) => c === separator);
  };
}

const isWhite = (c: string): boolean => c === " " || c === "\t" || c === "\n" || c === "\r";

/** `search` empty never matches. */
function replaceAll(text: string, search: string, replacement: string): string {
  return search === "" ? text : text.split(search).join(replacement);
}

const unescaped = (text: string): string =>
  text.replace(/\\([\s\S])/g, (_, c: string) => (c === "n" ? "\n" : c === "r" ? "\r" : c === "t" ? "\t" : c));

/** What Kamailio finds where a parameter of one character is empty: the brace behind it. */
const NONE = "}";

function before(text: string, at: number): string {
  return at < 0 ? text : text.slice(0, at);
}

/**
 * A line end and `width` blanks or tabs go before each of the characters from the second up to the `length`-th: what
 * Kamailio's fmtlines does instead of breaking every `length` characters. A text not longer than `width` is broken
 * in place there: characters that were written over are read as what stands there by then.
 */
const brokenLines = (text: string, length: number, width: number, pad: string): string | undefined => {
  if (length <= 0 || width < 0 || text.length + Math.floor(text.length / length) * (2 + width) > LONGEST)
    return undefined;
  const inPlace = width >= text.length;
  let out = "";
  for (let i = 0; i < text.length; i++) {
    if (i !== 0 && i < length) out += `\r\n${pad.repeat(width)}`;
    out += inPlace && i < out.length ? out[i] : text[i];
  }
  return out;
};

/** TR_BUFFER_SIZE less what Kamailio keeps free of it. */
const LONGEST = 65533;

const prefixes = (text: string, most: number, quote: string): string => {
  const count = most > 0 && most < text.length ? most : text.length;
  return Array.from({ length: count }, (_, i) => quote + text.slice(0, i + 1) + quote).join(",");
};

/** A single character, or digit, stays what it is. */
const unwrapping = (doc: string, isPair: (first: string, last: string) => boolean): Declared => ({
  doc,
  make: () => (value) => {
    const text = toText(value);
    if (text.length < 2) return value;
    return isPair(text[0]!, text[text.length - 1]!) ? text.slice(1, -1) : text;
  },
});

const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}", "<": ">" };

export const cuts: Readonly<Record<string, Declared>> = {
  substr: twoNumbers(
    "`length` characters from `offset`, which counts from the end when it is negative; length 0 is up to the end.",
    [undefined, 0],
    substr,
  ),
  select: {
    doc: "The n-th field, from 0, between separators; a negative index counts from the end.",
    read: readSelect,
  },
  selectsw: withNumber("The n-th field between single white space characters.", (text, n) => select(text, n, isWhite)),
  strip: withNumber("Without the first n characters.", (text, n) => (n > 0 ? text.slice(n) : text)),
  striptail: withNumber("Without the last n characters.", (text, n) =>
    n > 0 ? text.slice(0, Math.max(0, text.length - n)) : text,
  ),
  stripto: withText("From the first occurrence of a character on; empty when it does not occur.", (text, c) => {
    const at = text.indexOf(c[0] ?? NONE);
    return at < 0 ? "" : text.slice(at);
  }),
  prefixes: withNumber("All prefixes, the shortest first, at most n.", (text, n) => prefixes(text, n, ""), true),
  "prefixes.quoted": withNumber("All prefixes in single quotes.", (text, n) => prefixes(text, n, "'"), true),
  replace: {
    doc: "Every occurrence of `match` replaced by `repl`.",
    params: ["text", "text"],
    make:
      ([match, replacement]) =>
      (value, call) => {
        const search = paramText(match!, call);
        const put = paramText(replacement!, call);
        return search === undefined || put === undefined ? undefined : replaceAll(toText(value), search, put);
      },
  },
  rm: {
    doc: "Without any occurrence of `match`; \\n, \\r, \\t and \\\\ stand for themselves.",
    params: ["text"],
    make: ([match]) => {
      const literal = typeof match === "string" ? unescaped(match) : undefined;
      return (value, call) => {
        const search = literal ?? paramText(match!, call);
        return search === undefined ? undefined : replaceAll(toText(value), search, "");
      };
    },
  },
  trim: onText("Without white space at both ends.", trim),
  ltrim: onText("Without white space at the beginning.", trimStart),
  rtrim: onText("Without white space at the end.", trimEnd),
  rmws: onText("Without any white space.", (text) => text.replace(/[ \t\r\n]/g, "")),
  rmhdws: onText("Line ends and the white space behind them become one blank.", (text) =>
    text.replace(/[\r\n]+[ \t][\r\n \t]*|[\r\n]+/g, (it) => (/[ \t]/.test(it) ? " " : "")),
  ),
  rmhlws: onText("Without line ends and the white space behind them.", (text) => text.replace(/[\r\n][\r\n \t]*/g, "")),
  unquote: unwrapping(
    "Without a pair of quotes around it.",
    (first, last) => first === last && (first === '"' || first === "'"),
  ),
  unbracket: unwrapping("Without a pair of brackets around it.", (first, last) => CLOSING[first] === last),
  count: withText("How often a character occurs.", (text, c) => text.split(c[0] ?? NONE).length - 1, "separator"),
  before: withText(
    "What stands before the first occurrence of a character; all of it when there is none.",
    (text, c) => before(text, text.indexOf(c[0] ?? NONE)),
    "separator",
  ),
  after: withText(
    "What stands behind the first occurrence of a character; nothing when there is none.",
    (text, c) => {
      const at = text.indexOf(c[0] ?? NONE);
      return at < 0 ? "" : text.slice(at + 1);
    },
    "separator",
  ),
  rbefore: withText(
    "What stands before the last occurrence of a character; all of it when there is none.",
    (text, c) => before(text, text.lastIndexOf(c[0] ?? NONE)),
    "separator",
  ),
  // Kamailio searches in the wrong direction and never finds anything behind which text remains.
  rafter: withText(
    "Always empty, as in Kamailio, whose search for the last occurrence goes astray.",
    () => "",
    "separator",
  ),
  fmtlines: twoNumbers(
    "Line ends and m blanks before each of the characters 2 to n, as Kamailio does.",
    [0, 0],
    (text, n, m) => brokenLines(text, n, m, " "),
  ),
  fmtlinet: twoNumbers(
    "Line ends and m tabs before each of the characters 2 to n, as Kamailio does.",
    [0, 0],
    (text, n, m) => brokenLines(text, n, m, "\t"),
  ),
  charat: withNumber("The character at a position; empty when there is none.", (text, n) => text[n] ?? ""),
};
