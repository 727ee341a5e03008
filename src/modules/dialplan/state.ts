/** What module dialplan keeps for a generation, and the search for the rule that fits. */
import type { Call } from "../../declare/call.ts";
import { type Core, LogLevel } from "../../declare/core.ts";
import { declare } from "../../declare/module.ts";
import type { VariableRef } from "../../declare/variable.ts";
import type { Tables } from "../db/tables.ts";
import { fits, parseRule, type Rule, translate } from "./rule.ts";

/** Where a text is taken from, and where what becomes of it goes. */
export interface Variables {
  readonly input: VariableRef;
  readonly output?: VariableRef;
}

export interface Dialplan {
  readonly core: Core;
  readonly tables: Tables;
  readonly table: string;
  readonly columns: readonly string[];
  /** Where the attributes of the rule go. */
  readonly attributes: VariableRef | undefined;
  /** Expressions may have variables. */
  readonly dynamic: boolean;
  /** In a failure_route a new Request-URI becomes a branch. */
  readonly appends: boolean;
  /** Seconds between two reloads by command. */
  readonly reloadDelta: number;
  reloadedAt: number;
  /** What arguments mean; a string is the problem. */
  readonly parsed: Map<string, Variables | string>;
  /** By dialplan and length: those of one length by priority, those for any length last. */
  plans: ReadonlyMap<number, readonly (readonly [length: number, readonly Rule[]])[]>;
}

export const { fn, rpc, module } = declare<Dialplan>();

/** Reads the rules; those that are there stay when one of the new ones is wrong. A string is the problem. */
export async function load(state: Dialplan): Promise<string | undefined> {
  const { tables, table, columns, core, dynamic } = state;
  const rows = await tables.query(table, [], columns, columns[1]);
  if (!rows) return `the table ${table} cannot be read`;
  const plans = new Map<number, Map<number, Rule[]>>();
  for (const row of rows) {
    const rule = parseRule(row, core, dynamic);
    if (typeof rule === "string") return `${table}: ${rule}`;
    const plan = plans.get(rule.dialplan) ?? new Map<number, Rule[]>();
    plans.set(rule.dialplan, plan);
    const same = plan.get(rule.length);
    if (same) same.push(rule);
    else plan.set(rule.length, [rule]);
  }
  const last = (length: number): number => (length === 0 ? Number.POSITIVE_INFINITY : length);
  state.plans = new Map([...plans].map(([id, plan]) => [id, [...plan].sort(([a], [b]) => last(a) - last(b))] as const));
  return undefined;
}

export interface Translated {
  /** "" when the rule makes nothing. */
  readonly output: string;
  readonly attributes: string;
}

/** Undefined: no rule fits, or it cannot make anything of the text. Null: there is no such dialplan. */
export function lookUp(
  id: number,
  text: string,
  translates: boolean,
  call: Call | undefined,
  state: Dialplan,
): Translated | undefined | null {
  const { core, plans } = state;
  const plan = plans.get(id);
  if (!plan) return null;
  if (text === "") return undefined;
  for (const [length, rules] of plan) {
    if (length !== 0 && length !== text.length) continue;
    const rule = rules.find((it) => fits(it, text, call, core));
    if (!rule) continue;
    const output = translates ? translate(rule, text, call, core) : "";
    if (output !== undefined) return { output, attributes: rule.attributes };
    core.log.write(LogLevel.err, `dialplan: ${text} fits ${rule.match}, but not ${rule.subst?.source}\n`);
    return undefined;
  }
  return undefined;
}
