/** A reply came for a transaction (tm's reply_received; RFC 3261 16.7, 17.1). */
import type { SipMessage } from "../sip/message.ts";
import { type Answer, after } from "./answer.ts";
import { Cancel, CancelPlan, cancelBranch, cancelBranches, cancelMethod, reasonField } from "./cancel.ts";
import type { Outcome } from "./decide.ts";
import type { Engine } from "./engine.ts";
import { localReply } from "./local-transaction.ts";
import { matchReply } from "./lookup.ts";
import { replyRule } from "./machine.ts";
import { relayReply } from "./relay-reply.ts";
import { RetryBuffer, RetryFlag } from "./retry.ts";
import { wasRefused } from "./send.ts";
import { type ClientBranch, TFlag, type Transaction } from "./transaction.ts";
import { localAck } from "./uac.ts";
import { ackText } from "./wire.ts";

/** False: no transaction wants the reply, so it is to be forwarded statelessly. */
export function receiveReply(engine: Engine, reply: SipMessage): Answer<boolean> {
  const match = matchReply(engine, reply);
  if (match === undefined) return false;
  engine.counts.repliesReceived++;
  const { tx, branch } = match;
  return after(
    engine.locked(tx, () => process(tx, branch, reply)),
    () => true,
  );
}

function process(tx: Transaction, index: number, reply: SipMessage): Answer<void> {
  const branch = tx.branches[index]!;
  const before = branch.lastReceived;
  if (tx.responseIn !== undefined) for (const hook of tx.responseIn) hook(tx, reply);
  if (tx.isInvite && reply.cseqMethod === "CANCEL") {
    // The answer to a CANCEL of ours only stops the copies.
    if (reply.status >= 200) branch.cancel?.stop();
    else branch.cancel?.stopRetransmission();
    return;
  }
  const rule = replyRule(tx.isInvite, reply.status);
  if (reply.status >= 200) {
    branch.request.stop();
    if (rule.ack) acknowledge(tx, index, reply);
    else if (tx.isInvite && tx.isLocal) localAck(tx, index, reply);
  } else {
    if (branch.request.flags & RetryFlag.canceled) return cancelLate(tx, index);
    if (rule.timers === "stop-copies") branch.request.stopRetransmission();
    else branch.request.slowDown();
  }
  return after(replyRoute(tx, index, reply, before), (goOn) => {
    if (!goOn) return;
    const refused = reply.status >= 300 ? wasRefused(tx, index, reply) : false;
    return after(refused, () => {
      if (tx.flags & TFlag.suspended) return;
      return after(deliver(tx, index, reply), (outcome) => settle(tx, branch, reply.status, before, outcome));
    });
  });
}

/** RFC 3261 17.1.1.3: the ACK goes where the INVITE went. */
function acknowledge(tx: Transaction, index: number, reply: SipMessage): void {
  const { to } = tx.branches[index]!.request;
  const text = ackText(tx, index, reply);
  if (to === undefined || text === "") return;
  if (tx.settings.evlreqMode & 2) {
    void after(tx.engine.ports.user.localRequest(tx, text, to), () => tx.engine.ports.send(text, to));
    return;
  }
  void tx.engine.ports.send(text, to);
}

/** A provisional reply on a branch that was canceled before it had any: now the CANCEL can go (RFC 3261 9.1). */
function cancelLate(tx: Transaction, index: number): Answer<void> {
  const branch = tx.branches[index]!;
  if (branch.cancel !== undefined) {
    if (branch.cancel.text !== "" && branch.cancel.to) void tx.engine.ports.send(branch.cancel.text, branch.cancel.to);
    return;
  }
  branch.cancel = new RetryBuffer(tx, index, "cancel");
  const reason = tx.cancelReason || reasonField(tx, tx.status >= 200 ? tx.status : 0);
  return after(cancelBranch(tx, index, reason, Cancel.force), () => undefined);
}

/** Runs the branch's onreply_route. False: it dropped the reply, which only a provisional one can be. */
function replyRoute(tx: Transaction, index: number, reply: SipMessage, before: number): Answer<boolean> {
  const branch = tx.branches[index]!;
  const route = branch.onReply;
  if (route === undefined) return true;
  reply.flags = tx.request.flags;
  reply.branchFlags = branch.branchFlags;
  // Functions in the route see the branch as replied already.
  if (reply.status > before) branch.lastReceived = reply.status;
  const { status } = reply;
  return after(tx.engine.ports.user.replyRoute(tx, index, reply, route), (outcome) => {
    branch.lastReceived = before;
    tx.request.flags = reply.flags;
    branch.branchFlags = reply.branchFlags;
    return !(outcome.dropped && status < 200);
  });
}

/** Passes the reply on and cancels what it makes superfluous. */
export function deliver(tx: Transaction, index: number, reply: SipMessage): Answer<Outcome> {
  const plan = new CancelPlan();
  const { engine } = tx;
  const passed = tx.isLocal
    ? localReply(tx, reply, index, reply.status, plan)
    : relayReply(tx, reply, index, reply.status, plan, true);
  return after(passed, (outcome) => {
    if (outcome !== "completed")
      return after(cancelBranches(tx, plan, cancelMethod(tx.settings.cancelBMethod)), () => outcome);
    engine.stopRequests(tx);
    if (tx.isLocal) engine.putOnWait(tx);
    return tx.isInvite ? after(cancelBranches(tx, plan, Cancel.kill), () => outcome) : outcome;
  });
}

/** RFC 3261 16.7 (2): provisional replies keep an INVITE's branch alive (Timer C). */
export function settle(tx: Transaction, branch: ClientBranch, status: number, before: number, outcome: Outcome): void {
  branch.request.flags |= RetryFlag.replied;
  if (outcome === "error" || !replyRule(tx.isInvite, status).restartFinal) return;
  const progress = before < status && (status >= 180 || before === 0);
  if (!tx.settings.restartFrOnEachReply && !progress) return;
  branch.request.restartFinal(tx.frInvite);
  branch.request.flags |= RetryFlag.frInvite;
}
