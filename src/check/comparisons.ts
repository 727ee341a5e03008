/** Legacy operands: `method`, `uri`, `src_ip` and their like stand on one side of a comparison, and nowhere else. */
import type { Binary, Expr, LegacyOperand } from "../../grammar/tree.ts";
import { constant } from "./expressions.ts";
import type { Comparison, ComparisonOperator, Rv } from "./ir.ts";
import type { Lowering } from "./lower.ts";

type OperandKind = "text" | "uri" | "number" | "address" | "protocol";

/** What each operand is compared as. Those of the sending side exist in onsend_route only. */
const operands: Readonly<Record<string, { readonly kind: OperandKind; readonly onsend?: true }>> = {
  method: { kind: "text" },
  uri: { kind: "uri" },
  status: { kind: "uri" },
  from_uri: { kind: "uri" },
  to_uri: { kind: "uri" },
  src_ip: { kind: "address" },
  dst_ip: { kind: "address" },
  snd_ip: { kind: "address", onsend: true },
  to_ip: { kind: "address", onsend: true },
  src_port: { kind: "number" },
  dst_port: { kind: "number" },
  snd_port: { kind: "number" },
  to_port: { kind: "number" },
  af: { kind: "number" },
  snd_af: { kind: "number" },
  "msg:len": { kind: "number" },
  proto: { kind: "protocol" },
  snd_proto: { kind: "protocol" },
};

/** Kamailio's numbers of protocols and address families, which these operands are compared as. */
const protocols: Readonly<Record<string, number>> = { udp: 1, tcp: 2, tls: 3, sctp: 4, ws: 5, wss: 6 };

export const isLegacy = (it: Expr): boolean => it.kind === "legacy" || it.kind === "myself";

/** `myself == uri` as `uri == myself`; nothing else may be turned. */
export function turned(it: Binary): Binary | undefined {
  return it.left.kind === "myself" ? { ...it, left: it.right, right: it.left } : undefined;
}

/** Lowers a comparison whose left side is a legacy operand (or `myself`). */
export function comparison(it: Binary, lowering: Lowering): Comparison | undefined {
  const { problems } = lowering.scope;
  if (it.left.kind === "myself") {
    const swapped = it.right.kind === "legacy" ? turned(it) : undefined;
    if (swapped && (it.operator === "==" || it.operator === "!=" || it.operator === "eq" || it.operator === "ne"))
      return comparison(swapped, lowering);
    problems.error("operand-operator", it.span, "`myself` is compared with `uri`, `src_ip` and the like");
    return undefined;
  }
  const operand = it.left as LegacyOperand;
  const known = Object.hasOwn(operands, operand.name) ? operands[operand.name] : undefined;
  if (!known) {
    problems.error("operand-operator", operand.span, `there is no operand \`${operand.name}\``);
    return undefined;
  }
  if (known.onsend && lowering.block !== "onsend") {
    problems.error("onsend-only", operand.span, `\`${operand.name}\` exists in onsend_route only`);
    return undefined;
  }
  const operator = it.operator === "eq" ? "==" : it.operator === "ne" ? "!=" : it.operator;
  if (!legal(known.kind, operator)) {
    problems.error(
      "operand-operator",
      it.operatorSpan,
      `\`${operand.name}\` cannot be compared with \`${it.operator}\``,
      known.kind === "number" ? "it takes ==, !=, <, <=, > and >=" : "it takes == and !=, text also =~",
    );
    return undefined;
  }
  const right = rightSide(it.right, known.kind, operand, operator, lowering);
  return right && { op: "comparison", operand: operand.name, operator, right, type: "int", span: it.span };
}

function legal(kind: OperandKind, operator: string): operator is ComparisonOperator {
  if (operator === "==" || operator === "!=") return true;
  if (kind === "number") return operator === "<" || operator === "<=" || operator === ">" || operator === ">=";
  return operator === "=~" && kind !== "protocol";
}

function rightSide(
  right: Expr,
  kind: OperandKind,
  operand: LegacyOperand,
  operator: ComparisonOperator,
  lowering: Lowering,
): Comparison["right"] | undefined {
  const value = (rv: Rv | undefined): Comparison["right"] | undefined => rv && { kind: "value", value: rv };
  if (right.kind === "myself") {
    if ((kind === "uri" || kind === "address") && operator !== "=~") return { kind: "myself" };
    lowering.scope.problems.error(
      "operand-operator",
      right.span,
      `\`${operand.name}\` cannot be compared with \`myself\``,
    );
    return undefined;
  }
  if (right.kind === "ip" && kind === "address") return { kind: "net", address: right.address, mask: right.mask };
  if (right.kind === "string" && right.bare) {
    const protocol = kind === "protocol" ? protocols[right.value.toLowerCase()] : undefined;
    if (protocol !== undefined) return value(constant(protocol, right.span));
    if (kind === "address" || kind === "text") return value(constant(right.value, right.span));
  }
  const lowered = lowering.expression(right);
  if (operator === "=~" && lowered?.op === "constant" && typeof lowered.value !== "string") {
    lowering.scope.problems.error("operand-operator", right.span, "a number is no regular expression");
    return undefined;
  }
  if (kind === "address" && lowered?.op === "constant" && typeof lowered.value !== "string") {
    lowering.scope.problems.error(
      "operand-operator",
      right.span,
      `\`${operand.name}\` is compared with an address, not a number`,
    );
    return undefined;
  }
  return value(lowered);
}
