/** What a cooling generation waits for, counted and in words. */

import type { TransactionLayer } from "../../transaction/layer.ts";
import { TFlag } from "../../transaction/transaction.ts";
import type { Generation } from "../generation.ts";

export interface Waits {
  /** Script runs in progress, and messages that wait for a worker. */
  readonly runs: number;
  /** Transactions in the tables, those of `suspended` and `ended` included. */
  readonly transactions: number;
  readonly suspended: number;
  /** Transactions that are over and only absorb copies for a while. */
  readonly ended: number;
  readonly timers: number;
  readonly launched: number;
  readonly http: number;
}

export function waitsOf(generation: Generation, layer: TransactionLayer): Waits {
  let suspended = 0;
  let ended = 0;
  if (generation.transactions > 0)
    for (const tx of layer.engine.all()) {
      if (tx.owner !== generation) continue;
      if (tx.waiting) ended++;
      else if (tx.flags & TFlag.suspended) suspended++;
    }
  const { running, transactions, pending } = generation;
  return { runs: running, transactions, suspended, ended, ...pending };
}

const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** "2 transactions (1 suspended) and 1 timer"; "nothing". */
export function waitsText(waits: Waits): string {
  const { runs, transactions, suspended, ended, timers, launched, http } = waits;
  const of = [suspended > 0 ? `${suspended} suspended` : "", ended > 0 ? `${ended} ended` : ""].filter(Boolean);
  const parts = [
    runs > 0 ? plural(runs, "script run") : "",
    transactions > 0 ? plural(transactions, "transaction") + (of.length > 0 ? ` (${of.join(", ")})` : "") : "",
    timers > 0 ? plural(timers, "timer") : "",
    launched > 0 ? plural(launched, "launched function") : "",
    http > 0 ? plural(http, "HTTP query", "HTTP queries") : "",
  ].filter(Boolean);
  if (parts.length === 0) return "nothing";
  return parts.length === 1 ? parts[0]! : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}
