/** The final response timer of a request, a CANCEL or a reply has fired (RFC 3261 Timers B, C, F, H). */
import { after } from "./answer.ts";
import { CancelPlan, cancelBranch, prepareCancelBranch, reasonField } from "./cancel.ts";
import type { Engine } from "./engine.ts";
import { localReply } from "./local-transaction.ts";
import { relayReply } from "./relay-reply.ts";
import { type RetryBuffer, RetryFlag } from "./retry.ts";
import { failOver, wasSilent } from "./send.ts";
import type { Transaction } from "./transaction.ts";

export function onFinalTimeout(engine: Engine, buffer: RetryBuffer): void {
  const { tx } = buffer;
  // Nobody answers the CANCEL: the branch's own timer ends it.
  if (buffer.kind === "cancel") return;
  // No ACK came for a final reply to INVITE.
  if (buffer.kind === "response") return engine.putOnWait(tx);
  void engine.locked(tx, () => {
    if (mayBeSilent(tx, buffer.branch)) return engine.putOnWait(tx);
    const fake = () => fakeReply(tx, buffer.branch, tx.settings.reply408Code);
    if (buffer.to === undefined || tx.branches[buffer.branch]!.lastReceived !== 0) return fake();
    wasSilent(tx, buffer.to);
    if (buffer.to.alternatives === undefined || tx.endOfLife <= engine.wheel.now()) return fake();
    return after(failOver(tx, buffer.branch, tx.request), fake);
  });
}

/** An INVITE on its only branch that nothing was heard of may be forgotten without an answer (noisy_ctimer=0). */
function mayBeSilent(tx: Transaction, branch: number): boolean {
  return (
    !tx.settings.noisyCtimer &&
    !tx.isNoisy &&
    !tx.isLocal &&
    tx.isInvite &&
    tx.branches.length === 1 &&
    tx.onFailure === undefined &&
    !tx.watched?.hearsOfFailure &&
    tx.branches[branch]!.lastReceived === 0
  );
}

/** A branch ends with a reply made here, as if it had come. Called with the lock held. */
export function fakeReply(tx: Transaction, branch: number, code: number) {
  const { request } = tx.branches[branch]!;
  const plan = new CancelPlan();
  const cancel = tx.isInvite && prepareCancelBranch(tx, branch, false);
  request.flags |= RetryFlag.canceled | RetryFlag.relayingReply;
  const outcome = tx.isLocal
    ? localReply(tx, "faked", branch, code, plan)
    : relayReply(tx, "faked", branch, code, plan, false);
  return after(outcome, (result) => {
    // RFC 3261 16.8: a branch that had provisional replies is canceled.
    const canceled = cancel ? cancelBranch(tx, branch, reasonField(tx, plan.cause), 0) : 0;
    return after(canceled, () => {
      if (result === "completed") tx.engine.putOnWait(tx);
    });
  });
}
