/**
 * What becomes of a reply (tm's t_should_relay_response): sent upstream, kept until every branch has ended, or
 * dropped; with the failure routes that run on the way. Called with the transaction's lock held.
 */
import { type Answer, after } from "./answer.ts";
import { type CancelPlan, prepareToCancel } from "./cancel.ts";
import { killTransaction } from "./local-reply.ts";
import { lastStep, pickBranch } from "./pick.ts";
import { RetryFlag } from "./retry.ts";
import { type StoredReply, TFlag, type Transaction } from "./transaction.ts";

/** Kamailio's enum rps. */
export type Outcome = "error" | "discarded" | "stored" | "completed" | "pushed-after-completion" | "provisional";

export interface Decision {
  readonly outcome: Outcome;
  /** Keep the reply with its branch. */
  readonly store: boolean;
  /** Branch whose reply is to be sent upstream; -1 for none. */
  readonly relay: number;
}

const decision = (outcome: Outcome, relay: number, store = false): Decision => ({ outcome, store, relay });
const DISCARDED = decision("discarded", -1);
const STORED = decision("stored", -1, true);

export function decide(
  tx: Transaction,
  code: number,
  branch: number,
  cancel: CancelPlan,
  reply: StoredReply,
): Answer<Decision> {
  const it = tx.branches[branch]!;
  const invite2xx = code >= 200 && code < 300 && tx.isInvite;
  if (tx.status >= 200) {
    // RFC 3261 16.7 (5): after the final reply only further 2xx to INVITE pass.
    if (invite2xx) {
      it.lastReceived = code;
      return decision("pushed-after-completion", branch);
    }
    if (!(tx.method === "REGISTER" && code >= 300)) return DISCARDED;
  }
  if (it.lastReceived >= 200 && !(invite2xx && it.lastReceived < 300)) {
    const { reply408Code } = tx.settings;
    const expected =
      it.lastReceived === code || it.lastReceived === 487 || (it.lastReceived === reply408Code && code === 487);
    if (!expected) tx.engine.ports.log("warn", `status rewrite by UAS: stored: ${it.lastReceived}, received: ${code}`);
    return DISCARDED;
  }
  if (code >= 300) return negative(tx, code, branch, cancel, reply);
  const store = invite2xx && tx.isLocal && it.lastReceived < 200 && (tx.flags & TFlag.noAutoAck) !== 0;
  it.lastReceived = code;
  const relay = code === 100 && !tx.settings.relay100 ? -1 : branch;
  if (code < 200) return decision("provisional", relay, store);
  // RFC 3261 16.7 (10): a final reply ends the other branches.
  prepareToCancel(tx, cancel);
  cancel.cause = code;
  return decision("completed", relay, store);
}

function negative(
  tx: Transaction,
  code: number,
  branch: number,
  cancel: CancelPlan,
  reply: StoredReply,
): Answer<Decision> {
  const it = tx.branches[branch]!;
  it.lastReceived = code;
  return after(branchFailure(tx, branch, reply), () => {
    const picked = pickBranch(tx, branch, code);
    tx.picked = picked.branch;
    if (picked.branch === -2) {
      if (code >= 600 && code <= 699 && !(tx.flags & (TFlag.global | TFlag.disable6xx))) {
        // RFC 3261 16.7 (5): a 6xx ends the search.
        prepareToCancel(tx, cancel);
        tx.flags |= TFlag.global;
        cancel.cause = code;
      }
      return STORED;
    }
    if (picked.branch === -1) return DISCARDED;
    return allFinal(tx, code, branch, picked.branch, reply);
  });
}

/** Every branch has ended: the failure route may start new ones, reply, or let the best reply go. */
function allFinal(tx: Transaction, code: number, branch: number, picked: number, reply: StoredReply): Answer<Decision> {
  const it = tx.branches[branch]!;
  const before = tx.branches.length;
  it.reply = reply;
  // New branches are allowed again.
  tx.flags &= ~TFlag.global;
  tx.dropReplies = tx.settings.failureReplyMode;
  const winner = tx.branches[picked]!;
  const heard = winner.onFailure !== undefined || tx.watched?.hearsOfFailure;
  return after(heard ? failure(tx, picked) : false, (ran) => {
    let dropped = false;
    const mode = tx.dropReplies;
    if (ran && ((mode === 3 && before < tx.branches.length) || (mode !== 0 && mode !== 3))) {
      for (let b = mode === 2 ? lastStep(tx, before) : 0; b < before; b++) tx.branches[b]!.reply = undefined;
      dropped = true;
      tx.picked = -1;
    }
    if (!(tx.flags & TFlag.continuing)) it.reply = undefined;
    // The failure route may have replied itself.
    if (tx.status >= 200) return decision("completed", -1);
    let relay = dropped ? -1 : picked;
    if (before < tx.branches.length) {
      const next = pickBranch(tx, dropped ? -1 : branch, code).branch;
      if (next === -2) return dropped ? DISCARDED : STORED;
      if (next >= 0) relay = next;
      else if (dropped) return branchesFailed(tx, branch);
    } else if (dropped) return branchesFailed(tx, branch);
    tx.picked = relay;
    return decision("completed", relay);
  });
}

function branchesFailed(tx: Transaction, branch: number): Answer<Decision> {
  if (tx.isLocal) return decision("completed", branch);
  killTransaction(tx, tx.lastError || -1);
  return decision("completed", -1);
}

/** Runs the failure route of the winning branch on a copy of the request, which others may see first. True when it ran. */
function failure(tx: Transaction, picked: number): Answer<boolean> {
  const branch = tx.branches[picked]!;
  const route = branch.onFailure;
  const request = failureRequest(tx, picked);
  tx.watched?.failed(tx, request, branch.reply, branch.lastReceived);
  if (route === undefined) {
    tx.request.flags = request.flags;
    return false;
  }
  // Without arming it anew it does not run again.
  tx.onFailure = undefined;
  tx.flags &= ~TFlag.suspended;
  tx.picked = picked;
  tx.lastError = 0;
  const reply = branch.reply === "faked" ? undefined : branch.reply;
  return after(tx.engine.ports.user.failureRoute(tx, picked, request, reply, route), () => {
    tx.request.flags = request.flags;
    return true;
  });
}

function branchFailure(tx: Transaction, branch: number, reply: StoredReply): Answer<void> {
  const it = tx.branches[branch]!;
  const route = it.onBranchFailure;
  if (route === undefined) return;
  it.reply = reply;
  tx.picked = branch;
  tx.onBranchFailure = undefined;
  const request = failureRequest(tx, branch);
  const message = reply === "faked" ? undefined : reply;
  return after(tx.engine.ports.user.branchFailureRoute(tx, branch, request, message, route), () => {
    tx.request.flags = request.flags;
    if (!(tx.flags & TFlag.continuing)) it.reply = undefined;
  });
}

/** A copy of the request as failure routes see it: its Request-URI is used up, its branch flags are the branch's. */
function failureRequest(tx: Transaction, branch: number): Transaction["request"] {
  const it = tx.branches[branch]!;
  const request = tx.request.clone();
  request.faked = true;
  request.uriConsumed = true;
  request.branches = [];
  request.branchFlags = it.branchFlags;
  const { flags } = it.request;
  if (flags & RetryFlag.timeout) request.mark("branch-timeout");
  if (flags & RetryFlag.replied) request.mark("branch-replied");
  return request;
}
