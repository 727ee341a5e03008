/** What the module sqlops keeps: its connections, and the results of queries by the run that made them. */
import type { Call } from "../../declare/call.ts";
import { type Core, type Counter, LogLevel } from "../../declare/core.ts";
import type { QueryReply } from "../../declare/host.ts";
import { declare } from "../../declare/module.ts";
import type { Access } from "../db/access.ts";

export type Result = Extract<QueryReply, { ok: true }>;

export interface Connection {
  readonly name: string;
  readonly url: string;
  readonly database: Access;
  /** It has answered once: from then on its failures are those of queries. */
  reached: boolean;
}
/** What a worker, or a transaction, has from its queries: by name of the result, and by name of the connection. */
interface Kept {
  readonly results: Map<string, Result>;
  readonly affected: Map<string, number>;
}
export interface Sqlops {
  readonly core: Core;
  readonly connections: ReadonlyMap<string, Connection>;
  /** 0: must answer at the start; 1: should; 2: is asked when it is needed. */
  readonly mode: number;
  /** Characters of a query that a log line shows. */
  readonly logSize: number;
  /** Characters that `{sql.val}` may make of a text. */
  readonly bufferSize: number;
  /** By the `$var`s of a worker, and by the lists of a transaction: both outlive a run. */
  readonly kept: WeakMap<object, Kept>;
  readonly queries: Counter;
  readonly failures: Counter;
}

export const { fn, pv, module } = declare<Sqlops>();

export function complain({ core }: Sqlops, problem: string): -1 {
  core.log.write(LogLevel.err, `sqlops: ${problem}\n`);
  return -1;
}

/** Undefined when the query failed, which is logged and counted. */
export async function ask(state: Sqlops, connection: Connection, query: string): Promise<Result | undefined> {
  state.queries.value++;
  const reply = await connection.database.query(query);
  if (reply.ok) {
    connection.reached = true;
    return reply;
  }
  state.failures.value++;
  complain(state, `${connection.name}: ${reply.message} [${query.slice(0, state.logSize)}]`);
  return undefined;
}

/** A database that never could be reached, unless it had to be at the start, is an error of its own. */
export const failed = (state: Sqlops, connection: Connection): -1 | -2 =>
  !connection.reached && state.mode !== 0 ? -2 : -1;

/** Results stay with the worker, as in a process of Kamailio's, and with the transaction, whose routes may run on another. */
export function keep(state: Sqlops, call: Call, change: (kept: Kept) => void): void {
  for (const owner of [call.vars, call.lists]) {
    let kept = state.kept.get(owner);
    if (!kept) state.kept.set(owner, (kept = { results: new Map(), affected: new Map() }));
    change(kept);
  }
}

export const resultOf = (state: Sqlops, call: Call, name: string): Result | undefined =>
  state.kept.get(call.lists)?.results.get(name) ?? state.kept.get(call.vars)?.results.get(name);

export const affectedOf = (state: Sqlops, call: Call, name: string): number =>
  state.kept.get(call.lists)?.affected.get(name) ?? state.kept.get(call.vars)?.affected.get(name) ?? 0;
