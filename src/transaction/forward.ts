/** Relaying a request: t_relay and its kin (RFC 3261 16.6). */
import { HeaderType } from "../sip/headers.ts";
import type { SipMessage } from "../sip/message.ts";
import { type Answer, after, inTurn } from "./answer.ts";
import { addBranch, clearTargets, firstPlan, type Target } from "./branch.ts";
import { cancelTransaction } from "./cancel-request.ts";
import type { Engine } from "./engine.ts";
import { ErrorCode } from "./errors.ts";
import { killTransaction, replyTo } from "./local-reply.ts";
import { matchCanceled } from "./lookup.ts";
import { create } from "./newtran.ts";
import { Handled, type Run, type RunState, stateOf } from "./run.ts";
import { sendBranch } from "./send.ts";
import { BranchFlag, TFlag, type Transaction } from "./transaction.ts";

const ANYWHERE: Target = {};

/** The routes in which tm goes on with the transaction in focus instead of making one. */
export const inTransaction = (kind: string): boolean => kind === "failure" || kind === "branch-failure";

/** t_relay in any route where it is allowed. */
export function relay(engine: Engine, run: Run, target: Target = ANYWHERE): Answer<number> {
  if (!inTransaction(run.kind)) return relayRequest(engine, run, target, false);
  const { tx } = run;
  if (tx === undefined) return -1;
  const state = stateOf(run);
  return after(forward(engine, run, tx, target), (result) => {
    if (result > 0) return 1;
    tx.lastError = state.lastError;
    return -1;
  });
}

/** t_relay_to of request_route; `replicate`: nobody wants the replies (t_replicate). */
export function relayRequest(engine: Engine, run: Run, target: Target, replicate: boolean): Answer<number> {
  const { msg } = run;
  const state = stateOf(run);
  if (msg.method === "CANCEL")
    return after(relayCancel(engine, run, target), (result) => settle(engine, run, state, result, replicate));
  const made = create(engine, run);
  if (made === 0) return 1;
  if (made < 0 && made !== ErrorCode.script) return made;
  if (msg.method === "ACK") {
    if (run.tx !== undefined) {
      engine.release(run.tx);
      state.handled |= Handled.released;
      return 1;
    }
    return forwardAck(engine, run, target);
  }
  const tx = run.tx!;
  if (replicate) tx.flags |= TFlag.local;
  if (tx.isInvite && tx.flags & TFlag.auto100 && tx.status < 100) trying(tx, msg);
  return after(forward(engine, run, tx, target), (result) => settle(engine, run, state, result, replicate));
}

/** RFC 3261 16.2, 17.2.1: an INVITE is answered with 100 at once, so that it is not sent again. */
export function trying(tx: Transaction, msg: SipMessage): void {
  replyTo(tx, msg, 100, tx.settings.autoInv100Reason);
}

/** An error is reported upstream: at the end of the script, so that the script may reply first (delayed_reply). */
function settle(engine: Engine, run: Run, state: RunState, result: number, replicate: boolean): number {
  const { tx } = run;
  if (result > 0 || tx === undefined) return result;
  if (replicate) {
    engine.release(tx);
    return result;
  }
  if (tx.flags & TFlag.disableInternalReply) {
    state.delayedError = state.lastError;
    return -4;
  }
  if (tx.settings.delayedReply) {
    state.delayedError = state.lastError;
    state.handled |= Handled.errorDelayed;
    if (state.handled === Handled.errorDelayed) run.msg.mark("delayed-reply");
  } else if (killTransaction(tx, state.lastError) <= 0) engine.release(tx);
  return result;
}

/** RFC 3261 13.2.2.4: the ACK to a 2xx is a request of its own that has no transaction. */
function forwardAck(engine: Engine, run: Run, target: Target): Answer<number> {
  const { msg } = run;
  const uri = target.host === undefined ? msg.dstUri || msg.uri : `sip:${target.host}:${target.port || 5060}`;
  return after(engine.ports.resolve(uri, target.protocol, msg.forceSendSocket, msg.received.socket), (to) => {
    if (to === null) return ErrorCode.badAddress;
    return after(engine.ports.forward(msg, to), (sent) => (sent >= 0 ? 1 : sent));
  });
}

