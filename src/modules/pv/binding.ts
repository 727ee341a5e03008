/** What variables with an index or a computed name share when they are bound (Kamailio's pv_parse_index, pv_parse_avp_name). */
import type { Call } from "../../declare/call.ts";
import type { VariableRef, Variables } from "../../declare/variable.ts";
import { variableEnd } from "../../declare/variables-text.ts";
import { intOf } from "../../declare/variables-values.ts";

/** `[*]`: every value; `none`: no index was written, which reads like 0. */
export type Index = number | "none" | "all" | "next" | VariableRef;

/** The variable that `text` starts with. A string is the problem. */
export function leadingVariable(text: string, variables: Variables): VariableRef | string {
  const end = variableEnd(text, 0);
  return end < 0 ? `\`${text}\` is no variable` : variables.variable(text.slice(0, end));
}

/** An index as written between the brackets. The result is `{ problem }` when it is none. */
export function parseIndex(text: string | undefined, variables: Variables): Index | { readonly problem: string } {
  if (text === undefined) return "none";
  if (text === "*") return "all";
  if (text === "+") return "next";
  if (text.startsWith("$")) {
    const variable = leadingVariable(text, variables);
    return typeof variable === "string" ? { problem: variable } : variable;
  }
  const digits = text.startsWith("-") ? text.slice(1) : text;
  for (const c of digits) if (c < "0" || c > "9") return { problem: `\`${text}\` is no index` };
  return text.startsWith("-") ? -Number(digits) : Number(digits);
}

export const isProblem = (it: unknown): it is { readonly problem: string } =>
  typeof it === "object" && it !== null && "problem" in it;

/** The index in force: a number, "all", or undefined when its variable is no integer. "none" and "next" give 0. */
export function indexNow(index: Index, call: Call): number | "all" | undefined {
  if (typeof index === "number" || index === "all") return index;
  if (typeof index === "string") return 0;
  const value = index.get(call);
  const int = intOf(value) ?? index.number?.(call);
  return int === undefined ? undefined : Number(int);
}

/** Kamailio's pv_buffer_size, less the NUL at its end. */
const LONGEST = 8191;

/**
 * What `[*]` gives: all values with a separator between them, which is left out as long as nothing stands before it.
 * Null when they are longer than Kamailio's buffer.
 */
export function joined(values: readonly string[], separator: string): string | null {
  let out = "";
  for (const value of values) {
    out += out === "" ? value : separator + value;
    if (out.length > LONGEST) return null;
  }
  return out;
}
