/** tmx: more about transactions, for scripts. Follows Kamailio's src/modules/tmx. */
import type { Call } from "../../declare/call.ts";
import { declare, int, str, text } from "../../declare/module.ts";
import { type Answer, after } from "../../declare/value.ts";
import { Cancel, CancelPlan, cancelBranches, prepareToCancel } from "../../transaction/cancel.ts";
import type { Engine } from "../../transaction/engine.ts";
import { replyTo } from "../../transaction/local-reply.ts";
import { create } from "../../transaction/newtran.ts";
import { Handled, stateOf } from "../../transaction/run.ts";
import { TFlag, type Transaction } from "../../transaction/transaction.ts";
import { acknowledge } from "../../transaction/uac.ts";
import { Precheck, type Tmx } from "./precheck.ts";
import { statistics } from "./statistics.ts";
import { variables } from "./variables.ts";
import { viaFlagFunctions } from "./via-flags.ts";

const { fn, module } = declare<Tmx>();
const engineOf = (call: Call): Engine => call.core.transactions.engine;

const kindFn = (kind: string, what: string) =>
  fn({
    doc: `Whether the script is in ${what}.`,
    in: "any",
    args: {},
    returns: { 1: "yes", [-1]: "no" },
    run: (call) => (call.kind === kind ? 1 : -1),
  });

/** Cancels branches as t_cancel_branches has it; false when none needed it. */
function cancelSome(call: Call, tx: Transaction, which: string): boolean {
  const plan = new CancelPlan();
  const bit = 1 << Math.max(call.branch, 0);
  const final = call.msg.status >= 200;
  if (which === "others") prepareToCancel(tx, plan, bit);
  else if (which === "this") {
    if (final) return false;
    prepareToCancel(tx, plan, ~bit);
  } else prepareToCancel(tx, plan, final ? bit : 0);
  if (plan.branches === 0) return false;
  void cancelBranches(tx, plan, Cancel.local);
  return true;
}

const callid = str("Call-ID of the transaction's request.");
const cseq = str("Its CSeq number.");

