/** Replies made here: t_reply, error replies, and the timers of final replies. */
import type { SipMessage } from "../sip/message.ts";
import { after } from "./answer.ts";
import { Cancel, CancelPlan, cancelBranches, prepareToCancel } from "./cancel.ts";
import { errorReply } from "./errors.ts";
import { countReply } from "./relay-reply.ts";
import { RetryBuffer } from "./retry.ts";
import type { Transaction } from "./transaction.ts";
import { contactsOf, localReplyText, localTagFor, replyDestination } from "./wire.ts";

/** The buffer of the transaction's reply, with its destination (RFC 3261 18.2.2, RFC 3581). */
export function responseOf(tx: Transaction): RetryBuffer {
  if (tx.response === undefined) {
    tx.response = new RetryBuffer(tx, 0, "response");
    if (!tx.startedHere) tx.response.to = replyDestination(tx.request);
  }
  return tx.response;
}

/**
 * RFC 3261 17.2.1, in tm's form: a negative final reply to INVITE is sent again until its ACK comes, over an
 * unreliable transport (Timer G, H); a 2xx made here over any, because the ACK comes from the far end (13.3.1.4).
 */
export function startFinalReplyTimers(tx: Transaction): void {
  if (tx.isLocal || !tx.isInvite) return;
  if (tx.status >= 300) responseOf(tx).start();
  else if (tx.relayedBranch === -2 && tx.status >= 200) responseOf(tx).start(true);
}

/** Sends a reply made of `msg`, the transaction's request or a copy with edits of its own. 1, or -1 when it came too late. */
export function replyTo(
  tx: Transaction,
  msg: SipMessage,
  code: number,
  reason: string,
  extra = "",
  toTag = "",
): number {
  const { engine } = tx;
  if (tx.status >= 200) {
    engine.ports.log("info", `can't generate ${code} reply when a final ${tx.status} was sent out`);
    engine.stopRequests(tx);
    engine.putOnWait(tx);
    return -1;
  }
  let fields = extra;
  if (code >= 300 && code < 400) fields = contactsOf(msg, tx.settings.richRedirect) + extra;
  const tag = toTag || (code >= 180 ? localTagFor(tx, msg) : "");
  const response = responseOf(tx);
  const text = localReplyText(tx, msg, code, reason, tag, fields);
  response.text = text;
  tx.status = code;
  tx.relayedBranch = -2;
  if (tag !== "") tx.localToTag = tag;
  countReply(tx, code);
  engine.counts.repliesGenerated++;
  engine.counts.repliesSent++;
  if (code >= 200) {
    engine.stopRequests(tx);
    if (tx.isInvite) {
      const plan = new CancelPlan();
      prepareToCancel(tx, plan);
      plan.cause = code;
      void cancelBranches(tx, plan, Cancel.kill);
    }
    startFinalReplyTimers(tx);
  }
  const to = response.to;
  if (to !== undefined)
    void after(engine.ports.send(text, to), (sent) => {
      if (!sent) return;
      if (code >= 200 && !tx.isLocal) tx.watched?.replied(tx, "faked", code);
      return engine.ports.user.localResponse(tx, text, to);
    });
  if (code >= 200) {
    engine.putOnWait(tx);
    tx.finalReply = true;
    if (tx.isLocal) tx.onEnd?.(code, "faked");
  }
  return 1;
}

/** Ends a transaction with the reply for an internal error (kill_transaction); positive when that was sent. */
export function killTransaction(tx: Transaction, error: number): number {
  // A stateless final reply (sl) answers the request, too.
  if (tx.finalReply || tx.request.marked("final-reply")) {
    tx.engine.release(tx);
    return 1;
  }
  const { status, reason } = errorReply(error, "TM");
  return replyTo(tx, tx.request, status, reason);
}
