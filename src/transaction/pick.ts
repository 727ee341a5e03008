/** Which of the branches' final replies goes upstream (RFC 3261 16.7 (6), in tm's order of preference). */
import type { StoredReply, Transaction } from "./transaction.ts";
import { BranchFlag, TFlag } from "./transaction.ts";

/** Added to the last two digits, by class; the lowest sum wins. 6xx first, then 3xx, 4xx, 5xx. */
const CLASS_RANK = [32000, 11000, 0, 3000, 4000, 5000, 1000];
/** Among 4xx these tell the caller how to do better, so they come before the others. */
const HELPFUL = new Set([401, 407, 415, 420, 484]);

function rank(code: number, reply: StoredReply, fakedPenalty: number): number {
  const family = Math.floor(code / 100);
  const within = code % 100;
  const base =
    family < 7 ? CLASS_RANK[family]! + (family === 4 && !HELPFUL.has(code) ? 100 + within : within) : 10000 + code;
  return reply === "faked" ? base + fakedPenalty : base;
}

export interface Pick {
  /** -1: no branch can be picked. -2: branches are still open. */
  readonly branch: number;
  readonly code: number;
}

/** The best final reply when `branch` has just got `code`; -1 for no branch in particular (t_pick_branch). */
export function pickBranch(tx: Transaction, branch: number, code: number): Pick {
  const penalty = tx.settings.fakedReplyPrio;
  let best = -1;
  let bestCode = 0;
  let bestRank = rank(0, undefined, 0);
  for (let b = 0; b < tx.branches.length; b++) {
    const it = tx.branches[b]!;
    if (b === branch) {
      const r = rank(code, it.reply, penalty);
      if (r < bestRank) [best, bestCode, bestRank] = [b, code, r];
      continue;
    }
    if (it.request.text === "" && it.lastReceived >= 200) continue;
    if (it.lastReceived < 200 && !((tx.flags & TFlag.continuing) !== 0 && b === tx.suspension?.blind))
      return { branch: -2, code: 0 };
    // A branch that could not be sent has a code but no reply: it is never picked.
    if (it.reply === undefined) continue;
    const r = rank(it.lastReceived, it.reply, penalty);
    if (r < bestRank) [best, bestCode, bestRank] = [b, it.lastReceived, r];
  }
  return { branch: best, code: bestCode };
}

/** The same for a failure route that asks what it is about: branches of suspended runs count too (t_pick_branch_blind). */
export function pickAnyBranch(tx: Transaction): Pick {
  const penalty = tx.settings.fakedReplyPrio;
  let best = -1;
  let bestCode = 0;
  let bestRank = rank(0, undefined, 0);
  for (let b = 0; b < tx.branches.length; b++) {
    const it = tx.branches[b]!;
    if (it.lastReceived < 200) return { branch: -2, code: 0 };
    if (it.reply === undefined) continue;
    const r = rank(it.lastReceived, it.reply, penalty);
    if (r < bestRank) [best, bestCode, bestRank] = [b, it.lastReceived, r];
  }
  return { branch: best, code: bestCode };
}

/** First branch of the last t_relay, 0 when none is marked. */
export function lastStep(tx: Transaction, count: number): number {
  for (let b = count - 1; b >= 0; b--) if (tx.branches[b]!.flags & BranchFlag.first) return b;
  return 0;
}
