/** Types of expressions as far as they are known at load time, and what Kamailio refuses because of them. */
import type { Span } from "../../grammar/tree.ts";
import type { BinaryName, BinaryOp, Constant, Rv, Selection, StaticType, UnaryName, UnaryOp } from "./ir.ts";
import type { Problems } from "./problems.ts";

export const constant = (value: Constant["value"], span: Span): Constant => ({
  op: "constant",
  value,
  type: typeof value === "string" ? "str" : "int",
  span,
});

const nameOf = (type: StaticType): string => (type === "str" ? "text" : "a number");

/** True when the value can be computed at load time. */
export function isConstant(rv: Rv): boolean {
  switch (rv.op) {
    case "constant":
      return true;
    case "unary":
      return isConstant(rv.operand);
    case "binary":
      return isConstant(rv.left) && isConstant(rv.right);
    case "selection":
      return isConstant(rv.condition) && isConstant(rv.yes) && isConstant(rv.no);
    default:
      return false;
  }
}

/** A unary operation, refused when its operand is known to be of the wrong type. */
export function unary(name: UnaryName, operand: Rv, span: Span, problems?: Problems): UnaryOp {
  const wants: StaticType =
    name === "!" || name === "-" || name === "~" ? "int" : name === "(int)" || name === "(str)" ? undefined : "str";
  if (problems && wants !== undefined && operand.type !== undefined && operand.type !== wants)
    problems.error(
      "type-mismatch",
      operand.span,
      `\`${name === "undefined" ? "== $null" : name}\` takes ${nameOf(wants)}, not ${nameOf(operand.type)}`,
      wants === "int" ? "write `(int)` before it to convert" : "write `(str)` before it to convert",
    );
  return { op: "unary", name, operand, type: name === "(str)" ? "str" : "int", span };
}

const joinsText = (name: BinaryName): boolean =>
  name === "str==" || name === "str!=" || name === "=~" || name === "concat";
const followsLeft = (name: BinaryName): boolean => name === "+" || name === "==" || name === "!=";

/** A binary operation, refused when types that are known cannot be joined (Kamailio's rve_check_type). */
export function binary(name: BinaryName, left: Rv, right: Rv, span: Span, problems?: Problems): BinaryOp {
  const type: StaticType = name === "+" ? left.type : name === "concat" ? "str" : "int";
  if (problems) checkOperands(name, left, right, problems);
  return { op: "binary", name, left, right, type, span };
}

function checkOperands(name: BinaryName, left: Rv, right: Rv, problems: Problems): void {
  if (followsLeft(name) || joinsText(name)) {
    if (left.type === "int" && right.type === "str")
      problems.error(
        "type-mismatch",
        right.span,
        `a number on the left of \`${spelling(name)}\` cannot be joined with text on its right`,
        "swap the operands, or convert one with `(int)` or `(str)`",
      );
    else if (joinsText(name) && left.type === "int")
      problems.error(
        "type-mismatch",
        left.span,
        `\`${spelling(name)}\` takes text, not a number`,
        "write `(str)` before it",
      );
    return;
  }
  const wrong = left.type === "str" ? left : right.type === "str" ? right : undefined;
  if (wrong)
    problems.error(
      "type-mismatch",
      wrong.span,
      `\`${spelling(name)}\` takes numbers, not text`,
      "write `(int)` before it to convert",
    );
}

/** The operator as a script writes it. */
const spelling = (name: BinaryName): string => {
  switch (name) {
    case "int+":
    case "concat":
      return "+";
    case "int==":
      return "ieq";
    case "int!=":
      return "ine";
    case "str==":
      return "eq";
    case "str!=":
      return "ne";
    default:
      return name;
  }
};

export const selection = (condition: Rv, yes: Rv, no: Rv, span: Span): Selection => ({
  op: "selection",
  condition,
  yes,
  no,
  type: undefined,
  span,
});
