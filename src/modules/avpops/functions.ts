/** The functions of avpops. Their arguments have a syntax of their own, which is read at load time. */
import type { AvpValue } from "../../declare/avp.ts";
import type { Call } from "../../declare/call.ts";
import { type Fn, str, text } from "../../declare/module.ts";
import { strictInt, toText } from "../../declare/variables-values.ts";
import { indexNow } from "../pv/binding.ts";
import { parseSubst, type Subst } from "../textops/subst.ts";
import { holds, parseCheck } from "./check.ts";
import { type AvpOperand, nameOf, parseAvp, parseVariable, readFlags, splitFlags, valuesOf } from "./operand.ts";
import { operate, parseOperands, parseOperation } from "./operation.ts";
import { parseDestination, push } from "./pushto.ts";
import { type AvpopsState, complain, fn, parsedOnce, ROUTES } from "./state.ts";

interface Flagged {
  readonly avp: AvpOperand;
  readonly flags: ReadonlySet<string>;
}

const flagged =
  (allowed: string) =>
  (it: string, state: AvpopsState): Flagged | string => {
    const [variable, letters] = splitFlags(it);
    const avp = parseAvp(variable, state);
    if (typeof avp === "string") return avp;
    const flags = readFlags(letters ?? "", allowed);
    return typeof flags === "string" ? flags : { avp, flags };
  };

type Deletion = { readonly avp: AvpOperand; readonly all: boolean } | { readonly kind: "all" | "text" | "number" };

const KINDS: Readonly<Record<string, "all" | "text" | "number">> = { "*": "all", a: "all", s: "text", i: "number" };

function parseDeletion(it: string, state: AvpopsState): Deletion | string {
  if (it.startsWith("$")) {
    const parsed = flagged("g")(it, state);
    return typeof parsed === "string" ? parsed : { avp: parsed.avp, all: parsed.flags.has("g") };
  }
  const [which, letters] = splitFlags(it);
  const kind = KINDS[which.slice(0, 1).toLowerCase()];
  if (!kind || !/^[0-9]*$/.test(which.slice(1))) return `\`${it}\` is neither an AVP nor *, s or i`;
  const flags = readFlags(letters ?? "", "g");
  return typeof flags === "string" ? flags : { kind };
}

interface IsSet {
  readonly avp: AvpOperand;
  readonly flags: ReadonlySet<string>;
}

function parseIsSet(it: string, state: AvpopsState): IsSet | string {
  const parsed = flagged("ens")(it, state);
  if (typeof parsed === "string") return parsed;
  return parsed.flags.has("n") && parsed.flags.has("s") ? "the flags n and s exclude each other" : parsed;
}

interface Substitution {
  readonly source: AvpOperand;
  readonly target: AvpOperand | undefined;
  readonly flags: ReadonlySet<string>;
}

/** `$avp(source)/$avp(target)/flags`, where target and flags may be missing. */
function parseSubstitution(it: string, state: AvpopsState): Substitution | string {
  const [first, rest = ""] = splitFlags(it);
  const source = parseAvp(first, state);
  if (typeof source === "string") return source;
  if (!rest.startsWith("$")) {
    const flags = readFlags(rest, "gd");
    return typeof flags === "string" ? flags : { source, target: undefined, flags };
  }
  const [second, letters = ""] = splitFlags(rest);
  const target = parseAvp(second, state);
  if (typeof target === "string") return target;
  const flags = readFlags(letters, "gd");
  return typeof flags === "string" ? flags : { source, target, flags };
}

/** The problem of a literal argument. */
const problemOf = <T extends object>(
  literal: string | undefined,
  state: AvpopsState,
  kind: string,
  parse: (text: string, state: AvpopsState) => T | string,
): string | undefined => {
  const parsed = literal === undefined ? undefined : parsedOnce(state, kind, literal, parse);
  return typeof parsed === "string" ? parsed : undefined;
};

const parseSubstText = (it: string, { core }: AvpopsState): Subst | string => parseSubst(it, core);

function substitute(call: Call, { source, target, flags }: Substitution, subst: Subst, state: AvpopsState): 1 | -1 {
  const from = nameOf(call, source);
  const to = target ? nameOf(call, target) : from;
  if (from === undefined || to === undefined) return complain(state, "the name of an AVP is missing");
  const { avps } = call.lists;
  const values = avps.all(from);
  let done = 0;
  for (const [i, value] of values.entries()) {
    const result = typeof value === "string" ? subst.apply(value, call) : undefined;
    if (result === undefined) continue;
    avps.push(to, result);
    done++;
    // Counted from the oldest, the place of a value stays when another is pushed.
    if (flags.has("d") || !target) avps.remove(from, avps.count(from) - (values.length - i));
    if (!flags.has("g")) break;
  }
  return done > 0 ? 1 : -1;
}

