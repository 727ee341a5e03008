/**
 * Expressions of `#!ifexp` and `#!defexp` (Kamailio: utils/snexpr.h). Numbers are single-precision; a define without a
 * value is 1, one with a value is that text, and a name that is not defined is 0. Assignments and macros are left out.
 */
import type { Defines } from "./defines.ts";

type Value = number | string;

/** The value of an expression, or null when it is not one or cannot be computed (division by zero, wrong types). */
export function evaluate(text: string, defines: Defines): Value | null {
  const tokens = cut(text);
  if (!tokens) return null;
  const reader = { tokens, at: 0, defines, depth: 0 };
  const value = binary(reader, LOOSEST);
  return reader.at === tokens.length ? value : null;
}

interface Reader {
  readonly tokens: readonly string[];
  at: number;
  readonly defines: Defines;
  depth: number;
}

const TOKEN =
  /\s+|#.*|([0-9][0-9.]*|"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|[@-\]_`a-z{}~\x80-\xff$][@-\]_`a-z{}~\x80-\xff$#0-9]*|\*\*|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%<>&|^,!()])/y;

function cut(text: string): string[] | undefined {
  const tokens: string[] = [];
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.length; ) {
    const found = TOKEN.exec(text);
    if (!found) return undefined;
    if (found[1] !== undefined) tokens.push(found[1]);
  }
  return tokens;
}

/** Levels of binary operators; a smaller number binds tighter. */
const levels: Readonly<Record<string, number>> = {
  "**": 2,
  "*": 2,
  "/": 2,
  "%": 2,
  "+": 3,
  "-": 3,
  "<<": 4,
  ">>": 4,
  "<": 5,
  "<=": 5,
  ">": 5,
  ">=": 5,
  "==": 5,
  "!=": 5,
  "&": 6,
  "|": 7,
  "^": 8,
  "&&": 9,
  "||": 10,
  ",": 12,
};
const LOOSEST = 12;
const MAX_DEPTH = 200;

function binary(reader: Reader, loosest: number): Value | null {
  let left = unary(reader);
  for (;;) {
    const operator = reader.tokens[reader.at];
    const level = operator === undefined ? undefined : levels[operator];
    if (operator === undefined || level === undefined || level > loosest) return left;
    reader.at++;
    const right = binary(reader, operator === "**" ? level : level - 1);
    left = apply(operator, left, right);
  }
}

function unary(reader: Reader): Value | null {
  const token = reader.tokens[reader.at++];
  if (token === undefined || ++reader.depth > MAX_DEPTH) return null;
  const value = operand(reader, token);
  reader.depth--;
  return value;
}

function operand(reader: Reader, token: string): Value | null {
  if (token === "-" || token === "!" || token === "^") {
    const value = unary(reader);
    if (typeof value !== "number") return null;
    return token === "-" ? -value : token === "!" ? Number(value === 0) : ~toInt(value);
  }
  if (token === "(") {
    const value = binary(reader, LOOSEST);
    return reader.tokens[reader.at++] === ")" ? value : null;
  }
  if (/^[0-9]/.test(token)) return Math.fround(parseNumber(token));
  if (/^["']/.test(token))
    return token.slice(1, -1).replaceAll(/\\([\s\S])/g, (_, char: string) => escapes[char] ?? char);
  if (!/^[@-\]_`a-z{}~\x80-\xff$]/.test(token)) return null;
  const define = reader.defines.get(token);
  if (!define) return 0;
  if (define.value === undefined) return 1;
  const quoted = /^(["'])([\s\S]*)\1$/.exec(define.value);
  return quoted ? quoted[2]! : define.value;
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

function apply(operator: string, left: Value | null, right: Value | null): Value | null {
  if (operator === "&&") return isTrue(left) && isTrue(right) ? numberOf(right) : 0;
  if (operator === "||") return isTrue(left) ? numberOf(left) : isTrue(right) ? numberOf(right) : 0;
  if (left === null || right === null) return null;
  if (operator === ",") return right;
  if (operator === "+") {
    return typeof left === "string" ? left + format(right) : Math.fround(left + asNumber(right));
  }
  const comparison = comparisons[operator];
  if (comparison) {
    const order = typeof left === "string" ? compare(left, format(right)) : left - asNumber(right);
    return Number(comparison(order));
  }
  if (typeof left === "string" || typeof right === "string") return null;
  switch (operator) {
    case "**":
      return Math.fround(left ** right);
    case "*":
      return Math.fround(left * right);
    case "/":
      return right === 0 ? null : Math.fround(left / right);
    case "%":
      return Math.fround(left % right);
    case "-":
      return Math.fround(left - right);
    case "<<":
      return toInt(left) << toInt(right);
    case ">>":
      return toInt(left) >> toInt(right);
    case "&":
      return toInt(left) & toInt(right);
    case "|":
      return toInt(left) | toInt(right);
    default:
      return toInt(left) ^ toInt(right);
  }
}

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
  "==": (order) => order === 0,
  "!=": (order) => order !== 0,
};

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const isTrue = (value: Value | null): boolean => value !== null && value !== 0;
const numberOf = (value: Value | null): Value => (typeof value === "number" ? value : 1);
const toInt = (value: number): number =>
  Number.isNaN(value) ? 0 : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(value)));

const parseNumber = (text: string): number =>
  /^[0-9]*\.?[0-9]*$/.test(text) && /[0-9]/.test(text) ? Number(text) : Number.NaN;
const asNumber = (value: Value): number => (typeof value === "number" ? value : Math.fround(parseNumber(value)));
/** Whole numbers without a point, others with four significant digits, as `%.4g` prints them. */
const format = (value: Value): string =>
  typeof value === "string" ? value : Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
