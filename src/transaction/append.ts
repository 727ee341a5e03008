/** Adding branches to a transaction that is under way, from another run (tm's t_append_branches). */
import type { Branch } from "../sip/message.ts";
import { type Answer, after, inTurn } from "./answer.ts";
import { addBranch } from "./branch.ts";
import type { Engine } from "./engine.ts";
import { ErrorCode } from "./errors.ts";
import { sendBranch } from "./send.ts";
import { TFlag, type Transaction } from "./transaction.ts";

/**
 * Sends the transaction's request to further targets; those that it has a branch for already (same ruid and URI) are
 * left out, and with `contact` those whose URI does not contain it. The number of branches sent, or a negative ErrorCode.
 */
export function appendBranches(
  engine: Engine,
  tx: Transaction,
  targets: readonly Branch[],
  contact = "",
): Answer<number> {
  if (tx.isCanceled) return ErrorCode.unspecified;
  const { status } = tx;
  const global = status >= 600 && !(tx.flags & (TFlag.global | TFlag.disable6xx));
  if ((status >= 200 && status <= 399) || global) return ErrorCode.unspecified;
  let result: number = ErrorCode.unspecified;
  const work = (): Answer<void> =>
    after(append(tx, targets, contact), (sent) => {
      result = sent;
    });
  return after(engine.locked(tx, work), () => result);
}

function append(tx: Transaction, targets: readonly Branch[], contact: string): Answer<number> {
  const first = tx.branches.length;
  const known = tx.branches.slice();
  const request = tx.request.clone();
  request.faked = true;
  request.uriConsumed = true;
  const wanted = targets.filter(
    (it) =>
      (contact === "" || it.uri.includes(contact)) &&
      !known.some((branch) => branch.ruid === it.ruid && branch.uri === it.uri),
  );
  let lowest: number = ErrorCode.unspecified;
  const added = inTurn(wanted.length, (i) => {
    const target = wanted[i]!;
    request.branchFlags = target.flags;
    return after(addBranch(tx, request, target, {}, tx.onBranchDelayed), (index) => {
      if (index < 0) lowest = Math.min(lowest, index);
      return !tx.isCanceled;
    });
  });
  return after(added, () => {
    tx.request.flags = request.flags;
    if (tx.isCanceled) {
      tx.branches = tx.branches.slice(0, first);
      return ErrorCode.unspecified;
    }
    const last = tx.branches.length;
    if (last === first) return lowest;
    let sent = 0;
    const sending = inTurn(last - first, (i) =>
      after(sendBranch(tx, first + i, request), (ok) => {
        if (ok) sent++;
        return true;
      }),
    );
    return after(sending, () => (sent > 0 ? sent : ErrorCode.unspecified));
  });
}
