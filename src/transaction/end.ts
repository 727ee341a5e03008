/** Ending transactions, and giving them other routes, when the generation that they belong to is retired. */
import { type Answer, after } from "./answer.ts";
import { fakeReply } from "./expiry.ts";
import { replyTo } from "./local-reply.ts";
import type { Owner } from "./owner.ts";
import { TFlag, type Transaction } from "./transaction.ts";
import type { RouteHandle } from "./user.ts";

/** Another route for one that a transaction has armed; undefined when there is none. */
export type Rearm = (route: RouteHandle) => RouteHandle | undefined;

/** A script run, or a reply being processed, has it in its hands. */
export const isInUse = (tx: Transaction): boolean => tx.users > 0 || tx.busy;

/** Hands the transaction over: its routes become those that `rearm` finds. */
export function adopt(tx: Transaction, owner: Owner, rearm: Rearm): void {
  arm(tx, rearm);
  tx.onBranch &&= rearm(tx.onBranch);
  tx.onBranchDelayed &&= rearm(tx.onBranchDelayed);
  tx.owner.transactions--;
  tx.owner = owner;
  owner.transactions++;
}

function arm(tx: Transaction, rearm: Rearm): void {
  for (const it of [tx, ...tx.branches]) {
    it.onFailure &&= rearm(it.onFailure);
    it.onBranchFailure &&= rearm(it.onBranchFailure);
    it.onReply &&= rearm(it.onReply);
  }
}

/**
 * Ends the transaction as if nobody had answered in time: 408 upstream, CANCEL to branches that had a provisional reply.
 * No failure route runs.
 */
export function endTransaction(tx: Transaction): Answer<void> {
  if (tx.waiting) return;
  const { engine } = tx;
  if (tx.status >= 200) return engine.release(tx);
  arm(tx, () => undefined);
  return engine.locked(tx, () => {
    tx.flags &= ~TFlag.suspended;
    const code = tx.settings.reply408Code;
    const open = tx.branches.flatMap((branch, index) => (branch.lastReceived < 200 ? [index] : []));
    const next = (): Answer<void> => {
      const index = open.shift();
      if (index !== undefined) return after(fakeReply(tx, index, code), next);
      if (tx.status < 200 && !tx.startedHere) replyTo(tx, tx.request, code, tx.settings.reply408Reason);
    };
    return next();
  });
}
