/** What module tm keeps for a generation, and short cuts of its functions. */
import type { Call } from "../../declare/call.ts";
import { declare } from "../../declare/module.ts";
import type { Engine } from "../../transaction/engine.ts";
import { type NextTransaction, type RunState, stateOf } from "../../transaction/run.ts";
import type { Transaction } from "../../transaction/transaction.ts";

export interface Tm {
  /** Names of the XAVPs that serial forking uses; "" turns it off. */
  readonly contacts: string;
  readonly contactFlows: string;
  /** XAVP with attributes that go along with each contact; "" for none. */
  readonly contactAttributes: string;
  /** onreply_route for replies without a transaction. */
  readonly strayReplies: string;
}

export const { fn, rpc, module } = declare<Tm>();

export const engineOf = (call: Call): Engine => call.core.transactions.engine;

/** The transaction of the call's message, looked up once; complains when there is none. */
export function transactionOf(call: Call, wanted = true): Transaction | undefined {
  const tx = call.core.transactions.lookup(call);
  if (tx === undefined && wanted)
    engineOf(call).ports.log("error", "no transaction has been established for the message");
  return tx;
}

const nothing = (): NextTransaction => ({
  fr: 0,
  frInvite: 0,
  lifeInvite: 0,
  lifeOther: 0,
  t1: 0,
  t2: 0,
  setFlags: 0,
  resetFlags: 0,
});

/** Settings for the transaction that this run will make. */
export function nextOf(call: Call): NextTransaction {
  const state: RunState = stateOf(call);
  return (state.next ??= nothing());
}
