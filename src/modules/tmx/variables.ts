/** `$T_…`: the transaction in hand, and variables of its request or reply. */
import { Call } from "../../declare/call.ts";
import { type Bound, declare, type PvText } from "../../declare/module.ts";
import type { Read } from "../../declare/value.ts";
import type { Variables } from "../../declare/variable.ts";
import { SipMessage } from "../../sip/message.ts";
import { reasonOf } from "../../transaction/errors.ts";
import { matchCanceled } from "../../transaction/lookup.ts";
import { create } from "../../transaction/newtran.ts";
import type { ClientBranch, Transaction } from "../../transaction/transaction.ts";
import type { Tmx } from "./precheck.ts";

const { pv } = declare<Tmx>();

const lookup = (call: Call): Transaction | undefined => call.core.transactions.lookup(call);

/** Index of the branch in hand, or that the next one will get. */
function branchIndex(call: Call): number {
  if (!call.msg.isRequest) return call.branch;
  switch (call.kind) {
    case "branch":
    case "branch-failure":
      return call.branch;
    case "request":
      return call.msg.branches.length;
    case "failure":
      return (call.tx?.branches.length ?? 0) + call.msg.branches.length;
    default:
      return -1;
  }
}

/** The branch whose reply is in hand: of the winning one in a failure route. */
function repliedBranch(call: Call): ClientBranch | undefined {
  const { tx } = call;
  if (tx === undefined) return undefined;
  if (call.kind === "failure" || call.kind === "branch-failure") return tx.branches[tx.picked];
  return call.kind === "onreply" ? tx.branches[call.branch] : undefined;
}

function replyCode(call: Call): number {
  if (call.kind === "onreply") return call.msg.status;
  const tx = lookup(call);
  if (tx === undefined) return 0;
  if (call.kind === "request" || call.kind === "branch") return tx.status;
  return repliedBranch(call)?.lastReceived ?? 0;
}

function replyReason(call: Call): Read {
  const tx = lookup(call);
  if (tx === undefined) return "";
  if (call.kind === "onreply") return call.msg.reason;
  if (call.kind !== "failure") return undefined;
  const branch = repliedBranch(call);
  if (branch === undefined) return undefined;
  return typeof branch.reply === "object" ? branch.reply.reason : reasonOf(branch.lastReceived);
}

function transactionKey(call: Call, key: string): Read {
  if (key === "reply_code") return replyCode(call);
  if (key === "branch_index") return branchIndex(call);
  if (key === "reply_reason") return replyReason(call);
  if (call.tx === undefined && (key === "id_label_n" || key === "id_index_n"))
    if (create(call.core.transactions.engine, call) < 0) return null;
  const { tx } = call;
  if (tx === undefined) return null;
  if (key === "reply_type") return call.kind === "failure" && tx.branches[tx.picked]?.reply === "faked" ? 1 : 0;
  return key.startsWith("id_index") ? tx.index : tx.label;
}

/** A variable of another message than the run's: that of `message`, as it came. */
function bindOther(
  text: PvText,
  variables: Variables,
  message: (call: Call) => SipMessage | undefined,
): Bound | string {
  const inner = text.inner ?? "";
  if (inner.startsWith("$T")) return { get: () => null };
  const bound = variables.variable(inner);
  if (typeof bound === "string") return bound;
  const copies = new WeakMap<SipMessage, SipMessage>();
  return {
    get(call) {
      const original = message(call);
      if (original === undefined) return null;
      let copy = copies.get(original);
      if (copy === undefined || copy.text !== original.text) {
        copy = new SipMessage(original.text, original.received, original);
        copies.set(original, copy);
      }
      copy.flags = original.flags;
      copy.forceSendSocket = original.forceSendSocket;
      const other = new Call(call.core, copy, call.kind, call.vars, call.lists);
      other.tx = call.tx;
      return bound.get(other);
    },
  };
}

export const variables = {
  T_branch_idx: pv({
    doc: "Index of the branch in hand: of the reply, of the branch_route, or that the next branch will get; -1 when there is none.",
    get: branchIndex,
  }),
  T_reply_ruid: pv({
    doc: "Unique id of the contact whose branch the reply in hand belongs to.",
    get: (call) => (lookup(call) === undefined ? "" : (repliedBranch(call)?.ruid ?? "")),
  }),
  T_reply_code: pv({
    doc: "Status of the reply in hand: of the winning branch in a failure_route, of the last reply sent in a request_route.",
    get: replyCode,
  }),
  T_reply_reason: pv({ doc: "Its reason phrase.", get: replyReason }),
  T_reply_last: pv({
    doc: "Status of the branch before the reply in hand; in an onreply_route.",
    get(call) {
      const branch = call.kind === "onreply" ? call.tx?.branches[call.branch] : undefined;
      return branch === undefined ? undefined : branch.lastReceived;
    },
  }),
  T_inv: pv({
    doc: "A variable of the INVITE that a CANCEL is about: `$T_inv($ru)`.",
    bind: (text, _core, _state, variables) =>
      bindOther(text, variables, (call) =>
        call.kind === "request" && call.msg.method === "CANCEL"
          ? matchCanceled(call.core.transactions.engine, call.msg)?.request
          : undefined,
      ),
  }),
  T_req: pv({
    doc: "A variable of the request that a reply is for: `$T_req($fu)`.",
    bind: (text, _core, _state, variables) =>
      bindOther(text, variables, (call) => (call.kind === "onreply" ? lookup(call)?.request : undefined)),
  }),
  T_rpl: pv({
    doc: "A variable of the winning reply, in a failure_route: `$T_rpl($hdr(Reason))`.",
    bind: (text, _core, _state, variables) =>
      bindOther(text, variables, (call) => {
        if (call.kind !== "failure" && call.kind !== "branch-failure") return undefined;
        const reply = repliedBranch(call)?.reply;
        return typeof reply === "object" ? reply : undefined;
      }),
  }),
  T: pv({
    doc: "Attributes of the transaction.",
    keys: {
      id_index: "Index; with the label it names the transaction.",
      id_label: "Label.",
      id_index_n: "Index; makes the transaction if there is none.",
      id_label_n: "Label; makes the transaction if there is none.",
      reply_code: "As $T_reply_code.",
      reply_type: "In a failure_route 1 when the reply was made here, else 0.",
      reply_reason: "As $T_reply_reason.",
      branch_index: "As $T_branch_idx.",
    },
    get: transactionKey,
  }),
  T_branch: pv({
    doc: "Attributes of the branch whose reply is in hand.",
    keys: {
      flags: "Branch flags.",
      uri: "Request-URI as sent, in an onreply_route.",
      ruid: "Unique id of its contact.",
    },
    get(call, key) {
      if (call.tx === undefined) return null;
      const branch = key === "ruid" && call.kind === "branch" ? call.tx.newBranch : repliedBranch(call);
      if (branch === undefined) return null;
      if (key === "uri") return call.kind === "onreply" ? branch.uri : null;
      return key === "flags" ? branch.branchFlags : branch.ruid;
    },
  }),
};
