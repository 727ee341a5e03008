/**
 * What Kamailio does to expressions when a script is loaded (rvalue.c, fix_rval_expr): constants are folded, operators
 * become typed where the left type is known, and operations with 0, 1 and "" are shortened. The last is visible:
 * `route(X) && 0` never runs the route.
 */

import { binary, constant, isConstant, selection, unary } from "../check/expressions.ts";
import type { BinaryName, BinaryOp, Constant, Rv, UnaryOp } from "../check/ir.ts";
import { add, and, div, mod, mul, negate, not, or, shiftLeft, shiftRight, sub, xor } from "../declare/int.ts";
import type { Regex } from "../declare/module.ts";
import { equal, plus, toInt } from "../declare/semantics.ts";
import type { Int } from "../declare/value.ts";

/** Compiles the pattern of a `=~`; null when it is wrong. */
export type Patterns = (source: string) => Regex | null;

export function fold(rv: Rv, patterns: Patterns): Rv {
  switch (rv.op) {
    case "unary":
      return foldUnary({ ...rv, operand: fold(rv.operand, patterns) });
    case "binary":
      return foldBinary({ ...rv, left: fold(rv.left, patterns), right: fold(rv.right, patterns) }, patterns);
    case "selection": {
      const folded = {
        ...rv,
        condition: fold(rv.condition, patterns),
        yes: fold(rv.yes, patterns),
        no: fold(rv.no, patterns),
      };
      const { condition, yes, no } = folded;
      if (condition.op !== "constant" || yes.op !== "constant" || no.op !== "constant")
        return selection(condition, yes, no, rv.span);
      const holds = toInt(condition.value);
      return Number.isNaN(holds) ? folded : holds > 0 ? yes : no;
    }
    case "comparison":
      return rv.right.kind === "value"
        ? { ...rv, right: { kind: "value", value: fold(rv.right.value, patterns) } }
        : rv;
    default:
      return rv;
  }
}

const text = (it: Constant): string => String(it.value);

function foldUnary(rv: UnaryOp): Rv {
  const { operand, name, span } = rv;
  if (operand.op !== "constant") return rv;
  const number = toInt(operand.value);
  const whole = (value: Int): Rv => (Number.isNaN(number) ? rv : constant(value, span));
  switch (name) {
    case "!":
      return whole(number === 0 ? 1 : 0);
    case "-":
      return whole(negate(number));
    case "~":
      return whole(not(number));
    case "(int)":
      return whole(number);
    case "(str)":
      return constant(text(operand), span);
    case "defined":
      return constant(1, span);
    case "undefined":
      return constant(0, span);
    case "strlen":
      return constant(text(operand).length, span);
    case "strempty":
      return constant(text(operand) === "" ? 1 : 0, span);
  }
}

function foldBinary(rv: BinaryOp, patterns: Patterns): Rv {
  const { left, right, span } = rv;
  if (left.op === "constant" && right.op === "constant") {
    const value = compute(rv.name, left, right, patterns);
    // Without a result (division by zero) the operation stays, and fails when it is run.
    return value === undefined || Number.isNaN(value) ? rv : constant(value, span);
  }
  if (isConstant(rv)) return rv;
  const typed = settle(rv);
  return shorten(typed) ?? typed;
}

function compute(name: BinaryName, left: Constant, right: Constant, patterns: Patterns): Int | string | undefined {
  const a = toInt(left.value);
  const b = toInt(right.value);
  const flag = (it: boolean): number => (it ? 1 : 0);
  // Text that is no number has no result where a number is wanted.
  if (!takesText(name) && (Number.isNaN(a) || Number.isNaN(b))) return undefined;
  switch (name) {
    case "+":
      return plus(left.value, right.value);
    case "int+":
      return add(a, b);
    case "concat":
      return text(left) + text(right);
    case "-":
      return sub(a, b);
    case "*":
      return mul(a, b);
    case "/":
      return div(a, b);
    case "mod":
      return mod(a, b);
    case "&":
      return and(a, b);
    case "|":
      return or(a, b);
    case "^":
      return xor(a, b);
    case "<<":
      return shiftLeft(a, b);
    case ">>":
      return shiftRight(a, b);
    case "&&":
      return flag(a !== 0 && b !== 0);
    case "||":
      return flag(a !== 0 || b !== 0);
    case "<":
      return flag(a < b);
    case "<=":
      return flag(a <= b);
    case ">":
      return flag(a > b);
    case ">=":
      return flag(a >= b);
    case "==":
      return equal(left.value, right.value);
    case "!=":
      return 1 - equal(left.value, right.value);
    case "int==":
      return flag(a === b);
    case "int!=":
      return flag(a !== b);
    case "str==":
      return flag(text(left) === text(right));
    case "str!=":
      return flag(text(left) !== text(right));
    case "=~": {
      const regex = typeof right.value === "string" ? patterns(right.value) : null;
      return regex ? flag(regex.test(text(left))) : undefined;
    }
  }
}

const takesText = (name: BinaryName): boolean =>
  name === "+" || name === "concat" || name === "==" || name === "!=" || name.startsWith("str") || name === "=~";

/** `$v - 5` is `$v + -5`; `+`, `==` and `!=` become typed when the left type is known. */
function settle(rv: BinaryOp): BinaryOp {
  const { name, left, right, span } = rv;
  if (name === "-" && right.op === "constant" && typeof right.value !== "string")
    return binary("int+", left, constant(negate(right.value), right.span), span);
  if (left.type === undefined) return rv;
  const whole = left.type === "int";
  if (name === "+") return binary(whole ? "int+" : "concat", left, right, span);
  if (name === "==") return binary(whole ? "int==" : "str==", left, right, span);
  if (name === "!=") return binary(whole ? "int!=" : "str!=", left, right, span);
  return rv;
}

/** Operations of which one side decides, or does nothing. Undefined: there is nothing to shorten. */
function shorten(rv: BinaryOp): Rv | undefined {
  const onRight = rv.right.op === "constant";
  const fixed = onRight ? rv.right : rv.left;
  const other = onRight ? rv.left : rv.right;
  if (fixed.op !== "constant") return undefined;
  const { name, span } = rv;
  const { value } = fixed;
  const itself = (): Rv => (other.type === "int" ? other : unary("(int)", other, span));
  if (typeof value === "string") {
    if (value !== "") return undefined;
    if (name === "concat") return other.type === "str" ? other : unary("(str)", other, span);
    return name === "==" || name === "str==" ? unary("strempty", other, span) : undefined;
  }
  // Kamailio looks at the low 32 bits.
  const number = Number(BigInt.asIntN(32, BigInt(value)));
  switch (name) {
    case "*":
      return number === 0 ? fixed : number === 1 ? itself() : undefined;
    case "/":
      return number === 0 && !onRight ? fixed : number === 1 && onRight ? itself() : undefined;
    case "mod":
      return number === 0 && !onRight ? fixed : undefined;
    case "-":
      return number === 0 && onRight ? itself() : undefined;
    case "&":
      return number === 0 ? fixed : undefined;
    case "|":
      return number === 0 ? itself() : undefined;
    case "&&":
      return number === 0 ? fixed : number === 1 ? itself() : undefined;
    case "||":
      return number === 1 ? fixed : number === 0 ? itself() : undefined;
    case "int+":
      return number === 0 ? itself() : undefined;
    default:
      return undefined;
  }
}
