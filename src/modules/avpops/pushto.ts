/** avp_pushto: where values go. */
import type { AvpValue } from "../../declare/avp.ts";
import type { Call } from "../../declare/call.ts";
import type { VariableRef } from "../../declare/variable.ts";
import { toText } from "../../declare/variables-values.ts";
import { splitFlags } from "./operand.ts";
import type { AvpopsState } from "./state.ts";

export interface Destination {
  readonly variable: VariableRef;
  /** The Request-URI as it was becomes a branch before each value but the first. */
  readonly forking: { readonly uri: VariableRef; readonly branch: VariableRef } | undefined;
}

const REQUEST_URI_PARTS: Readonly<Record<string, string>> = { "": "$ru", username: "$rU", domain: "$rd" };

/** A string is the problem. */
export function parseDestination(text: string, { core }: AvpopsState): Destination | string {
  const [name, part] = splitFlags(text);
  const written = name.replace(/^\$\((\w+)\)$/, "$$$1");
  if (written === "$ru") {
    const target = REQUEST_URI_PARTS[(part ?? "").toLowerCase()];
    if (!target) return `\`${part}\` is no part of the Request-URI`;
    const [uri, branch, variable] = ["$ru", "$br", target].map((it) => core.variables.variable(it));
    if (typeof uri === "string" || typeof branch === "string" || typeof variable === "string")
      return "the module pv is not loaded";
    return { variable: variable!, forking: { uri: uri!, branch: branch! } };
  }
  if ((written !== "$du" && written !== "$br") || part !== undefined) return `\`${text}\` is none of $ru, $du and $br`;
  const variable = core.variables.variable(written);
  return typeof variable === "string" ? variable : { variable, forking: undefined };
}

/** False when a value could not be written: only text goes to `$du` and `$br`. */
export function push(call: Call, { variable, forking }: Destination, values: readonly AvpValue[]): boolean {
  for (const [i, value] of values.entries()) {
    if (!forking && typeof value !== "string") return false;
    if (forking && i > 0 && !forking.branch.set?.(call, toText(forking.uri.get(call)), true)) return false;
    if (!variable.set?.(call, toText(value), true)) return false;
  }
  return true;
}
