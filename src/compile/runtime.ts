/** What compiled routes call by name: the parts of an expression or a step that are not worth writing out. */
import { type Call, RunFlag } from "../declare/call.ts";
import * as int from "../declare/int.ts";
import type { Bound, Regex, RegexFlags } from "../declare/module.ts";
import { defined, equal, integer, plus, stored, textToInt, toInt } from "../declare/semantics.ts";
import * as operands from "../declare/semantics-operands.ts";
import { type Int, IntText, type Read, type Value } from "../declare/value.ts";
import type { Format, Route, VariableRef } from "../declare/variable.ts";
import { strictInt, toText } from "../declare/variables-values.ts";
import { startAsync, startLaunch } from "./beside.ts";

/** Codes that Kamailio gives when an action cannot be carried out. */
export const Failure = { unspecified: -1, bug: -5, script: -10 } as const;

/** Call depth is counted in the low 16 bits; the bits above count runs that began inside an expression. */
const CONTEXT = 0x10000;
const MAX_CONTEXTS = 300;

/** A route block as compiled: gives the code of its last action, at once or later. */
export type Body = (call: Call) => number | Promise<number>;

/** An action inside an expression runs as if the script began anew: `$rc` is 0 and nothing has ended the run yet. */
function enter(call: Call): void {
  call.rc = 0;
  call.flags = 0;
}

/** Notes the code of a module function: it is `$rc`, and 0 ends the run. */
function ran(call: Call, code: number): number {
  call.rc = code;
  if (code === 0) call.flags |= RunFlag.exit;
  return code;
}

/**
 * A block that may wait is an async function, which gives a promise even when nothing had to be waited for. So that a
 * run goes on at once then, and whoever began it need not wait for a promise either, such a block leaves its code
 * with the run, where the caller looks first.
 */
function settle(call: Call, code: number): number {
  call.settled = true;
  call.code = code;
  return code;
}

/** Whether the block that has just given a promise has ended; asked once after each. */
function settled(call: Call): boolean {
  const it = call.settled;
  call.settled = false;
  return it;
}

/** The code of a block: at once when it did not have to wait. */
function outcome(call: Call, body: Body): number | Promise<number> {
  const answer = body(call);
  if (typeof answer === "number") return answer;
  if (settled(call)) return call.code;
  return answer.then((code) => {
    call.settled = false;
    return code;
  });
}

/** `return`: 0 ends the run. */
function returned(call: Call, code: number): number {
  if (code === 0) call.flags |= RunFlag.exit;
  if (call.flags & RunFlag.exit) call.rc = code;
  return code;
}

/** `exit` and `drop`. */
function ended(call: Call, code: number, flags: number): number {
  call.flags |= flags;
  call.rc = code;
  return code;
}

function tooDeep(call: Call, limit: number): number {
  call.core.log.write(-1, `route blocks are nested more than ${limit} deep, giving up\n`);
  return Failure.unspecified;
}

/** Goes one context deeper; gives the depth to return to, or -1 when there are too many. */
function deeper(call: Call, levels: number): number {
  const depth = call.depth;
  if (depth >= MAX_CONTEXTS * CONTEXT) {
    call.core.log.write(-1, "routes call each other inside expressions without end, giving up\n");
    return -1;
  }
  call.depth = (depth & ~(CONTEXT - 1)) + CONTEXT + levels;
  return depth;
}

/** `route(X)` inside an expression. */
function evalRoute(call: Call, body: (call: Call) => number): number {
  const depth = deeper(call, 2);
  enter(call);
  const code = depth < 0 ? Failure.unspecified : body(call);
  if (depth >= 0) call.depth = depth;
  call.rc = code;
  return code;
}

/** The same for a block that may wait. */
function evalRouteLater(call: Call, body: Body): number | Promise<number> {
  const depth = deeper(call, 2);
  enter(call);
  const end = (code: number): number => {
    if (depth >= 0) call.depth = depth;
    call.rc = code;
    return code;
  };
  const answer = depth < 0 ? Failure.unspecified : outcome(call, body);
  return typeof answer === "number" ? end(answer) : answer.then(end);
}

/**
 * Runs a block from the start of a run: by the server, by the transaction layer, or by a function such as
 * route_if_exists. `rc` is what `$rc` is at first.
 */
export function runTop(call: Call, body: Body, rc = 0): number | Promise<number> {
  const depth = deeper(call, 1);
  if (depth < 0) return Failure.unspecified;
  enter(call);
  call.rc = rc;
  const code = outcome(call, body);
  if (typeof code === "number") {
    call.depth = depth;
    return code;
  }
  return code.then((it) => {
    call.depth = depth;
    return it;
  });
}

