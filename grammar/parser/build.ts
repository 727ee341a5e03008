/** Making nodes of tokens and of other nodes. */
import { spanOf, type Token } from "../lex.ts";
import { binaryOperators } from "../tokens.ts";
import type { Expr, Span } from "../tree.ts";

/** From the beginning of one span to the end of another. */
export function spanning(from: Span, to: Span): Span {
  if (from.file !== to.file) return from;
  return { file: from.file, line: from.line, column: from.column, endLine: to.endLine, endColumn: to.endColumn };
}

/** Makes the tree of `a + b * c …`: operators of one level group from the left. */
export function combine(operands: readonly Expr[], operators: readonly Token[]): Expr {
  if (operators.length === 0) return operands[0]!;
  const values: Expr[] = [operands[0]!];
  const waiting: Token[] = [];
  const reduce = () => {
    const operator = waiting.pop()!;
    const right = values.pop()!;
    const left = values.pop()!;
    const entry = binaryOperators.get(operator.tokenType)!;
    const span = spanning(left.span, right.span);
    values.push({ kind: "binary", operator: entry.operator, operatorSpan: spanOf(operator), left, right, span });
  };
  operators.forEach((operator, index) => {
    const { level } = binaryOperators.get(operator.tokenType)!;
    while (waiting.length > 0 && binaryOperators.get(waiting.at(-1)!.tokenType)!.level >= level) reduce();
    waiting.push(operator);
    values.push(operands[index + 1]!);
  });
  while (waiting.length > 0) reduce();
  return values[0]!;
}

/** What a legacy operand may be compared with (cfg.y: exp_elem). */
export type LegacyClass = "method" | "uri" | "ip" | "int" | "proto";

const classes: ReadonlyMap<string, LegacyClass> = new Map([
  ["method", "method"],
  ["uri", "uri"],
  ["status", "uri"],
  ["from_uri", "uri"],
  ["to_uri", "uri"],
  ["src_ip", "ip"],
  ["dst_ip", "ip"],
  ["snd_ip", "ip"],
  ["to_ip", "ip"],
  ["proto", "proto"],
  ["snd_proto", "proto"],
  ["to_proto", "proto"],
]);

/** The rest, ports, `af` and `msg:len`, are numbers. */
export const legacyClass = (name: string): LegacyClass => classes.get(name) ?? "int";

export const isIpv4 = (address: string): boolean =>
  /^\d{1,3}(?:\.\d{1,3}){3}$/.test(address) && address.split(".").every((part) => Number(part) <= 255);
