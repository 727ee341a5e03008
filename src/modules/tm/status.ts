/** Functions that tell how the transaction stands. */
import type { Call } from "../../declare/call.ts";
import { int, optional, regex, text } from "../../declare/module.ts";
import { pickAnyBranch, pickBranch } from "../../transaction/pick.ts";
import { RetryFlag } from "../../transaction/retry.ts";
import { TFlag, type Transaction } from "../../transaction/transaction.ts";
import { fn, transactionOf } from "./state.ts";

const ANYWHERE = ["request", "onreply", "failure", "branch"] as const;
const FAILED = ["failure", "event", "branch-failure"] as const;
const YES_NO = { 1: "yes", [-1]: "no, or there is no transaction" } as const;

/** The status that the route in hand is about; 0 or less when there is none. */
export function statusOf(call: Call, tx: Transaction): number {
  switch (call.kind) {
    case "onreply":
      return call.msg.status;
    case "failure": {
      const picked = pickBranch(tx, -1, 0);
      return picked.branch === -1 ? pickAnyBranch(tx).code : picked.code;
    }
    case "branch-failure":
      return tx.branches[call.branch]?.lastReceived ?? 0;
    case "request":
      return tx.status;
    default:
      return -1;
  }
}

const markFn = (mark: string, doc: string) =>
  fn({
    doc,
    in: FAILED,
    args: {},
    returns: YES_NO,
    run: (call) => (call.msg.marked(mark) ? 1 : -1),
  });

const testFn = (doc: string, test: (tx: Transaction) => boolean) =>
  fn({
    doc,
    in: ANYWHERE,
    args: {},
    returns: YES_NO,
    run(call) {
      const tx = transactionOf(call);
      return tx !== undefined && test(tx) ? 1 : -1;
    },
  });

const anyBranch = (flag: number) => (tx: Transaction) => tx.branches.some((branch) => branch.request.flags & flag);

export const statusFunctions = {
  t_check_status: fn({
    doc: "Whether the status of the reply in hand fits a regular expression: of the winning branch in a failure_route, of the last reply sent in a request_route.",
    in: ["request", "failure", "onreply", "branch-failure", "event"],
    args: { pattern: regex("Regular expression on the three digits.") },
    returns: YES_NO,
    run(call, args) {
      const tx = transactionOf(call);
      if (tx === undefined) return -1;
      const status = statusOf(call, tx);
      return status >= 0 && args.pattern.test(String(status)) ? 1 : -1;
    },
  }),
  t_get_status_code: fn({
    doc: "The status of the reply in hand as the return code.",
    in: ["request", "onreply", "failure", "branch"],
    args: {},
    returns: { 1: "the status itself, 100 to 699", [-1]: "there is none" },
    run(call) {
      const tx = transactionOf(call);
      const status = tx === undefined ? -1 : statusOf(call, tx);
      return (status > 0 ? status : -1) as 1;
    },
  }),
  t_branch_timeout: markFn("branch-timeout", "Whether the failed branch has timed out."),
  t_branch_replied: markFn("branch-replied", "Whether the failed branch had any reply."),
  t_any_timeout: testFn(
    "Whether any branch has timed out.",
    anyBranch(RetryFlag.timeout) as (tx: Transaction) => boolean,
  ),
  t_any_replied: testFn(
    "Whether any branch had a reply.",
    anyBranch(RetryFlag.replied) as (tx: Transaction) => boolean,
  ),
  t_is_canceled: testFn("Whether the caller has given up.", (tx) => tx.isCanceled),
  t_is_expired: testFn("Whether its longest life is over.", (tx) => tx.endOfLife <= tx.engine.wheel.now()),
  t_is_retr_async_reply: fn({
    doc: "Whether the reply came while the transaction is suspended, so that it is a copy.",
    in: ["onreply"],
    args: {},
    returns: YES_NO,
    run(call) {
      const tx = transactionOf(call);
      return tx !== undefined && tx.flags & TFlag.suspended ? 1 : -1;
    },
  }),
  t_grep_status: fn({
    doc: "Whether any branch has ended, or stands, with that status.",
    in: ANYWHERE,
    args: { code: int("Status.") },
    returns: YES_NO,
    run(call, args) {
      const tx = transactionOf(call);
      const code = Number(args.code);
      const fits = tx?.branches.some((it) => it.lastReceived === code && it.request.flags & RetryFlag.replied);
      return fits ? 1 : -1;
    },
  }),
  t_drop_replies: fn({
    doc: "Which replies of the branches so far may not be picked any more.",
    in: ["failure"],
    args: { mode: optional(text("`a` all (default), `l` those of the last step, `n` none.")) },
    returns: { 1: "always" },
    run(call, args): 1 {
      const { tx } = call;
      if (tx !== undefined) tx.dropReplies = args.mode?.[0] === "n" ? 0 : args.mode?.[0] === "l" ? 2 : 1;
      return 1;
    },
  }),
};
