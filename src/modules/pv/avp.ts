/** `$avp` (Kamailio's usr_avp.c): a stack of values under each name, newest first. */
import type { AvpName } from "../../declare/avp.ts";
import type { Call } from "../../declare/call.ts";
import type { Bound } from "../../declare/module.ts";
import type { Read, Value } from "../../declare/value.ts";
import type { VariableRef, Variables } from "../../declare/variable.ts";
import { toText } from "../../declare/variables-values.ts";
import { type Index, indexNow, isProblem, joined, leadingVariable, parseIndex } from "./binding.ts";
import { plain } from "./script-variables.ts";
import { type PvState, pv } from "./state.ts";

/** How an AVP is named: a fixed name, one behind an alias (looked up on use), or one that a variable gives. */
export type AvpTarget = { readonly fixed: AvpName } | { readonly variable: VariableRef };

/** `name`, `s:name` or `i:5` without a variable in it. */
export function parseAvpName(text: string): AvpName | { readonly problem: string } {
  if (text[1] === ":") {
    const kind = text[0]!.toLowerCase();
    const name = text.slice(2);
    if (name === "") return { problem: `the AVP name \`${text}\` is empty` };
    if (kind === "s") return name;
    if (kind !== "i") return { problem: `\`${text}\`: AVP names begin with \`s:\` or \`i:\`` };
    return /^[0-9]+$/.test(name) ? Number(name) : { problem: `\`${name}\` is not the number of an AVP` };
  }
  if (text.includes(".")) return { problem: `\`${text}\`: AVP names have no dot` };
  return text;
}

/** The target of what stands between the parentheses of `$avp(...)`. A string is the problem. */
export function avpTarget(inner: string, variables: Variables): AvpTarget | string {
  if (inner.startsWith("$")) {
    const variable = leadingVariable(inner, variables);
    return typeof variable === "string" ? variable : { variable };
  }
  const name = parseAvpName(inner);
  return isProblem(name) ? name.problem : { fixed: name };
}

/** The name in force; undefined when its variable is null or empty. */
export function avpNameNow(target: AvpTarget, call: Call): AvpName | undefined {
  if ("fixed" in target) return target.fixed;
  const value = target.variable.get(call);
  if (value === null || value === undefined) return undefined;
  const name = plain(value)!;
  return typeof name === "bigint" ? Number(name) : name;
}

export const avp = pv({
  doc: "An AVP: a stack of values that lives as long as the transaction. Assigning pushes, `$null` pops, `[n]` reads deeper, `[*]` joins all.",
  bind: ({ inner, index }, _core, state, variables): Bound | string => {
    if (inner === undefined) return "`$avp` needs a name in parentheses";
    const target = avpTarget(inner, variables);
    if (typeof target === "string") return target;
    const at = parseIndex(index, variables);
    if (isProblem(at)) return at.problem;
    if (!("fixed" in target)) return computed(target, at);
    return fixed(target.fixed, inner, at, state);
  },
});

function fixed(written: AvpName, inner: string, index: Index, state: () => PvState): Bound {
  let name = written;
  let known = inner.includes(":");
  const resolve = (): AvpName => {
    if (!known) {
      name = state()?.aliases.get(inner) ?? written;
      known = true;
    }
    return name;
  };
  return {
    get:
      index === "none" || index === 0
        ? (call) => call.lists.avps.first(known ? name : resolve()) ?? null
        : (call) => read(call, known ? name : resolve(), index),
    set: (call, value) => write(call, known ? name : resolve(), index, value),
  };
}

const computed = (target: AvpTarget, index: Index): Bound => ({
  get: (call) => {
    const name = avpNameNow(target, call);
    return name === undefined ? undefined : read(call, name, index);
  },
  set: (call, value) => {
    const name = avpNameNow(target, call);
    return name !== undefined && write(call, name, index, value);
  },
});

function read(call: Call, name: AvpName, index: Index): Read {
  const at = indexNow(index, call);
  if (at === undefined) return undefined;
  const { avps } = call.lists;
  // Kamailio's search from the end has passed the values by then: only the index of the newest finds one.
  if (at !== "all" && at < 0) return -at === avps.count(name) ? (avps.first(name) ?? null) : null;
  if (at !== "all") return avps.at(name, at) ?? null;
  return avps.count(name) === 0 ? null : joined(avps.all(name).map(toText), ", ");
}

function write(call: Call, name: AvpName, index: Index, value: Value): boolean {
  const at = indexNow(index, call);
  if (at === undefined) return false;
  const { avps } = call.lists;
  if (at === "all") avps.clear(name);
  const stored = plain(value);
  if (stored !== null) avps.push(name, stored);
  else if (at !== "all") avps.pop(name);
  return true;
}
