/** A CANCEL came (RFC 3261 9.2, 16.10): the INVITE's branches are canceled hop by hop, the CANCEL is answered here. */
import { type Answer, after, inTurn } from "./answer.ts";
import {
  Cancel,
  CancelPlan,
  cancelBranch,
  cancelMethod,
  prepareToCancel,
  receivedFields,
  receivedReason,
} from "./cancel.ts";
import type { Engine } from "./engine.ts";
import { replyTo } from "./local-reply.ts";
import { Handled, type Run, stateOf } from "./run.ts";
import { TFlag, type Transaction } from "./transaction.ts";

const NO_MORE = "ok -- no more pending branches";

/** `tx` is the CANCEL's transaction, `invite` the one that it is about (e2e_cancel). */
export function cancelTransaction(engine: Engine, run: Run, tx: Transaction, invite: Transaction): Answer<void> {
  const { msg } = run;
  const answer = (code: number, reason: string): void => {
    replyTo(tx, msg, code, reason);
    stateOf(run).handled |= Handled.replied;
  };
  // From now on nothing new is sent on it.
  invite.flags |= TFlag.canceled;
  const plan = new CancelPlan();
  prepareToCancel(invite, plan);
  if (plan.branches === 0) {
    // No branch is waiting for anything: the INVITE is answered here.
    void engine.locked(invite, () => {
      if (invite.status < 200) replyTo(invite, invite.request, 487, "Request canceled");
    });
    return answer(200, NO_MORE);
  }
  if (invite.cancelReason === "") invite.cancelReason = receivedReason(invite, msg);
  const fields = receivedReason(invite, msg) + receivedFields(invite, msg);
  const method = cancelMethod(invite.settings.cancelBMethod);
  let failed = false;
  let pending = false;
  const cancelAll = () =>
    inTurn(invite.branches.length, (b) => {
      if ((plan.branches & (1 << b)) === 0) return true;
      const blind = invite.branches[b]!.request.text === "";
      return after(cancelBranch(invite, b, fields, blind ? method | Cancel.fakeReply : method), (result) => {
        if (result < 0) failed = true;
        else pending = true;
        return true;
      });
    });
  // A faked reply is a reply: it has to wait for the one being processed.
  const canceling = method === Cancel.fakeReply ? engine.locked(invite, cancelAll) : cancelAll();
  return after(canceling, () => {
    if (failed) answer(500, "cancel error");
    else answer(200, pending ? "canceling" : NO_MORE);
  });
}
