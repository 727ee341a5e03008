/** Reads and writes variables of a server outside any message: `state` and `expect` lines. */
import { Call } from "../../declare/call.ts";
import { IntText, type Read, type Value } from "../../declare/value.ts";
import type { VariableRef } from "../../declare/variable.ts";
import { fakedRequest } from "../../run/fake.ts";
import type { Server } from "../../run/server.ts";
import { textFits } from "./compare.ts";
import type { Expect, State } from "./ladder.ts";

/** What is wrong when the variable cannot be given the value. */
export function setVariable(server: Server, { variable, value }: State): string | undefined {
  const bound = server.active.variables.variable(variable);
  if (typeof bound === "string") return bound;
  if (!bound.set?.(runOf(server), parsed(value))) return `${variable} cannot be given the value ${value}`;
  return undefined;
}

/** What the variable holds, as `expect` lines write it. A text in `wrong` says why there is none. */
export function readVariable(server: Server, { variable }: Expect): { value: string } | { wrong: string } {
  const bound: VariableRef | string = server.active.variables.variable(variable);
  return typeof bound === "string" ? { wrong: bound } : { value: written(bound.get(runOf(server))) };
}

/** A pattern sees a text without its quotes. */
export const valueFits = (wanted: string, came: string): boolean =>
  wanted === came || textFits(wanted, came.replace(/^"(.*)"$/s, "$1"));

const runOf = ({ active, host }: Server): Call => {
  const { core, slots, sockets } = active;
  return new Call(core, fakedRequest(sockets.all[0], host.clock.now()), "event", slots.fresh(), core.newLists());
};

function parsed(text: string): Value {
  if (text === "null") return null;
  if (text.startsWith('"')) return text.slice(1, -1);
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

function written(value: Read): string {
  if (value === null || value === undefined) return "null";
  if (value instanceof IntText) return `"${value.text}"`;
  return typeof value === "string" ? `"${value}"` : String(value);
}
