/** avp_check: `operator/value/flags`. */
import type { AvpValue } from "../../declare/avp.ts";
import type { Call } from "../../declare/call.ts";
import { fnmatch } from "../../declare/fnmatch.ts";
import { and, or, xor } from "../../declare/int.ts";
import type { Regex } from "../../declare/module.ts";
import { toText } from "../../declare/variables-values.ts";
import { type Operand, parseConstant, parseVariable, readFlags, valuesOf } from "./operand.ts";
import type { AvpopsState } from "./state.ts";

export interface Check {
  readonly operator: string;
  readonly operand: Operand;
  /** A constant regular expression. */
  readonly regex: Regex | undefined;
  readonly all: boolean;
  readonly ignoreCase: boolean;
}

const OPERATORS = ["eq", "ne", "lt", "le", "gt", "ge", "re", "fm", "and", "or", "xor"];

/** A string is the problem. */
export function parseCheck(text: string, state: AvpopsState): Check | string {
  const parts = splitOperation(text, OPERATORS);
  if (typeof parts === "string") return parts;
  const { operator, value, flags: letters } = parts;
  const flags = readFlags(letters, "gi");
  if (typeof flags === "string") return flags;
  const operand = value.startsWith("$") ? parseVariable(value, state) : parseConstant(value);
  if (typeof operand === "string") return operand;
  let regex: Regex | undefined;
  if (operand.kind === "constant") {
    if (operator === "fm" && typeof operand.value !== "string") return "`fm` compares with text";
    if (operator === "re" && typeof operand.value === "string") {
      const compiled = compile(state, operand.value);
      if (!compiled) return `\`${operand.value}\` is no regular expression`;
      regex = compiled;
    }
  }
  return { operator, operand, regex, all: flags.has("g"), ignoreCase: flags.has("i") };
}

const compile = ({ core }: AvpopsState, source: string): Regex | null =>
  core.regex(source, { icase: true, newline: true });

/** `operator/value/flags`. The operator may be longer than its name by what makes it three characters. */
export function splitOperation(
  text: string,
  operators: readonly string[],
): { readonly operator: string; readonly value: string; readonly flags: string } | string {
  const first = text.indexOf("/");
  if (first !== 2 && first !== 3) return `\`${text}\` is not written operator/value`;
  const name = text.slice(0, first).toLowerCase();
  const operator = operators.find((it) => name.startsWith(it));
  if (!operator) return `\`${name}\` is no operator here`;
  const second = text.indexOf("/", first + 1);
  const value = second < 0 ? text.slice(first + 1) : text.slice(first + 1, second);
  if (value === "") return `\`${text}\` lacks a value`;
  if (second === text.length - 1) return `\`${text}\` lacks its flags`;
  return { operator, value, flags: second < 0 ? "" : text.slice(second + 1) };
}

/** Says whether a value of `source`, the newest or with the flag `g` any, fits any value of the check. */
export function holds(call: Call, source: Operand, check: Check, state: AvpopsState): boolean {
  const values = valuesOf(call, source);
  if (!values) return false;
  for (const value of check.all && source.kind === "avp" ? values : values.slice(0, 1)) {
    const others = valuesOf(call, check.operand);
    if (!others || others.length === 0) return false;
    for (const other of others) if (fits(value, other, check, state)) return true;
  }
  return false;
}

function fits(value: AvpValue, other: AvpValue, check: Check, state: AvpopsState): boolean {
  if ((typeof value === "string") !== (typeof other === "string")) return false;
  return typeof value === "string"
    ? fitsText(value, toText(other), check, state)
    : fitsInt(value, other, check.operator);
}

function fitsText(value: string, other: string, check: Check, state: AvpopsState): boolean {
  const order = compareCaseless(value, other);
  const equal = check.ignoreCase ? order === 0 : value === other;
  switch (check.operator) {
    case "eq":
      return equal;
    case "ne":
      return !equal;
    case "lt":
      return order < 0;
    case "le":
      return order <= 0;
    case "gt":
      return order > 0;
    case "ge":
      return order >= 0;
    case "re":
      return (check.regex ?? compile(state, other))?.test(value) ?? false;
    case "fm":
      // The flag i needs a GNU extension that Kamailio is built without.
      return fnmatch(other, value);
    default:
      return false;
  }
}

function compareCaseless(a: string, b: string): number {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()];
  return x < y ? -1 : x > y ? 1 : 0;
}

function fitsInt(value: AvpValue, other: AvpValue, operator: string): boolean {
  if (typeof value === "string" || typeof other === "string") return false;
  switch (operator) {
    case "eq":
      return value === other;
    case "ne":
      return value !== other;
    case "lt":
      return value < other;
    case "le":
      return value <= other;
    case "gt":
      return value > other;
    case "ge":
      return value >= other;
    case "and":
      return and(value, other) !== 0;
    case "or":
      return or(value, other) !== 0;
    case "xor":
      return xor(value, other) !== 0;
    default:
      return false;
  }
}
