/** Functions that make, find, answer and end the transaction of a message. */
import type { Call } from "../../declare/call.ts";
import { int, optional, str } from "../../declare/module.ts";
import type { Int } from "../../declare/value.ts";
import { applyChanges } from "../../sip/build.ts";
import { ErrorCode, errorReply } from "../../transaction/errors.ts";
import { saveEdits } from "../../transaction/forward.ts";
import { matchCanceled } from "../../transaction/lookup.ts";
import { checkTransaction, create, endRequest, retransmitReply } from "../../transaction/newtran.ts";
import { Handled, stateOf } from "../../transaction/run.ts";
import { engineOf, fn, transactionOf } from "./state.ts";

const REPLYING = ["request", "onreply", "failure"] as const;
const REPLIED = {
  1: "the reply was sent",
  [-1]: "it was not: there is no transaction, it has been answered finally, or this is an ACK",
  [-2]: "a final reply has been sent, or the message is marked not to be answered",
} as const;

const code = int("Code of the reply; default_code when a variable holds no number.", { maybe: true });
const reason = optional(str("Its reason phrase.", { single: true, maybe: true }));

function reply(call: Call, given: Int | undefined, phrase: string | undefined): 1 | -1 | -2 {
  const { settings } = call.core.owner;
  if (call.msg.method === "ACK") return -1;
  if (call.msg.marked("no-reply")) return -2;
  const status = given === undefined ? settings.defaultCode : Number(given);
  return call.core.transactions.reply(call, status, phrase ?? settings.defaultReason) > 0 ? 1 : -1;
}

export const transactionFunctions = {
  t_newtran: fn({
    doc: "Makes a transaction for the request.",
    in: ["request"],
    args: {},
    returns: {
      1: "it was made (an ACK has none)",
      0: "the request is a copy or an ACK that has been dealt with: the script ends",
      [-9]: "the message lacks a field that names its transaction",
      [-10]: "there is one already",
      [-400]: "the Request-URI is malformed",
    },
    run: (call) => create(engineOf(call), call) as 1 | 0 | -9 | -10 | -400,
  }),
  t_lookup_request: fn({
    doc: "Whether the request belongs to a transaction.",
    in: ["request"],
    args: {},
    returns: { 1: "it does", [-1]: "it does not" },
    run: (call) => (transactionOf(call, false) === undefined ? -1 : 1),
  }),
  t_lookup_cancel: fn({
    doc: "Whether the INVITE of a CANCEL is known.",
    in: ["request"],
    args: { flags: int("1: the message gets the INVITE's message flags.", { fallback: 0 }) },
    returns: { 1: "it is", [-1]: "it is not, or this is no CANCEL" },
    run(call, args) {
      if (call.msg.method !== "CANCEL") return -1;
      const invite = matchCanceled(engineOf(call), call.msg);
      if (invite === undefined) return -1;
      if (Number(args.flags) !== 0) call.msg.flags = invite.request.flags;
      return 1;
    },
  }),
  t_check_trans: fn({
    doc: "Whether the message belongs to a transaction; copies and ACKs to negative replies are dealt with on the way.",
    in: ["request", "onreply", "branch"],
    args: {},
    returns: {
      1: "a reply, CANCEL or ACK that belongs to one",
      0: "a copy of a request, or an ACK to a negative reply, has been dealt with: the script ends",
      [-1]: "it does not",
    },
    run: (call) => checkTransaction(engineOf(call), call) as 1 | 0 | -1,
  }),
  t_msg_apply_changes: fn({
    doc: "Makes the changes so far part of the branch's request, so that the branch route can read them; other branches do not see them.",
    in: ["branch"],
    args: {},
    returns: {
      1: "done",
      [-1]: "msg_apply_changes_mode is not 1",
      [-400]: "a Record-Route was added before, or the changed request cannot be parsed",
    },
    run(call) {
      const { msg, kind } = call;
      const { settings } = call.core.owner;
      if (kind !== "branch" || !(settings.appliesChanges || msg.marked("apply-changes"))) return -1;
      return applyChanges(msg) ? 1 : ErrorCode.badRequest;
    },
  }),
  t_clean: fn({
    doc: "Removes transactions that outlived all their timers. Viaduct loses no timer, so there are none.",
    in: "any",
    args: {},
    returns: { 1: "always" },
    run: () => 1 as const,
  }),
  t_exists: fn({
    doc: "Whether the message belongs to a transaction, without making it the one in focus for long.",
    in: "any",
    args: {},
    returns: { 1: "it does", [-1]: "it does not" },
    run: (call) => (transactionOf(call, false) === undefined ? -1 : 1),
  }),
  t_reply: fn({
    doc: "Replies statefully to the transaction's request.",
    in: REPLYING,
    args: { code, reason },
    arities: [2],
    returns: REPLIED,
    run: (call, args) => reply(call, args.code, args.reason),
  }),
  t_send_reply: fn({
    doc: "Makes the transaction if there is none, and replies statefully.",
    in: REPLYING,
    args: { code, reason },
    arities: [2],
    returns: REPLIED,
    run(call, args) {
      if (call.msg.method === "ACK") return -1;
      create(engineOf(call), call);
      return reply(call, args.code, args.reason);
    },
  }),
  t_reply_error: fn({
    doc: "Replies statefully with the last error of a tm function.",
    in: REPLYING,
    args: {},
    returns: REPLIED,
    run(call) {
      if (call.tx?.finalReply || call.msg.marked("final-reply")) return -2;
      const error = errorReply((call.rc < 0 && stateOf(call).lastError) || -1, "TM");
      return reply(call, error.status, error.reason);
    },
  }),
  t_retransmit_reply: fn({
    doc: "Sends the last reply of the request's transaction again.",
    in: ["request"],
    args: {},
    returns: { 1: "it was sent", [-1]: "there is none" },
    run(call) {
      const tx = transactionOf(call, false);
      if (tx === undefined || call.msg.method === "ACK") return -1;
      return retransmitReply(engineOf(call), tx) ? 1 : -1;
    },
  }),
  t_release: fn({
    doc: "Ends the request's transaction: it is forgotten after wt_timer.",
    in: ["request"],
    args: {},
    returns: { 1: "it was ended, or there is none", [-1]: "not in a request_route" },
    run(call): 1 | -1 {
      const engine = engineOf(call);
      const tx = transactionOf(call, false);
      if (tx === undefined) return 1;
      engine.release(tx);
      stateOf(call).handled |= Handled.released;
      endRequest(engine, call);
      return 1;
    },
  }),
  t_save_lumps: fn({
    doc: "Keeps the edits made so far with the transaction, so that failure routes see them.",
    in: ["request"],
    args: {},
    returns: { 1: "they are kept", [-1]: "there is no transaction" },
    run(call) {
      if (call.kind !== "request") return 1;
      const { tx } = call;
      if (tx === undefined) return -1;
      saveEdits(tx, call);
      return 1;
    },
  }),
  t_use_uac_headers: fn({
    doc: "CANCELs made here take From and To from the request as it was sent, not as it came.",
    in: "any",
    args: {},
    returns: { 1: "always" },
    run(call): 1 {
      for (const msg of call.tx === undefined ? [call.msg] : [call.msg, call.tx.request]) {
        msg.mark("uac-from");
        msg.mark("uac-to");
      }
      return 1;
    },
  }),
};
