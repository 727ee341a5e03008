/** Arguments that name AVPs or variables: `$avp(name)`, `$avp(name)/flags`, `$(avp(name)[1])`. */
import type { AvpName, AvpValue } from "../../declare/avp.ts";
import type { Call } from "../../declare/call.ts";
import type { VariableRef } from "../../declare/variable.ts";
import { cutVariable } from "../../declare/variables-text.ts";
import { intOf, toText } from "../../declare/variables-values.ts";
import { type AvpTarget, avpNameNow, avpTarget } from "../pv/avp.ts";
import { type Index, isProblem, parseIndex } from "../pv/binding.ts";
import type { PvState } from "../pv/state.ts";
import type { AvpopsState } from "./state.ts";

export interface AvpOperand {
  readonly target: AvpTarget;
  /** What stands between the parentheses, which may be an alias. */
  readonly written: string;
  readonly index: Index;
}

/** Splits at the first slash: `$avp(a)/g`. */
export function splitFlags(text: string): readonly [string, string | undefined] {
  const at = text.indexOf("/");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** Letters of `allowed`, in either case. A string is the problem. */
export function readFlags(text: string, allowed: string): ReadonlySet<string> | string {
  const flags = new Set<string>();
  for (const c of text.toLowerCase()) {
    if (!allowed.includes(c)) return `\`${c}\` is no flag here`;
    flags.add(c);
  }
  return flags;
}

/** An AVP; whatever stands behind it is ignored. A string is the problem. */
export function parseAvp(text: string, { core }: AvpopsState): AvpOperand | string {
  const cut = cutVariable(text, 0);
  if (typeof cut === "string") return cut;
  if (cut.name !== "avp" || cut.inner === undefined || cut.braces >= 0) return `\`${text}\` is not an AVP`;
  const target = avpTarget(cut.inner, core.variables);
  if (typeof target === "string") return target;
  const index = parseIndex(cut.index, core.variables);
  return isProblem(index) ? index.problem : { target, written: cut.inner, index };
}

/** The name in force; undefined when its variable has none. */
export function nameOf(call: Call, { target, written }: AvpOperand): AvpName | undefined {
  const aliased = "fixed" in target ? call.core.state<PvState>("pv")?.aliases.get(written) : undefined;
  return aliased ?? avpNameNow(target, call);
}

/** What the functions compare or compute with: an AVP with all its values, another variable, or a constant. */
export type Operand =
  | { readonly kind: "avp"; readonly avp: AvpOperand }
  | { readonly kind: "variable"; readonly variable: VariableRef }
  | { readonly kind: "constant"; readonly value: AvpValue };

/** A variable of any kind. A string is the problem. */
export function parseVariable(text: string, state: AvpopsState): Operand | string {
  if (text.startsWith("$avp") || text.startsWith("$(avp")) {
    const avp = parseAvp(text, state);
    if (typeof avp !== "string") return { kind: "avp", avp };
  }
  const variable = state.core.variables.variable(text);
  if (typeof variable === "string") return variable;
  return variable.name === "null" ? "`$null` cannot be used here" : { kind: "variable", variable };
}

/** `i:5`, `i:0x1f`, `s:text` or text. A string is the problem. */
export function parseConstant(text: string): Operand | string {
  if (text === "") return "a value is missing";
  if (text[1] !== ":") return { kind: "constant", value: text };
  const type = text[0]!.toLowerCase();
  const body = text.slice(2);
  if (body === "" || (type !== "s" && type !== "i")) return `\`${text}\` is not written i:number or s:text`;
  if (type === "s") return { kind: "constant", value: body };
  const hexadecimal = /^0x([0-9a-f]{1,8})$/i.exec(body)?.[1];
  if (hexadecimal) return { kind: "constant", value: Number.parseInt(hexadecimal, 16) | 0 };
  const value = /^[+-]?[0-9]+$/.test(body) ? Number(body) : Number.NaN;
  if (!(value >= -2147483648 && value <= 2147483647)) return `\`${body}\` is no number`;
  return { kind: "constant", value };
}

/** Its values, newest first; empty when there is none, undefined when a variable cannot be read. */
export function valuesOf(call: Call, operand: Operand): readonly AvpValue[] | undefined {
  if (operand.kind === "constant") return [operand.value];
  if (operand.kind === "avp") {
    const name = nameOf(call, operand.avp);
    return name === undefined ? undefined : call.lists.avps.all(name);
  }
  const value = operand.variable.get(call);
  return value === undefined ? undefined : [intOf(value) ?? toText(value)];
}