/** The request goes on as if it had been made here. */
function withoutVias(msg: SipMessage): void {
  for (const header of msg.headers)
    if (header.type === HeaderType.via) msg.delete(header.start, header.end - header.start, header.type);
  msg.mark("via-noreceived");
}

/** t_forward_cancel. */
function relayCancel(engine: Engine, run: Run, target: Target): Answer<number> {
  const { msg } = run;
  const original = matchCanceled(engine, msg);
  const { settings } = run.core?.owner ?? engine.owner;
  const stateful = settings.unmatchedCancel === 0;
  if (original === undefined && !stateful) {
    if (settings.unmatchedCancel === 2) return 1;
    if ((settings.headersMode & 2) !== 0) withoutVias(msg);
    return forwardAck(engine, run, target);
  }
  const made = create(engine, run);
  if (made === 0) return 1;
  if (made < 0 && made !== ErrorCode.script) return made;
  const tx = run.tx!;
  return original === undefined
    ? forward(engine, run, tx, target)
    : after(cancelTransaction(engine, run, tx, original), () => 1);
}

/** t_forward_nonack: makes branches of the message's targets and sends them. Positive, or a negative ErrorCode. */
export function forward(engine: Engine, run: Run, tx: Transaction, target: Target = ANYWHERE): Answer<number> {
  const { msg } = run;
  const state = stateOf(run);
  const error = (code: number, result = code): number => {
    state.lastError = code;
    return result;
  };
  const canceled = (): number => {
    clearTargets(msg);
    tx.request.flags = msg.flags;
    return error(ErrorCode.canceled, -1);
  };
  if (tx.isCanceled) return canceled();
  if (msg.method === "CANCEL") {
    const original = matchCanceled(engine, msg);
    if (original !== undefined)
      return after(cancelTransaction(engine, run, tx, original), () => {
        state.handled |= Handled.forwarded;
        return 1;
      });
  }
  const first = tx.branches.length;
  const route = tx.onBranch;
  if (route !== undefined) {
    tx.onBranchDelayed = route;
    tx.onBranch = undefined;
  }
  if (first === 0 && !inTransaction(run.kind)) saveEdits(tx, run);

  const flags = msg.branchFlags;
  const plans = msg.uriConsumed ? [] : [firstPlan(msg)];
  if (msg.branches.length > 0) plans.push(...msg.branches);
  let lowest: number = ErrorCode.unspecified;
  const added = inTurn(plans.length, (i) => {
    const plan = plans[i]!;
    msg.branchFlags = plan.flags;
    return after(addBranch(tx, msg, plan, target, route), (index) => {
      if (index < 0) lowest = Math.min(lowest, index);
      return !tx.isCanceled;
    });
  });
  return after(added, () => {
    msg.branchFlags = flags;
    if (tx.isCanceled) return canceled();
    clearTargets(msg);
    tx.request.flags = msg.flags;
    const last = tx.branches.length;
    if (last === first) {
      if (plans.length === 0) {
        engine.ports.log("error", "no branches for forwarding");
        return error(Math.min(lowest, ErrorCode.config), -1);
      }
      if (lowest !== ErrorCode.config) engine.ports.log("error", "failure to add branches");
      return error(lowest);
    }
    tx.branches[first]!.flags |= BranchFlag.first;
    state.lastError = 0;
    let sent = 0;
    const sending = inTurn(last - first, (i) =>
      after(sendBranch(tx, first + i, msg), (ok) => {
        if (ok) sent++;
        return true;
      }),
    );
    return after(sending, () => {
      if (sent === 0) return error(ErrorCode.send, -1);
      state.handled |= Handled.forwarded;
      return 1;
    });
  });
}

/** From now on the transaction's request carries the edits made so far: failure routes see them (save_msg_lumps). */
export function saveEdits(tx: Transaction, run: Run): void {
  const state = stateOf(run);
  if (state.editsSaved) return;
  state.editsSaved = true;
  const { msg } = run;
  tx.request.edits = msg.edits.copy();
  tx.request.bodyEdits = msg.bodyEdits.copy();
  tx.request.reply = msg.reply && { ...msg.reply, headers: [...msg.reply.headers] };
}
