/** Comparisons of legacy operands as JavaScript: calls of what src/declare/semantics-operands.ts does. */
import type { Comparison, Rv } from "../check/ir.ts";
import { parseNet } from "../declare/semantics-operands.ts";
import { literal } from "./output.ts";
import type { Steps } from "./steps.ts";

const ADDRESSES: ReadonlySet<string> = new Set(["src_ip", "dst_ip", "snd_ip", "to_ip"]);
const TEXTS: ReadonlySet<string> = new Set(["method", "uri", "status", "from_uri", "to_uri"]);

export function comparisonCode(rv: Comparison, steps: Steps): string {
  const code = plainCode(rv, steps);
  const { watched } = steps.unit;
  if (!watched) return code;
  const reader = ADDRESSES.has(rv.operand) ? "operandAddress" : TEXTS.has(rv.operand) ? "operandText" : "operandNumber";
  return `(${watched.read(rv.operand, `${reader}(call, ${literal(rv.operand)})`)}, ${code})`;
}

function plainCode(rv: Comparison, steps: Steps): string {
  const name = literal(rv.operand);
  const operator = literal(rv.operator);
  const { right } = rv;
  if (right.kind === "myself")
    return `${ADDRESSES.has(rv.operand) ? "isMyselfAddress" : "isMyselfUri"}(call, ${name}, ${operator})`;
  if (right.kind === "net") {
    const text = right.mask === undefined ? right.address : `${right.address}/${right.mask}`;
    const net = parseNet(text);
    if (net) return `compareNet(call, ${name}, ${operator}, ${steps.unit.out.constant(net)})`;
    steps.unit.problems.error("operand-operator", rv.span, `\`${text}\` is no network`);
    return "0";
  }
  const value = steps.fold(right.value);
  if (ADDRESSES.has(rv.operand)) return addressCode(rv, name, operator, value, steps);
  if (!TEXTS.has(rv.operand) && value.op === "constant" && typeof value.value === "string") return "compareWithText()";
  if (!TEXTS.has(rv.operand))
    return `compareNumber(operandNumber(call, ${name}), ${operator}, ${numberCode(value, steps)})`;
  const left = `operandText(call, ${name})`;
  if (value.op === "constant" && typeof value.value !== "string") {
    if (rv.operator === "=~")
      steps.unit.problems.error("operand-operator", value.span, "the right side of `=~` is text, not a number");
    return `compareDigits(${left}, ${operator}, ${literal(value.value)})`;
  }
  if (rv.operator === "=~" && value.op === "constant") steps.pattern(value);
  return `compareText(call, ${left}, ${operator}, ${textCode(value, steps)})`;
}

function addressCode(rv: Comparison, name: string, operator: string, value: Rv, steps: Steps): string {
  const constant = value.op === "constant" ? String(value.value) : undefined;
  const net = constant === undefined ? undefined : parseNet(constant);
  if (net) return `compareNet(call, ${name}, ${operator}, ${steps.unit.out.constant(net)})`;
  if (rv.operator === "=~" && value.op === "constant") steps.pattern(value);
  return steps.waiting(`compareAddress(call, ${name}, ${operator}, ${textCode(value, steps)})`);
}

/** True when a comparison may have to resolve a host name. */
export function comparisonWaits(rv: Comparison): boolean {
  if (!ADDRESSES.has(rv.operand) || rv.right.kind !== "value") return false;
  const { value } = rv.right;
  return value.op !== "constant" || parseNet(String(value.value)) === undefined;
}

/** Text on the right; undefined where it has none. A variable that is only a number has none. */
function textCode(value: Rv, steps: Steps): string {
  if (value.op === "variable") return `ownText(${steps.expressions.value(value)})`;
  if (value.op === "select") return steps.expressions.value(value);
  const text = steps.expressions.text(value);
  if (!steps.expressions.fails(value, "text")) return text;
  return steps.temporaries(1, ([t]) => `((${t} = ${text}) !== ${t} ? undefined : ${t})`);
}

function numberCode(value: Rv, steps: Steps): string {
  if (value.op !== "variable") return steps.expressions.int(value);
  const number = steps.hasNumber(value.text);
  return number ? `numberOf(${number}, call)` : `ownNumber(${steps.expressions.value(value)})`;
}
