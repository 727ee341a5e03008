/** avp_op: arithmetic on integer AVPs, `operator/value/flags`. */
import type { AvpValue } from "../../declare/avp.ts";
import type { Call } from "../../declare/call.ts";
import { add, and, div, mod, mul, not, or, sub, wrap32, xor } from "../../declare/int.ts";
import type { Int } from "../../declare/value.ts";
import { splitOperation } from "./check.ts";
import {
  type AvpOperand,
  nameOf,
  type Operand,
  parseAvp,
  parseConstant,
  parseVariable,
  readFlags,
  splitFlags,
  valuesOf,
} from "./operand.ts";
import { type AvpopsState, complain } from "./state.ts";

export interface Operation {
  readonly operator: string;
  readonly operand: Operand;
  /** Removes the AVPs that were used. */
  readonly remove: boolean;
}

const OPERATORS: Readonly<Record<string, (a: Int, b: Int) => Int>> = {
  add,
  sub,
  mul,
  div: (a, b) => (b === 0 ? 0 : div(a, b)),
  mod: (a, b) => (b === 0 ? 0 : mod(a, b)),
  and,
  or,
  xor,
  not: (_a, b) => not(b),
};

/** A string is the problem. */
export function parseOperation(text: string, state: AvpopsState): Operation | string {
  const parts = splitOperation(text, Object.keys(OPERATORS));
  if (typeof parts === "string") return parts;
  const flags = readFlags(parts.flags, "gd");
  if (typeof flags === "string") return flags;
  const { operator, value } = parts;
  const operand = value.startsWith("$") ? parseVariable(value, state) : parseConstant(value);
  if (typeof operand === "string") return operand;
  if (operand.kind === "constant" && typeof operand.value === "string") return `\`${value}\` is no integer`;
  return { operator, operand, remove: flags.has("d") };
}

/** `$avp(source)/$avp(target)`; without a target, the source is the target. */
export function parseOperands(
  text: string,
  state: AvpopsState,
): { readonly source: AvpOperand; readonly target: AvpOperand } | string {
  const [first, second] = splitFlags(text);
  const source = parseAvp(first, state);
  if (typeof source === "string") return source;
  const target = second ? parseAvp(second, state) : source;
  return typeof target === "string" ? target : { source, target };
}

const isInteger = (value: AvpValue): value is Int => typeof value !== "string";

/** Adds one AVP for each integer of the source, and for each of the operand: those build on each other's result. */
export function operate(
  call: Call,
  { source, target }: { readonly source: AvpOperand; readonly target: AvpOperand },
  operation: Operation,
  state: AvpopsState,
): 1 | -1 {
  const from = nameOf(call, source);
  const to = nameOf(call, target);
  if (from === undefined || to === undefined) return complain(state, "the name of an AVP is missing");
  const { avps } = call.lists;
  const found = avps.all(from);
  // An AVP pushed later lies on top: counted from the oldest, the places of these stay.
  const used = found
    .map((value, i) => ({ value, fromOldest: found.length - 1 - i }))
    .filter((it) => isInteger(it.value));
  if (found.length === 0 || (used.length === 0 && operation.operator !== "not")) return -1;
  const compute = OPERATORS[operation.operator]!;
  for (const { value, fromOldest } of used.length > 0 ? used : [{ value: 0, fromOldest: -1 }]) {
    const operands = valuesOf(call, operation.operand)?.filter(isInteger);
    if (!operands || operands.length === 0) return -1;
    let result = value as Int;
    for (const operand of operands) {
      if (operand === 0 && (operation.operator === "div" || operation.operator === "mod"))
        complain(state, `${operation.operator} by 0`);
      result = wrap32(compute(result, operand));
      avps.push(to, result);
    }
    if (operation.remove && fromOldest >= 0) avps.remove(from, avps.count(from) - 1 - fromOldest);
  }
  return 1;
}
