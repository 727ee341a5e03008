/** The transaction layer as a whole: makes one over its ports. */
import type { SipMessage } from "../sip/message.ts";
import type { Answer } from "./answer.ts";
import type { Target } from "./branch.ts";
import { type Counts, Engine, type Ports } from "./engine.ts";
import { forward, relay, relayRequest } from "./forward.ts";
import type { TransactionLayer } from "./layer.ts";
import { replyTo } from "./local-reply.ts";
import { lookup, matching } from "./lookup.ts";
import { checkTransaction, create, endRequest } from "./newtran.ts";
import { receiveReply } from "./receive.ts";
import { Handled, type Run, stateOf } from "./run.ts";
import type { Settings } from "./settings.ts";
import { cancelSuspension, type Name, resume, suspend } from "./suspend.ts";
import { TFlag, type Transaction } from "./transaction.ts";
import type { RouteHandle } from "./user.ts";
import { tagFor } from "./wire.ts";

export type { Ports } from "./engine.ts";

export const transactionLayer = (ports: Ports): Transactions => new Transactions(ports);

export class Transactions implements TransactionLayer {
  readonly engine: Engine;

  constructor(ports: Ports) {
    this.engine = new Engine(ports);
  }

  /** The parameters of the generation that serves; transactions that run keep the times they began with. */
  configure(settings: Settings): void {
    this.engine.settings = settings;
  }
  get settings(): Settings {
    return this.engine.settings;
  }
  get counts(): Counts {
    return this.engine.counts;
  }
  /** Transactions in the tables, those in their wait time included. */
  get size(): number {
    return this.engine.size;
  }
  all(): Iterable<Transaction> {
    return this.engine.all();
  }

  endRequest(run: Run): void {
    endRequest(this.engine, run);
  }
  receiveReply(reply: SipMessage): Answer<boolean> {
    return receiveReply(this.engine, reply);
  }
  lookup(run: Run): Transaction | undefined {
    return lookup(this.engine, run);
  }
  matching(msg: SipMessage): Transaction | undefined {
    return matching(this.engine, msg);
  }
  check(run: Run): number {
    return checkTransaction(this.engine, run);
  }
  create(run: Run): number {
    return create(this.engine, run);
  }
  reply(run: Run, code: number, reason: string): number {
    const tx = this.lookup(run);
    if (tx === undefined || run.msg.method === "ACK") return -1;
    tx.flags |= TFlag.adminReply;
    if (code >= 200) stateOf(run).handled |= Handled.replied;
    return replyTo(tx, run.msg.isRequest ? run.msg : tx.request, code, reason);
  }
  toTag(run: Run): string {
    return tagFor(this.engine, run.msg);
  }
  relay(run: Run, target?: Target): Answer<number> {
    return relay(this.engine, run, target);
  }
  replicate(run: Run, target: Target): Answer<number> {
    return relayRequest(this.engine, run, target, true);
  }
  /** t_forward_nonack: for a transaction that is there already. */
  forward(run: Run, target?: Target): Answer<number> {
    const tx = this.lookup(run);
    return tx === undefined || run.msg.method === "ACK" ? -1 : forward(this.engine, run, tx, target);
  }
  suspend(tx: Transaction, run: Run): Name | null {
    return suspend(tx, run);
  }
  continue(index: number, label: number, route: RouteHandle, prepare?: (call: unknown) => void): Answer<number> {
    return resume(this.engine, { index, label }, route, prepare);
  }
  cancelSuspend(index: number, label: number): number {
    return cancelSuspension(this.engine, { index, label });
  }
  find(index: number, label: number): Transaction | undefined {
    return this.engine.find(index, label);
  }
}