export const tmx = module({
  name: "tmx",
  doc: "More about transactions: suspension, cancelling branches, replies by Call-ID, $T_… variables.",
  needs: ["tm"],
  params: {
    precheck_trans: int("1: t_precheck_trans keeps the requests that are being processed, 0: it does not.", {
      fallback: 1,
    }),
  },
  start(params, core, old) {
    statistics(core);
    return { precheck: old?.precheck ?? new Precheck(), on: Number(params.precheck_trans) !== 0 };
  },
  functions: {
    ...viaFlagFunctions,
    t_precheck_trans: fn({
      doc: "Whether a copy of this request is being processed, so that it has no transaction yet.",
      in: ["request"],
      args: {},
      returns: { 1: "yes", [-1]: "no, or it is an ACK or CANCEL" },
      run: (call, _args, state) => (state.on && state.precheck.enter(call) ? 1 : -1),
    }),
    t_cancel_branches: fn({
      doc: "Sends CANCEL on branches of the transaction that the reply belongs to.",
      in: ["onreply"],
      args: {
        which: text("all, others or this.", {
          check: (value) => (/^(all|others|this)$/i.test(value) ? undefined : `invalid param "${value}"`),
        }),
      },
      returns: { 1: "CANCEL was sent", [-1]: "no branch needs it, or there is no INVITE transaction" },
      run(call, args) {
        const { tx } = call;
        if (tx === undefined || !tx.isInvite) return -1;
        return cancelSome(call, tx, args.which.toLowerCase()) ? 1 : -1;
      },
    }),
    t_cancel_callid: fn({
      doc: "Sends CANCEL on every branch of the INVITE with that Call-ID and CSeq number.",
      in: "any",
      args: {
        callid,
        cseq,
        flag: int("Message flag that its request gets; 0 for none."),
        cause: int("Status for the Reason field; 0 for none.", { fallback: 0 }),
      },
      returns: { 1: "it was canceled", [-1]: "there is no such transaction" },
      run(call, args) {
        const tx = engineOf(call).findCall(args.callid, args.cseq);
        if (tx === undefined) return -1;
        const flag = Number(args.flag);
        if (flag > 0 && flag < 32) tx.request.flags |= 1 << flag;
        const cause = Number(args.cause);
        const plan = new CancelPlan();
        prepareToCancel(tx, plan);
        plan.cause = cause >= 100 && cause <= 699 ? cause : 0;
        void cancelBranches(tx, plan, Cancel.local);
        return 1;
      },
    }),
    t_cancel_branch_idx: fn({
      doc: "Sends CANCEL on branches of the transaction with that index and label.",
      in: "any",
      args: {
        index: int("$T(id_index) of the transaction."),
        label: int("$T(id_label) of the transaction."),
        branch: int("Index of the branch; as in Kamailio every open branch is canceled."),
      },
      returns: { 1: "done, or it had been canceled", [-1]: "there is no such transaction" },
      run(call, args) {
        const tx = engineOf(call).find(Number(args.index), Number(args.label));
        if (tx === undefined || tx.waiting) return -1;
        if (tx.isCanceled) return 1;
        const plan = new CancelPlan();
        prepareToCancel(tx, plan);
        void cancelBranches(tx, plan, Cancel.local);
        return 1;
      },
    }),
    t_uac_ack_local: fn({
      doc: "Sends the ACK to the 2xx of an INVITE that started here and leaves its ACK to the script (t_set_no_auto_ack).",
      in: "any",
      args: {
        callid,
        cseq,
        headers: str("Header fields, each with its line end.", { fallback: "" }),
        body: str("The body.", { fallback: "" }),
      },
      returns: {
        1: "it was sent",
        [-1]: "there is no such INVITE, it has no 2xx yet, or was acknowledged, or the ACK cannot be sent",
      },
      waits: true,
      run(call, args): Answer<1 | -1> {
        const tx = engineOf(call).findCall(args.callid, args.cseq);
        const branch = tx?.branches[0];
        const reply = branch?.reply;
        if (!tx?.isLocal || !branch || typeof reply !== "object" || branch.localAck !== undefined) return -1;
        if ((tx.flags & TFlag.noAutoAck) === 0) return -1;
        return after(acknowledge(tx, 0, reply, args.headers, args.body), (sent): 1 | -1 => (sent ? 1 : -1));
      },
    }),
    t_reply_callid: fn({
      doc: "Replies to the INVITE with that Call-ID and CSeq number.",
      in: "any",
      args: { callid, cseq, code: int("Code of the reply."), reason: str("Its reason phrase.") },
      returns: { 1: "the reply was sent", [-1]: "there is no such transaction, or it has been answered" },
      run(call, args) {
        const tx = engineOf(call).findCall(args.callid, args.cseq);
        if (tx === undefined || tx.startedHere) return -1;
        return replyTo(tx, tx.request, Number(args.code), args.reason) > 0 ? 1 : -1;
      },
    }),
    t_flush_flags: fn({
      doc: "The transaction takes over the message flags set since it was made.",
      in: "any",
      args: {},
      returns: { 1: "done", [-1]: "there is no transaction" },
      run(call) {
        if (call.tx === undefined) return -1;
        call.tx.request.flags = call.msg.flags;
        return 1;
      },
    }),
    t_flush_xflags: fn({
      doc: "The transaction takes over the extended flags (corex) set since it was made.",
      in: "any",
      args: {},
      returns: { 1: "done", [-1]: "there is no transaction" },
      run({ tx, msg }) {
        if (tx === undefined) return -1;
        const extended = (it: string): boolean => it.startsWith("xflag:");
        const others = tx.request.marks.filter((it) => !extended(it));
        tx.request.marks = [...others, ...msg.marks.filter(extended)];
        return 1;
      },
    }),
    t_is_failure_route: kindFn("failure", "a failure_route"),
    t_is_branch_route: kindFn("branch", "a branch_route"),
    t_is_reply_route: kindFn("onreply", "a reply_route or onreply_route"),
    t_is_request_route: kindFn("request", "a request_route"),
    t_suspend: fn({
      doc: "Suspends the transaction, making it if there is none: t_continue goes on with it.",
      in: "any",
      args: {},
      returns: { 1: "it is suspended", [-1]: "it cannot be: canceled, answered, or a message made here" },
      run(call) {
        const engine = engineOf(call);
        if (call.tx === undefined) {
          if (!call.msg.isRequest || call.msg.faked) return -1;
          if (create(engine, call) < 0 || call.tx === undefined) return -1;
        }
        const { tx } = call as { tx: Transaction };
        // A transaction that was canceled meanwhile is left as it is (Kamailio answers 1 here).
        if (tx.isCanceled) return 1;
        return call.core.transactions.suspend(tx, call) === null ? -1 : 1;
      },
    }),
    t_continue: fn({
      doc: "Goes on with a suspended transaction in a route.",
      in: "any",
      args: {
        index: int("$T(id_index) of the transaction."),
        label: int("$T(id_label) of the transaction."),
        route: str("Name of the route block."),
      },
      waits: true,
      returns: { 1: "done", [-1]: "there is no such suspended transaction, or no such route" },
      run(call, args) {
        const route = call.core.route(args.route);
        if (route === undefined) return -1;
        // The route runs in this run's worker, whose `$var`s it sees.
        const prepare = (run: unknown): void => {
          Object.assign(run as Call, { vars: call.vars });
        };
        const done = call.core.transactions.continue(Number(args.index), Number(args.label), route, prepare);
        return done instanceof Promise ? done.then((code) => (code < 0 ? -1 : 1)) : done < 0 ? -1 : 1;
      },
    }),
    t_reuse_branch: fn({
      doc: "The failed branch becomes the message's target again: URI, path, instance, branch flags.",
      in: ["event", "branch-failure"],
      args: {},
      returns: { 1: "done", [-1]: "not in a branch-failure route" },
      run(call) {
        const branch = call.tx?.branches[call.branch];
        if (call.kind !== "branch-failure" || branch === undefined) return -1;
        const { msg } = call;
        msg.newUri = branch.uri;
        msg.ruid = branch.ruid || undefined;
        msg.path = branch.path || null;
        msg.branchFlags = branch.branchFlags;
        msg.instance = branch.instance || undefined;
        return 1;
      },
    }),
    t_drop: fn({
      doc: "Ends the transaction without a reply; the status is only noted.",
      in: "any",
      args: { status: int("Status to note.", { fallback: 500 }) },
      returns: { 0: "the script ends", [-1]: "there is no transaction" },
      run(call, args) {
        const { tx } = call;
        if (tx === undefined) return -1;
        tx.status = Number(args.status);
        engineOf(call).release(tx);
        stateOf(call).handled |= Handled.released;
        return 0;
      },
    }),
  },
  variables,
  commands: {},
  events: {},
  statistics: {
    "tmx.UAS_transactions": "Transactions for requests that came.",
    "tmx.UAC_transactions": "Transactions for requests that started here.",
    "tmx.2xx_transactions": "Final replies sent with 2xx.",
    "tmx.3xx_transactions": "Final replies sent with 3xx.",
    "tmx.4xx_transactions": "Final replies sent with 4xx.",
    "tmx.5xx_transactions": "Final replies sent with 5xx.",
    "tmx.6xx_transactions": "Final replies sent with 6xx.",
    "tmx.inuse_transactions": "Transactions in memory.",
    "tmx.active_transactions": "Those that have not ended.",
    "tmx.rpl_received": "Replies received for transactions.",
    "tmx.rpl_absorbed": "Of these, those that were not relayed.",
    "tmx.rpl_generated": "Replies made here.",
    "tmx.rpl_relayed": "Replies relayed.",
    "tmx.rpl_sent": "Replies sent.",
  },
});
