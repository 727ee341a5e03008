/** Sends the reply that was decided on upstream (tm's relay_reply). Called with the transaction's lock held. */
import { type Answer, after } from "./answer.ts";
import type { CancelPlan } from "./cancel.ts";
import { type Decision, decide, type Outcome } from "./decide.ts";
import { reasonOf } from "./errors.ts";
import { responseOf, startFinalReplyTimers } from "./local-reply.ts";
import type { StoredReply, Transaction } from "./transaction.ts";
import { challengesText, forwardedReplyText, localReplyText, localTagFor } from "./wire.ts";

/** `wait`: let the transaction end when this is its final reply. */
export function relayReply(
  tx: Transaction,
  reply: StoredReply,
  branch: number,
  code: number,
  cancel: CancelPlan,
  wait: boolean,
): Answer<Outcome> {
  return after(decide(tx, code, branch, cancel, reply), (decided) => {
    if (decided.store) tx.branches[branch]!.reply = reply;
    return decided.relay < 0 ? decided.outcome : send(tx, reply, branch, code, decided, wait);
  });
}

const relayedOf = (tx: Transaction, reply: StoredReply, branch: number, relay: number): StoredReply =>
  branch === relay ? reply : tx.branches[relay]!.reply;

/** The text of the reply for upstream, its status, and whether it is one made here. */
function build(tx: Transaction, reply: StoredReply, branch: number, code: number, relay: number) {
  const { settings } = tx;
  const relayed = relayedOf(tx, reply, branch, relay);
  const own = branch === relay ? code : tx.branches[relay]!.lastReceived;
  if (relayed === "faked" || relayed === undefined) {
    const status = tx.isCanceled ? 487 : own;
    const challenges = aggregated(tx, reply, branch, status);
    const reason = status === settings.reply408Code ? settings.reply408Reason : reasonOf(status);
    const tag = status >= 180 ? localTagFor(tx, tx.request) : "";
    return { status, made: true, tag, text: localReplyText(tx, tx.request, status, reason, tag, challenges) };
  }
  const status = relayed.status;
  if (status === 503 && settings.remap503To500) {
    // RFC 3261 16.7 (6): a 503 says that this hop is overloaded, which is not the caller's to know.
    const tag = localTagFor(tx, tx.request);
    return { status: 500, made: true, tag, text: localReplyText(tx, tx.request, 500, reasonOf(503), tag, "") };
  }
  const challenges = aggregated(tx, reply, branch, status);
  if (challenges !== "") {
    const tag = localTagFor(tx, tx.request);
    return { status, made: true, tag, text: localReplyText(tx, tx.request, status, reasonOf(status), tag, challenges) };
  }
  return { status, made: false, tag: "", text: forwardedReplyText(relayed) };
}

/** RFC 3261 16.7 (7): the challenges of all branches, when there are several; else "". */
function aggregated(tx: Transaction, reply: StoredReply, branch: number, status: number): string {
  if (!tx.settings.aggregateChallenges || (status !== 401 && status !== 407)) return "";
  const replies: StoredReply[] = [];
  for (let b = 0; b < tx.branches.length; b++) {
    const it = tx.branches[b]!;
    const last = b === branch ? reply : it.reply;
    if (typeof last === "object" && (it.lastReceived === 401 || it.lastReceived === 407)) replies.push(last);
  }
  return replies.length > 1 ? challengesText(replies) : "";
}

function send(
  tx: Transaction,
  reply: StoredReply,
  branch: number,
  code: number,
  decided: Decision,
  wait: boolean,
): Answer<Outcome> {
  const { engine } = tx;
  const built = build(tx, reply, branch, code, decided.relay);
  const response = responseOf(tx);
  const late = decided.outcome === "pushed-after-completion";
  let told: StoredReply;
  engine.counts.repliesSent++;
  countReply(tx, built.status);
  if (!late || tx.settings.replyRelayMode === 0) {
    if (tx.watched !== undefined) told = built.made ? "faked" : relayedOf(tx, reply, branch, decided.relay);
    response.text = built.text;
    tx.status = built.status;
    tx.relayedBranch = decided.relay;
    if (built.made) {
      engine.counts.repliesGenerated++;
      if (built.tag !== "") tx.localToTag = built.tag;
    }
  }
  const completed = decided.outcome === "completed";
  if (completed) startFinalReplyTimers(tx);
  const to = response.to;
  const asked =
    typeof reply === "object" && to !== undefined && !late
      ? engine.ports.user.onSend(reply, built.text, to)
      : undefined;
  return after(asked, (outcome) => {
    const sent = to === undefined || outcome?.dropped ? false : engine.ports.send(built.text, to);
    return after(sent, (ok) => {
      if (ok && told !== undefined && tx.status === built.status) tx.watched!.replied(tx, told, built.status);
      if (completed && wait) engine.putOnWait(tx);
      return decided.outcome;
    });
  });
}

/** One more reply of that class went upstream. */
export function countReply(tx: Transaction, status: number): void {
  const family = Math.floor(status / 100);
  if (family >= 2 && family <= 6) tx.engine.counts.completed[family]!++;
}