/** A block whose name is only known at run time. */
function missingRoute(call: Call, name: string): number {
  call.core.log.write(-1, `there is no route[${name}]\n`);
  return Failure.script;
}

/**
 * Writes a variable: 1, or -1 when it failed. A failed read on the right side leaves the variable undefined. `read`:
 * the right side is a variable (Bound.set).
 */
function assign(variable: Bound, call: Call, value: Read, read = false): number {
  const ok = variable.set!(call, value === undefined ? null : value, read);
  return ok && value !== undefined ? 1 : Failure.unspecified;
}

/** The integer of a variable where a number is wanted: its own, even when it reads as text. */
function numberOf(variable: Bound, call: Call): Int {
  const number = variable.number!(call);
  return number !== undefined ? number : toInt(variable.get(call));
}

/** The text that `switch` compares: an integer as its digits, whatever it prints as elsewhere. */
const switchText = (value: Read): string => (value instanceof IntText ? String(value.int) : toText(value));

function runaway(call: Call, rounds: number, line: number): void {
  call.core.log.write(-1, `the while loop in line ${line} was cut after ${rounds} rounds (max_while_loops)\n`);
}

function divisionFailed(call: Call, line: number): void {
  call.core.log.write(-1, `the expression in line ${line} has no result\n`);
}

// ── Arguments ────────────────────────────────────────────────────────────────

const HEX = /^0x[0-9a-fA-F]+$/;

/** A number that was written as text, as fixups read it; undefined when it is none. */
export function argumentInt(text: string): number | undefined {
  if (HEX.test(text)) return Number(BigInt.asIntN(32, BigInt(text)));
  const value = strictInt(text);
  return value === undefined || value > 2147483647 || value < -2147483648 ? undefined : Number(value);
}

/** A computed argument where a number is wanted; undefined when it is none. */
function computedInt(value: Read): Int | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return undefined;
  return value instanceof IntText ? value.int : argumentInt(toText(value));
}

/** A variable named in an argument where a number is wanted. */
function variableInt(variable: Bound, call: Call): Int | undefined {
  const value = variable.get(call);
  if (integer(value)) return value instanceof IntText ? value.int : value;
  const number = variable.number?.(call);
  if (number !== undefined) return number;
  return typeof value === "string" && value !== "" ? argumentInt(value) : undefined;
}

/** A variable that stands alone for a text argument; undefined when it has no value. */
function variableText(variable: Bound, call: Call): string | undefined {
  const value = variable.get(call);
  return value === null || value === undefined ? undefined : toText(value);
}

/** A computed name where a variable is wanted; undefined when there is no such variable. */
function variableNamed(call: Call, text: string): VariableRef | undefined {
  const variable = text.startsWith("$") ? call.core.variables.variable(text.trim()) : undefined;
  return typeof variable === "object" ? variable : undefined;
}

function regexOf(call: Call, source: string, flags: RegexFlags): Regex | undefined {
  return call.core.regex(source, flags) ?? undefined;
}

function routeNamed(call: Call, name: string): Route | undefined {
  const route = call.core.route(name);
  if (!route) call.core.log.write(-1, `there is no route[${name}]\n`);
  return route;
}

/** A computed text where a format is wanted: it is expanded no further. */
const plainFormat = (text: string): Format => ({ text, literal: text, single: undefined, expand: () => text });

function lacking(call: Call, name: string): number {
  call.core.log.write(-1, `\`${name}\` is of a module that is not there\n`);
  return Failure.unspecified;
}

/** `=~` with a pattern that is only known now; NaN when it is wrong. */
function matches(call: Call, text: string, source: string): number {
  const regex = call.core.regex(source, { icase: true });
  if (regex) return regex.test(text) ? 1 : 0;
  call.core.log.write(-1, `\`${source}\` is no regular expression\n`);
  return Number.NaN;
}

/** The value that `selval` chose: an undefined one is the empty text, an integer loses the text that it came with. */
const chosen = (value: Read): Value => (value instanceof IntText ? value.int : (value ?? ""));

export const runtime = {
  ...int,
  ...operands,
  assign,
  chosen,
  computedInt,
  defined,
  deeper,
  divisionFailed,
  ended,
  enter,
  equal,
  evalRoute,
  evalRouteLater,
  integer,
  lacking,
  matches,
  missingRoute,
  numberOf,
  plainFormat,
  plus,
  ran,
  regexOf,
  returned,
  settle,
  settled,
  routeNamed,
  runaway,
  startAsync,
  startLaunch,
  stored,
  switchText,
  textToInt,
  toInt,
  toText,
  tooDeep,
  variableInt,
  variableNamed,
  variableText,
} as const;
