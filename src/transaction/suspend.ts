/** Suspending a transaction and going on with it (tm's t_suspend, t_continue, t_cancel_suspend). */
import { type Answer, after } from "./answer.ts";
import type { Engine } from "./engine.ts";
import { saveEdits, trying } from "./forward.ts";
import { killTransaction } from "./local-reply.ts";
import { deliver, settle } from "./receive.ts";
import { Handled, type Run, stateOf } from "./run.ts";
import { BranchFlag, ClientBranch, TFlag, type Transaction } from "./transaction.ts";
import type { RouteHandle } from "./user.ts";

export type Name = { readonly index: number; readonly label: number };

export function suspend(tx: Transaction, run: Run): Name | null {
  // In a branch_route the branch that is being made cannot wait.
  if (tx.isCanceled || tx.status >= 200 || run.kind === "branch") return null;
  const { msg } = run;
  if (msg.isRequest) {
    if (tx.isInvite && tx.flags & TFlag.auto100 && tx.status < 100) trying(tx, msg);
    if (tx.branches.length === 0) saveEdits(tx, run);
    tx.request.flags = msg.flags;
    const blind = addBlindBranch(tx, run);
    if (blind < 0) return null;
    tx.suspension = { onReply: false, branch: run.branch, blind, uriConsumed: msg.uriConsumed };
  } else {
    const branch = tx.branches[run.branch];
    if (branch === undefined) return null;
    if (typeof branch.reply !== "object") branch.reply = msg.clone();
    branch.reply.flags = msg.flags;
    tx.suspension = { onReply: true, branch: run.branch, blind: -1, uriConsumed: msg.uriConsumed };
  }
  tx.flags |= TFlag.suspended;
  tx.flags &= ~TFlag.continuing;
  return { index: tx.index, label: tx.label };
}

/** A branch that sends nothing, but times out like one that nobody answers: it runs the failure route then. */
function addBlindBranch(tx: Transaction, run: Run): number {
  const index = tx.branches.length;
  if (index >= tx.settings.maxBranches) return -1;
  tx.flags |= TFlag.noisy;
  const branch = new ClientBranch(tx, index);
  branch.flags |= BranchFlag.blind;
  branch.onFailure = tx.onFailure;
  tx.addBranch(branch);
  branch.request.startSilent();
  stateOf(run).handled |= Handled.forwarded;
  return index;
}

export function resume(
  engine: Engine,
  name: Name,
  route: RouteHandle,
  prepare: ((call: unknown) => void) | undefined,
): Answer<number> {
  const tx = engine.find(name.index, name.label);
  if (tx === undefined || tx.waiting) {
    engine.ports.log("warn", "active transaction not found");
    return -1;
  }
  if (!(tx.flags & TFlag.suspended)) {
    engine.ports.log("warn", `transaction is not suspended [${name.index}:${name.label}]`);
    return -2;
  }
  let result = 0;
  const work = (): Answer<void> => {
    // It may have been canceled, or timed out, while this waited for its turn.
    if (!(tx.flags & TFlag.suspended)) return;
    if (tx.isCanceled) {
      tx.flags &= ~TFlag.suspended;
      return;
    }
    tx.flags |= TFlag.continuing;
    tx.flags &= ~TFlag.suspended;
    const suspension = tx.suspension!;
    tx.users++;
    const end = (): void => {
      tx.flags &= ~TFlag.continuing;
      tx.users--;
    };
    const run = suspension.onReply
      ? resumeReply(engine, tx, suspension.branch, route, prepare)
      : resumeRequest(engine, tx, suspension, route, prepare);
    return after(run, (code) => {
      result = code;
      end();
    });
  };
  return after(engine.locked(tx, work), () => result);
}

function resumeRequest(
  engine: Engine,
  tx: Transaction,
  suspension: { readonly blind: number; readonly branch: number; readonly uriConsumed: boolean },
  route: RouteHandle,
  prepare: ((call: unknown) => void) | undefined,
): Answer<number> {
  const blind = tx.branches[suspension.blind];
  if (blind !== undefined) {
    blind.request.stop();
    if (blind.lastReceived !== 0) return 1;
    // Any final code: it has ended and is not picked, because nothing was sent.
    blind.lastReceived = 500;
    blind.reply = "faked";
  }
  const request = tx.request.clone();
  request.faked = true;
  request.uriConsumed = suspension.uriConsumed;
  request.branches = [];
  request.branchFlags = blind?.branchFlags ?? 0;
  tx.lastError = 0;
  return after(engine.ports.user.resume(tx, suspension.branch, request, route, prepare), () => {
    tx.request.flags = request.flags;
    if (tx.status >= 200 || tx.branches.some((branch) => branch.lastReceived < 200)) return 0;
    // No branch is open, so no final reply can come any more.
    if (killTransaction(tx, tx.lastError || -1) <= 0) engine.release(tx);
    return 0;
  });
}

function resumeReply(
  engine: Engine,
  tx: Transaction,
  index: number,
  route: RouteHandle,
  prepare: ((call: unknown) => void) | undefined,
): Answer<number> {
  const branch = tx.branches[index]!;
  const { reply } = branch;
  if (typeof reply !== "object") return 0;
  return after(engine.ports.user.resume(tx, index, reply, route, prepare), () => {
    if (tx.flags & TFlag.suspended) return 0;
    const before = branch.lastReceived;
    return after(deliver(tx, index, reply), (outcome) => {
      settle(tx, branch, reply.status, before, outcome);
      if (branch.reply === reply && outcome !== "stored") branch.reply = undefined;
      return 0;
    });
  });
}

/** Takes a suspension back, from the run that has just made it. */
export function cancelSuspension(engine: Engine, name: Name): number {
  const tx = engine.find(name.index, name.label);
  if (tx?.suspension === undefined) return -1;
  tx.flags &= ~TFlag.suspended;
  if (tx.suspension.onReply) return 0;
  const blind = tx.branches[tx.suspension.blind];
  if (blind === undefined) return -1;
  blind.request.stop();
  blind.lastReceived = 500;
  return 0;
}
