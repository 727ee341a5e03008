/** Making a transaction for a request, dealing with copies of one that has its own, and the end of the run. */
import { applyChanges } from "../sip/build.ts";
import type { SipMessage } from "../sip/message.ts";
import type { Engine } from "./engine.ts";
import { ErrorCode } from "./errors.ts";
import { killTransaction } from "./local-reply.ts";
import { focus, lookup, matchCanceled, matchRequest } from "./lookup.ts";
import { requestKey } from "./names.ts";
import { Handled, type NextTransaction, type Run, type RunState, stateOf } from "./run.ts";
import { TFlag, Transaction } from "./transaction.ts";
import { acknowledgedBy, offer } from "./watch.ts";
import { toTicks } from "./wheel.ts";
import { viaFacts } from "./wire.ts";

/** t_newtran; see TransactionLayer.create. */
export function create(engine: Engine, run: Run): number {
  const { msg } = run;
  const state = stateOf(run);
  if (run.tx !== undefined) {
    run.tx.request.flags = msg.flags;
    return ErrorCode.script;
  }
  // What is kept for later has to be whole.
  if (msg.headersProblem !== "") return ErrorCode.badRequest;
  const applies = (run.core?.owner ?? engine.owner).settings.appliesChanges || msg.marked("apply-changes");
  if (applies && !applyChanges(msg)) return ErrorCode.badRequest;
  state.looked = true;
  const match = matchRequest(engine, msg);
  if (match.malformed) return fail(state, ErrorCode.badTuple);
  if (match.tx !== undefined) {
    focus(run, match.tx);
    state.handled |= Handled.exists;
    absorb(engine, match.tx, msg);
    return 0;
  }
  if (msg.method === "ACK") {
    const tx = acknowledgedBy(engine, run);
    tx?.watched?.acknowledged(tx, msg);
    return 1;
  }
  if (msg.parsedUri === null) return ErrorCode.badRequest;
  const tx = build(engine, run, state);
  if (match.canceled) tx.flags |= TFlag.canceled;
  engine.insert(tx);
  focus(run, tx);
  return 1;
}

function fail(state: RunState, error: number): number {
  state.lastError = error;
  return error;
}

/** A copy of the request gets the last reply again; an ACK ends the waiting for it (RFC 3261 17.2.1, 17.2.2). */
export function absorb(engine: Engine, tx: Transaction, msg: SipMessage): void {
  if (msg.method === "ACK") engine.release(tx);
  else retransmitReply(engine, tx);
}

/** Sends the last reply again; false when there is none yet. */
export function retransmitReply(engine: Engine, tx: Transaction): boolean {
  const { response } = tx;
  if (response === undefined || response.text === "" || response.to === undefined) return false;
  void engine.ports.send(response.text, response.to);
  return true;
}

function build(engine: Engine, run: Run, state: RunState): Transaction {
  const { msg } = run;
  const owner = run.core?.owner ?? engine.owner;
  const { settings } = owner;
  // The edits follow when the request is first forwarded (save_msg_lumps).
  const request = msg.clone(false);
  const tx = new Transaction(
    engine,
    request,
    requestKey(msg, engine.seeds),
    msg.method,
    msg.callId,
    msg.cseq?.numberText ?? "",
    run.lists,
    owner,
  );
  const via = viaFacts(msg)!;
  tx.viaBranch = via.branch;
  tx.viaHost = via.host;
  tx.viaPort = via.port;
  tx.viaTransport = via.transport;
  tx.onFailure = state.onFailure;
  tx.onBranchFailure = state.onBranchFailure;
  tx.onReply = state.onReply;
  tx.onBranch = state.onBranch;
  tx.responseIn = state.responseIn;
  tx.fr = toTicks(settings.frTimer) || 1;
  tx.frInvite = toTicks(settings.frInvTimer) || 1;
  tx.t1 = settings.retrTimer1 || 1;
  tx.t2 = settings.retrTimer2 || 1;
  let life = toTicks(tx.isInvite ? settings.maxInvLifetime : settings.maxNoninvLifetime) || 1;
  if (tx.isInvite) {
    if (settings.autoInv100) tx.flags |= TFlag.auto100;
    if (settings.disable6xxBlock) tx.flags |= TFlag.disable6xx;
    if (!settings.e2eCancelReason) tx.flags |= TFlag.noCancelReason;
  }
  if (settings.askedTimers !== undefined) applyAsked(tx, settings.askedTimers(run.lists));
  if (state.next !== undefined) life = applySettings(tx, state.next) || life;
  tx.endOfLife = engine.wheel.now() + life;
  if (owner.watchers !== undefined) offer(owner.watchers, tx, run);
  return tx;
}

/** The parameters fr_timer_avp and fr_inv_timer_avp, which t_set_fr goes before. */
function applyAsked(tx: Transaction, { fr, frInvite }: { readonly fr: number; readonly frInvite: number }): void {
  if (fr > 0) tx.fr = toTicks(fr * 1000);
  if (frInvite === 0) return;
  tx.frInvite = toTicks(frInvite * 1000);
  tx.flags |= TFlag.noisy;
}

/** What the script has set for the transaction to come. The answer is its life in ticks, 0 when not set. */
function applySettings(tx: Transaction, next: NextTransaction): number {
  if (tx.isInvite) tx.flags = (tx.flags | next.setFlags) & ~next.resetFlags;
  if (next.fr > 0) tx.fr = next.fr;
  if (next.frInvite > 0) tx.frInvite = next.frInvite;
  if (next.t1 > 0) tx.t1 = next.t1;
  if (next.t2 > 0) tx.t2 = next.t2;
  return tx.isInvite ? next.lifeInvite : next.lifeOther;
}

/**
 * t_check_trans. 1: an ACK, CANCEL or reply of a transaction. 0: a copy, or an ACK to a negative reply, which has been
 * dealt with and ends the script. -1: none.
 */
export function checkTransaction(engine: Engine, run: Run): number {
  const { msg, kind } = run;
  if (kind === "failure" || kind === "branch" || kind === "branch-failure") return 1;
  if (!msg.isRequest) return lookup(engine, run) === undefined ? -1 : 1;
  if (msg.method === "CANCEL") return matchCanceled(engine, msg) === undefined ? -1 : 1;
  const tx = lookup(engine, run);
  if (tx === undefined) return msg.method === "ACK" && acknowledgedBy(engine, run) !== undefined ? 1 : -1;
  absorb(engine, tx, msg);
  return 0;
}

/** t_unref at the end of a request run. */
export function endRequest(engine: Engine, run: Run): void {
  const { tx, tm: state } = run;
  if (state === undefined) return;
  state.atEnd?.();
  state.atEnd = undefined;
  if (tx === undefined) return;
  const { handled } = state;
  // A transaction that was forwarded, answered or released as well is not answered with the error.
  if (handled === Handled.errorDelayed) {
    if (killTransaction(tx, state.delayedError) <= 0) engine.release(tx);
  } else if (handled === 0 || (run.msg.method === "ACK" && !(handled & Handled.released))) {
    if (handled === 0) engine.ports.log("warn", "script writer didn't release transaction");
    engine.release(tx);
  } else if (handled & Handled.errorDelayed && handled & Handled.exists) engine.release(tx);
  if (state.holds) tx.users--;
  state.holds = false;
  run.tx = undefined;
  run.tm = undefined;
}
