/** Canceling branches (RFC 3261 9.1): in every state that a branch can be in, with tm's ways for those that were silent. */
import { HeaderType } from "../sip/headers.ts";
import type { SipMessage } from "../sip/message.ts";
import { type Answer, after, inTurn } from "./answer.ts";
import { relayReply } from "./relay-reply.ts";
import { RetryBuffer, RetryFlag } from "./retry.ts";
import { BranchFlag, TFlag, type Transaction } from "./transaction.ts";
import { cancelText } from "./wire.ts";

/** How branches are canceled (F_CANCEL_*). */
export const Cancel = {
  /** The transaction is over: stop the branches' timers. */
  kill: 1,
  /** A branch without any reply gets a 487 made here. */
  fakeReply: 2,
  /** Send CANCEL even to a branch without any reply. */
  force: 4,
  /** Go on sending the request of a branch without any reply. */
  keepSending: 8,
  /** The script asked for it: event_route[tm:local-request] sees the CANCEL. */
  local: 32,
} as const;

/** Branches that are to be canceled (a bit each), and why. */
export class CancelPlan {
  branches = 0;
  /** Status that the Reason field of the CANCEL names; 0 for none. */
  cause = 0;
}

/** The flags for parameter cancel_b_method. */
export const cancelMethod = (method: number): number =>
  method === 1 ? Cancel.keepSending : method === 2 ? Cancel.force : Cancel.fakeReply;

/** Marks a branch as being canceled. False when it needs no CANCEL, or one is under way. */
export function prepareCancelBranch(tx: Transaction, index: number, evenSilent: boolean): boolean {
  const branch = tx.branches[index]!;
  if ((branch.flags & BranchFlag.blind) !== 0 && branch.request.text === "") return false;
  if (branch.lastReceived >= 200 || !(evenSilent || branch.lastReceived >= 100)) return false;
  if (branch.cancel !== undefined) return false;
  branch.cancel = new RetryBuffer(tx, index, "cancel");
  return true;
}

/** Marks every branch that needs a CANCEL, but those in `skip`; `cancelBranches` has to follow. */
export function prepareToCancel(tx: Transaction, plan: CancelPlan, skip = 0): void {
  plan.branches = 0;
  for (let b = 0; b < tx.branches.length; b++)
    if ((skip & (1 << b)) === 0 && prepareCancelBranch(tx, b, true)) plan.branches |= 1 << b;
}

/** Cancels the branches of a plan. */
export function cancelBranches(tx: Transaction, plan: CancelPlan, flags: number): Answer<void> {
  if (plan.branches === 0) return;
  const reason = reasonField(tx, plan.cause);
  return inTurn(tx.branches.length, (b) => {
    if ((plan.branches & (1 << b)) === 0) return true;
    const blind = tx.branches[b]!.request.text === "";
    return after(cancelBranch(tx, b, reason, blind ? flags | Cancel.fakeReply : flags), () => true);
  });
}

/** `Reason` for a branch that is canceled because of a final reply (RFC 3326). */
export function reasonField(tx: Transaction, cause: number): string {
  if (cause <= 0 || !tx.settings.localCancelReason) return "";
  return `Reason: SIP;cause=${cause}${cause === 200 ? ';text="Call completed elsewhere"' : ""}\r\n`;
}

/** The Reason fields of a CANCEL that came, to go on with it hop by hop. */
export function receivedReason(tx: Transaction, cancel: SipMessage): string {
  if (tx.flags & TFlag.noCancelReason) return "";
  let fields = "";
  for (const header of cancel.named("Reason")) fields += cancel.text.slice(header.start, header.end);
  return fields;
}

/** Fields that a CANCEL made here has anyway, or that say nothing beyond the CANCEL that came. */
const OWN_FIELDS: ReadonlySet<number> = new Set([
  HeaderType.via,
  HeaderType.from,
  HeaderType.to,
  HeaderType.callId,
  HeaderType.cseq,
  HeaderType.maxForwards,
  HeaderType.route,
  HeaderType.require,
  HeaderType.proxyRequire,
  HeaderType.contentLength,
]);

/** The fields of a CANCEL that came which go on with headers_mode. */
export function receivedFields(tx: Transaction, cancel: SipMessage): string {
  if ((tx.settings.headersMode & 1) === 0) return "";
  const reasons = new Set(cancel.named("Reason"));
  let fields = "";
  for (const header of cancel.headers)
    if (!OWN_FIELDS.has(header.type) && !reasons.has(header)) fields += cancel.text.slice(header.start, header.end);
  return fields;
}

/**
 * Cancels one branch that has been marked. `reason` is whole header fields. Positive: the branch is still active;
 * 0: it has ended; negative: an error.
 */
export function cancelBranch(tx: Transaction, index: number, reason: string, flags: number): Answer<number> {
  const branch = tx.branches[index]!;
  const { request } = branch;
  request.flags |= RetryFlag.canceled;
  const silent = branch.lastReceived < 100;
  const kill = (flags & Cancel.kill) !== 0;
  if (kill) request.stop();
  if (silent && !(flags & Cancel.force)) {
    // RFC 3261 9.1: no CANCEL before a provisional reply.
    branch.cancel = undefined;
    if (kill) {
      const fake =
        flags & Cancel.fakeReply && !(request.flags & RetryFlag.relayingReply) && !(tx.flags & TFlag.adminReply);
      return fake ? fakeCanceled(tx, index) : 0;
    }
    if (!(flags & Cancel.keepSending)) request.stopRetransmission();
    if (flags & Cancel.fakeReply) {
      request.stop();
      return fakeCanceled(tx, index);
    }
    return 1;
  }
  request.stopRetransmission();
  const text = cancelText(tx, index, reason);
  if (text === "") {
    branch.cancel = undefined;
    return -1;
  }
  const cancel = branch.cancel!;
  cancel.text = text;
  cancel.to = request.to;
  const active = kill ? 0 : 1;
  const send = (): Answer<number> =>
    after(tx.engine.ports.send(text, cancel.to!), () => {
      cancel.start();
      return active;
    });
  if ((flags & Cancel.local) === 0 && (tx.settings.evlreqMode & 1) === 0) return send();
  const event = tx.engine.ports.user.localRequest(tx, text, cancel.to!);
  return event === undefined ? send() : after(event, send);
}

function fakeCanceled(tx: Transaction, index: number): Answer<number> {
  return after(relayReply(tx, "faked", index, 487, new CancelPlan(), true), (outcome) =>
    outcome === "error" ? -1 : 0,
  );
}
