/** Replies to a request that was started here go to whoever started it (tm's local_reply). Called with the lock held. */
import { type Answer, after } from "./answer.ts";
import type { CancelPlan } from "./cancel.ts";
import { decide, type Outcome } from "./decide.ts";
import { countReply } from "./relay-reply.ts";
import type { StoredReply, Transaction } from "./transaction.ts";

export function localReply(
  tx: Transaction,
  reply: StoredReply,
  branch: number,
  code: number,
  cancel: CancelPlan,
): Answer<Outcome> {
  return after(decide(tx, code, branch, cancel, reply), (decided) => {
    if (decided.store) tx.branches[branch]!.reply = reply;
    if (decided.relay < 0) return decided.outcome;
    const winner = tx.branches[decided.relay]!;
    const message = branch === decided.relay ? reply : winner.reply;
    const status = typeof message === "object" ? message.status : branch === decided.relay ? code : winner.lastReceived;
    tx.status = status;
    tx.engine.counts.repliesSent++;
    countReply(tx, status);
    if (typeof message !== "object") tx.engine.counts.repliesGenerated++;
    if (status < 200) tx.onProvisional?.(status, message);
    else if (decided.outcome !== "pushed-after-completion") tx.onEnd?.(status, message);
    return decided.outcome;
  });
}