/** The value as avp_copy's flags n (integer, without a sign) and s (text) want it; undefined when it is no number. */
function cast(value: AvpValue, flags: ReadonlySet<string>): AvpValue | undefined {
  if (typeof value === "string") return !flags.has("n") ? value : /^\d/.test(value) ? strictInt(value) : undefined;
  return flags.has("s") ? toText(value) : value;
}

export const functions: Record<string, Fn<AvpopsState>> = {
  avp_delete: fn({
    doc: "Removes AVPs.",
    in: ROUTES,
    args: {
      what: text("`$avp(name)`, with `/g` all of the name; `*`, `s` or `i`: all, those with text or number names."),
    },
    returns: { 1: "removed", [-1]: "there was none" },
    check: ([it], state) => problemOf(it, state, "delete", parseDeletion),
    run: (call, { what }, state) => {
      const deletion = parsedOnce(state, "delete", what, parseDeletion);
      if (typeof deletion === "string") return complain(state, deletion);
      const { avps } = call.lists;
      if ("kind" in deletion) {
        let count = 0;
        for (const name of avps.names())
          if (deletion.kind === "all" || (deletion.kind === "text") === (typeof name === "string"))
            count += avps.clear(name);
        return count > 0 ? 1 : -1;
      }
      const name = nameOf(call, deletion.avp);
      if (name === undefined) return complain(state, "the name of an AVP is missing");
      if (deletion.all) return avps.clear(name) > 0 ? 1 : -1;
      return avps.pop(name) === undefined ? -1 : 1;
    },
  }),
  avp_copy: fn({
    doc: "Copies AVPs to another name.",
    in: ROUTES,
    args: {
      source: text("`$avp(name)`."),
      target: text(
        "`$avp(name)/flags`: `g` all values, `d` removes what was copied, `n` and `s` make integers or text.",
      ),
    },
    returns: { 1: "copied", [-1]: "there was none, or it is no number" },
    check: ([from, to], state) =>
      problemOf(from, state, "avp", parseAvp) ?? problemOf(to, state, "copy", flagged("gdns")),
    run: (call, args, state) => {
      const source = parsedOnce(state, "avp", args.source, parseAvp);
      const target = parsedOnce(state, "copy", args.target, flagged("gdns"));
      if (typeof source === "string") return complain(state, source);
      if (typeof target === "string") return complain(state, target);
      const from = nameOf(call, source);
      const to = nameOf(call, target.avp);
      if (from === undefined || to === undefined) return complain(state, "the name of an AVP is missing");
      const { avps } = call.lists;
      const values = avps.all(from);
      for (const [i, value] of values.entries()) {
        const copied = cast(value, target.flags);
        if (copied === undefined) return complain(state, `\`${value}\` is no number`);
        avps.push(to, copied);
        if (target.flags.has("d")) avps.remove(from, avps.count(from) - (values.length - i));
        if (!target.flags.has("g")) break;
      }
      return values.length > 0 ? 1 : -1;
    },
  }),
  avp_pushto: fn({
    doc: "Writes a variable's value to the Request-URI, the destination URI or a new branch.",
    in: ROUTES,
    args: {
      destination: text("`$ru`, `$ru/username`, `$ru/domain`, `$du` or `$br`."),
      source: text("A variable; for an AVP, `/g` writes every value, one branch each."),
    },
    returns: { 1: "done", [-1]: "there is no value, or it cannot be written" },
    check: ([to, from], state) =>
      problemOf(to, state, "destination", parseDestination) ?? problemOf(from, state, "source", parseSource),
    run: (call, args, state) => {
      const destination = parsedOnce(state, "destination", args.destination, parseDestination);
      const source = parsedOnce(state, "source", args.source, parseSource);
      if (typeof destination === "string") return complain(state, destination);
      if (typeof source === "string") return complain(state, source);
      const values = valuesOf(call, source.operand);
      if (!values || values.length === 0) return -1;
      return push(call, destination, source.all ? values : values.slice(0, 1)) ? 1 : -1;
    },
  }),
  avp_check: fn({
    doc: "Compares a variable with a value.",
    in: ROUTES,
    args: {
      variable: text("The variable."),
      check: text(
        "`operator/value/flags`: eq, ne, lt, le, gt, ge, re, fm, and, or, xor; `g` any value of an AVP, `i` ignoring case.",
      ),
    },
    returns: { 1: "it holds", [-1]: "it does not" },
    check: ([variable, check], state) =>
      problemOf(variable, state, "variable", parseVariable) ?? problemOf(check, state, "check", parseCheck),
    run: (call, args, state) => {
      const source = parsedOnce(state, "variable", args.variable, parseVariable);
      const check = parsedOnce(state, "check", args.check, parseCheck);
      if (typeof source === "string") return complain(state, source);
      if (typeof check === "string") return complain(state, check);
      return holds(call, source, check, state) ? 1 : -1;
    },
  }),
  avp_op: fn({
    doc: "Computes with integer AVPs.",
    in: ROUTES,
    args: {
      avps: text("`$avp(source)` or `$avp(source)/$avp(target)`."),
      operation: text("`operator/value/flags`: add, sub, mul, div, mod, and, or, xor, not; `d` removes what was used."),
    },
    returns: { 1: "done", [-1]: "an AVP is missing or no integer" },
    check: ([avps, operation], state) =>
      problemOf(avps, state, "operands", parseOperands) ?? problemOf(operation, state, "operation", parseOperation),
    run: (call, args, state) => {
      const operands = parsedOnce(state, "operands", args.avps, parseOperands);
      const operation = parsedOnce(state, "operation", args.operation, parseOperation);
      if (typeof operands === "string") return complain(state, operands);
      if (typeof operation === "string") return complain(state, operation);
      return operate(call, operands, operation, state);
    },
  }),
  avp_subst: fn({
    doc: "Substitutes in the text of AVPs.",
    in: ROUTES,
    args: {
      avps: text("`$avp(source)/$avp(target)/flags`: `g` every value, `d` removes what was used."),
      substitution: text("`/regular expression/replacement/flags`."),
    },
    returns: { 1: "done", [-1]: "nothing matched" },
    check: ([avps, substitution], state) =>
      problemOf(avps, state, "subst-avps", parseSubstitution) ??
      problemOf(substitution, state, "subst", parseSubstText),
    run: (call, args, state) => {
      const parsed = parsedOnce(state, "subst-avps", args.avps, parseSubstitution);
      const subst = parsedOnce(state, "subst", args.substitution, parseSubstText);
      if (typeof parsed === "string") return complain(state, parsed);
      if (typeof subst === "string") return complain(state, subst);
      return substitute(call, parsed, subst, state);
    },
  }),
  avp_subst_pv: fn({
    doc: "As avp_subst, with a substitution in which variables are expanded before it is read.",
    in: ROUTES,
    args: {
      avps: text("`$avp(source)/$avp(target)/flags`: `g` every value, `d` removes what was used."),
      substitution: str("`/regular expression/replacement/flags`."),
    },
    returns: { 1: "done", [-1]: "nothing matched, or the substitution is wrong" },
    check: ([avps], state) => problemOf(avps, state, "subst-avps", parseSubstitution),
    run: (call, args, state) => {
      const parsed = parsedOnce(state, "subst-avps", args.avps, parseSubstitution);
      if (typeof parsed === "string") return complain(state, parsed);
      const subst = parseSubst(args.substitution, state.core);
      return typeof subst === "string" ? complain(state, subst) : substitute(call, parsed, subst, state);
    },
  }),
  is_avp_set: fn({
    doc: "Says whether there is an AVP.",
    in: ROUTES,
    args: { avp: text("`$avp(name)/flags`: `e` it must be empty or 0, `n` an integer, `s` a text.") },
    returns: { 1: "there is", [-1]: "there is not" },
    check: ([it], state) => problemOf(it, state, "is-set", parseIsSet),
    run: (call, args, state) => {
      const parsed = parsedOnce(state, "is-set", args.avp, parseIsSet);
      if (typeof parsed === "string") return complain(state, parsed);
      const { avp, flags } = parsed;
      const name = nameOf(call, avp);
      const index = indexNow(avp.index, call);
      if (name === undefined || index === undefined) return complain(state, "the name or index of an AVP is missing");
      const value = call.lists.avps.at(name, index === "all" ? 0 : Math.max(index, 0));
      if (value === undefined) return -1;
      if (flags.has(typeof value === "string" ? "n" : "s")) return -1;
      return flags.has("e") && value !== "" && value !== 0 ? -1 : 1;
    },
  }),
  avp_print: fn({
    doc: "Logs every AVP.",
    in: ROUTES,
    args: {},
    returns: { 1: "done" },
    run: ({ lists: { avps }, core }): 1 => {
      for (const name of avps.names())
        for (const value of avps.all(name))
          core.log.write(2, `avpops: ${typeof name === "string" ? "name" : "id"}=<${name}> value=<${value}>\n`);
      return 1;
    },
  }),
};

function parseSource(it: string, state: AvpopsState) {
  const [variable, letters = ""] = splitFlags(it);
  if (!variable.startsWith("$")) return `\`${it}\` is no variable`;
  const operand = parseVariable(variable, state);
  if (typeof operand === "string") return operand;
  const flags = readFlags(letters, "g");
  return typeof flags === "string" ? flags : { operand, all: flags.has("g") };
}
