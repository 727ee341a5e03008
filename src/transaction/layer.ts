/**
 * The transaction table and everything that acts on it.
 *
 * What src/run has to call, and when (Kamailio's script callbacks and its reply handler):
 *
 * - A request came: run request_route with a fresh `Call` (`call.tm` undefined), then always `endRequest(call)`
 *   (Kamailio's t_unref: sends a delayed error reply, releases a transaction that the script forgot).
 *   Retransmissions and ACKs are absorbed by the script functions themselves (t_newtran, t_relay, t_check_trans…).
 * - A reply came: run the core's reply_route first; unless it dropped the reply, `receiveReply(reply)`.
 *   True: a transaction has taken it. False: forward it statelessly (RFC 3261 16.7 (1)).
 * - A stream connection or a stateless reply needs nothing of the layer.
 *
 * What the layer asks of src/run is TransactionUser (user.ts). Each route there is one run with `tx` and `branch` set.
 * A "failure" run, a "branch-failure" run and a run that resumes have messages of their own (`msg.faked`);
 * a branch run works on the message of the run that forwards, which the layer restores afterwards.
 *
 * One transaction runs one of reply, failure and branch-failure routes at a time: events that come while such a
 * route waits are queued in order (Kamailio's REPLY_LOCK). All that is synchronous stays synchronous.
 */
import type { SipMessage } from "../sip/message.ts";
import type { Engine } from "./engine.ts";
import type { Run } from "./run.ts";
import type { Transaction } from "./transaction.ts";
import type { RouteHandle } from "./user.ts";

type Answer<T> = T | Promise<T>;

export interface TransactionLayer {
  /** Table, timers and parameters, for the modules that are a part of tm (tm, tmx); others use the methods below. */
  readonly engine: Engine;
  /** End of a request_route run (t_unref). Safe when the run never touched tm. */
  endRequest(run: Run): void;
  /** A reply that the core's reply_route let pass. False: no transaction wants it. */
  receiveReply(reply: SipMessage): Answer<boolean>;

  /** The run's transaction: the one in focus, else looked up once (t_check). For a reply also sets `run.branch`. */
  lookup(run: Run): Transaction | undefined;
  /** The transaction that a message is about: of a copy, an ACK, a CANCEL or a reply. Changes nothing. */
  matching(msg: SipMessage): Transaction | undefined;
  /**
   * Makes the run's transaction (t_newtran). 1: made, or an ACK that has none. 0: a retransmission or an ACK to a
   * negative reply, which has been dealt with. ErrorCode.script: the run already has one. Else a negative ErrorCode.
   */
  create(run: Run): number;
  /** Stateful reply to the run's request (t_reply); 1 or negative. */
  reply(run: Run, code: number, reason: string): number;
  /** The To tag that a reply made here to the run's request gets (`$ltt(t)`). */
  toTag(run: Run): string;
  /** t_relay: a new transaction when there is none, else further branches. Positive, 0 or negative as in Kamailio. */
  relay(run: Run): Answer<number>;

  /**
   * Suspends the run's transaction (t_suspend): for a request a blind branch waits for `continue` under fr_timer, for
   * a reply in an onreply_route the branch's reply waits. Null when it cannot be suspended (none, canceled, replied).
   */
  suspend(tx: Transaction, run: Run): { readonly index: number; readonly label: number } | null;
  /**
   * Goes on with a suspended transaction in `route` (t_continue). `prepare` sees the new run before the route starts.
   * 0: done, or not needed any more (canceled, timed out). Negative: there is no such suspended transaction.
   */
  continue(index: number, label: number, route: RouteHandle, prepare?: (call: unknown) => void): Answer<number>;
  /** Ends a suspension without running a route (t_cancel_suspend), from the run that suspended. */
  cancelSuspend(index: number, label: number): number;
  /** The transaction of that name, ended ones in their wait time included. */
  find(index: number, label: number): Transaction | undefined;
}
