/** Control commands of tm: what runs, replying and cancelling from outside, and requests of our own. */
import type { Core } from "../../declare/core.ts";
import { int, RpcFault, str } from "../../declare/module.ts";
import { type Answer, after } from "../../declare/value.ts";
import { HeaderType } from "../../sip/headers.ts";
import type { SipMessage } from "../../sip/message.ts";
import { Cancel, CancelPlan, cancelBranches, cancelMethod, prepareToCancel } from "../../transaction/cancel.ts";
import { reasonOf } from "../../transaction/errors.ts";
import { replyTo } from "../../transaction/local-reply.ts";
import { retransmitReply } from "../../transaction/newtran.ts";
import type { StoredReply, Transaction } from "../../transaction/transaction.ts";
import { startRequest } from "../../transaction/uac.ts";
import { rpc } from "./state.ts";
import { type Parts, requestOf } from "./uac.ts";

const engine = (core: Core) => core.transactions.engine;

function named(core: Core, id: string): Transaction {
  const match = /^(\d+):(\d+)$/.exec(id);
  if (!match) throw new RpcFault(400, "Invalid transaction ID");
  const tx = engine(core).find(Number(match[1]), Number(match[2]));
  if (tx === undefined) throw new RpcFault(481, "No such transaction");
  return tx;
}

function called(core: Core, callId: string, cseq: string): Transaction {
  const tx = engine(core).findCall(callId, cseq);
  if (tx === undefined) throw new RpcFault(404, "Transaction not found");
  return tx;
}

/** Replies with a To tag, fields and body of the caller's choice. */
function reply(tx: Transaction, code: number, reason: string, toTag: string, fields: string, body: string): undefined {
  const request = tx.request.clone();
  const block = fields === "" || fields.endsWith("\n") ? fields : `${fields}\r\n`;
  request.reply = { headers: block === "" ? [] : [block], body: body || undefined, contentType: undefined };
  if (replyTo(tx, request, code, reason, "", toTag) <= 0) throw new RpcFault(500, "Reply failed");
  return undefined;
}

function list(tx: Transaction): Record<string, unknown> {
  const line = (type: number): string => {
    const header = tx.request.find(type);
    return header ? tx.request.text.slice(header.start, header.valueEnd) : "";
  };
  return {
    // Kamailio prints a pointer; this is what tm.reply takes.
    cell: `${tx.index}:${tx.label}`,
    tindex: tx.index,
    tlabel: tx.label,
    method: tx.method,
    from: line(HeaderType.from),
    to: line(HeaderType.to),
    callid: line(HeaderType.callId),
    cseq: `CSeq: ${tx.cseq}`,
    uas_request: tx.startedHere ? "no" : "yes",
    tflags: tx.flags,
    outgoings: tx.branches.length,
    ref_count: tx.users + 1,
    lifetime: Math.floor(tx.endOfLife / 16),
  };
}

const uacArgs = {
  method: str("Method."),
  ruri: str("Request-URI."),
  nexthop: str("URI of the next hop, `.` for none."),
  socket: str("Socket to send from, `.` for any."),
  headers: str("Header fields; From and To are needed. `!!` becomes the socket's address and port."),
  body: str("Body.", { fallback: "" }),
};
type UacArgs = { method: string; ruri: string; nexthop: string; socket: string; headers: string; body: string };

function start(
  core: Core,
  args: UacArgs,
  noAck: boolean,
  onEnd?: (code: number, reply: StoredReply) => void,
): Answer<void> {
  const here = core.sockets.parse(args.socket) ?? core.sockets.all[0];
  const parts: Parts = {
    method: noAck ? `${args.method}.` : args.method,
    requestUri: args.ruri,
    nextHop: args.nexthop,
    socket: args.socket,
    headers: args.headers.replaceAll("!!", here ? `${here.address}:${here.port}` : ""),
    body: args.body,
  };
  const request = requestOf(core, parts);
  if (typeof request === "string") throw new RpcFault(400, request);
  return after(startRequest(engine(core), { ...request, owner: core.owner, ...(onEnd && { onEnd }) }), (result) => {
    if (typeof result === "number") throw new RpcFault(500, `UAC error: ${-result}`);
  });
}

const HEX = "The body is given as hexadecimal digits, with blanks where one likes.";

/** The arguments with the body as bytes. */
function decoded(args: UacArgs): UacArgs {
  const digits = args.body.replace(/\s+/g, "");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new RpcFault(400, "Invalid hexa body");
  return { ...args, body: digits.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16))) };
}

const startFn = (doc: string, noAck: boolean, hex = false) =>
  rpc({ doc, args: uacArgs, run: (args, _state, core) => start(core, hex ? decoded(args) : args, noAck) });

/** Status, reason, remote target, next hop and routes of a confirmed dialog, and the fields of the final reply. */
function outcome(code: number, reply: StoredReply): unknown[] {
  if (typeof reply !== "object") return [code, reasonOf(code), "", "", "", ""];
  const fields = reply.text.slice(reply.firstLineEnd);
  if (reply.status >= 300) return [code, reply.reason, fields];
  return [code, reply.reason, contactOf(reply), "", "", fields];
}
const contactOf = (reply: SipMessage): string => /<([^>]*)>/.exec(reply.first(HeaderType.contact) ?? "")?.[1] ?? "";

/** Sends, and gives what `answer` makes of the final reply. */
const ending = (doc: string, noAck: boolean, hex: boolean, answer: (code: number, reply: StoredReply) => unknown) =>
  rpc({
    doc,
    args: uacArgs,
    run: (args, _state, core) =>
      new Promise((resolve, reject) => {
        const sent = async () =>
          start(core, hex ? decoded(args) : args, noAck, (code, it) => resolve(answer(code, it)));
        sent().catch(reject);
      }),
  });

const waitFn = (doc: string, noAck: boolean, hex = false) => ending(doc, noAck, hex, outcome);
const blockFn = (doc: string, noAck: boolean, hex = false) =>
  ending(doc, noAck, hex, (code, reply) => ({
    code,
    text: typeof reply === "object" ? reply.reason : reasonOf(code),
  }));

export const commands = {
  "tm.stats": rpc({
    doc: "How many transactions there are and were, and the replies sent.",
    args: {},
    run(_args, _state, core) {
      const { counts, size } = engine(core);
      const { completed } = counts;
      return {
        current: size,
        waiting: counts.waiting,
        total: counts.created,
        total_local: counts.client,
        rpl_received: counts.repliesReceived,
        rpl_generated: counts.repliesGenerated,
        rpl_sent: counts.repliesSent,
        "6xx": completed[6],
        "5xx": completed[5],
        "4xx": completed[4],
        "3xx": completed[3],
        "2xx": completed[2],
        created: counts.created,
        freed: counts.deleted,
        delayed_free: 0,
      };
    },
  }),
  "tm.list": rpc({
    doc: "Every transaction, those in their wait time included.",
    args: {},
    run: (_args, _state, core) => [...engine(core).all()].map(list),
  }),
  "tm.clean": rpc({
    doc: "Ends transactions whose longest life is over and that nothing works on.",
    args: {},
    run(_args, _state, core) {
      const it = engine(core);
      const now = it.wheel.now();
      for (const tx of [...it.all()]) if (tx.endOfLife < now && tx.users === 0) it.putOnWait(tx);
      return undefined;
    },
  }),
  "tm.cancel": rpc({
    doc: "Cancels the branches of an INVITE transaction.",
    args: { callid: str("Its Call-ID."), cseq: str("Its CSeq number.") },
    run(args, _state, core) {
      const tx = engine(core).findCall(args.callid, args.cseq);
      if (tx === undefined) throw new RpcFault(400, "Transaction not found");
      const plan = new CancelPlan();
      prepareToCancel(tx, plan);
      const canceled = cancelBranches(tx, plan, Cancel.local | cancelMethod(core.owner.settings.cancelBMethod));
      return after(canceled, () => [
        tx.branches.filter((it) => it.lastReceived < 200).length,
        "branches remaining (waiting for timeout)",
      ]);
    },
  }),
  "tm.reply": rpc({
    doc: "Replies to a transaction.",
    args: {
      code: int("Code."),
      reason: str("Reason phrase."),
      id: str("`index:label` of the transaction."),
      totag: str("To tag."),
      headers: str("Further header fields.", { fallback: "" }),
      body: str("Body.", { fallback: "" }),
    },
    run: (args, _state, core) =>
      reply(named(core, args.id), Number(args.code), args.reason, args.totag, args.headers, args.body),
  }),
  "tm.reply_callid": rpc({
    doc: "Replies to an INVITE transaction, by Call-ID.",
    args: {
      code: int("Code."),
      reason: str("Reason phrase."),
      callid: str("Its Call-ID."),
      cseq: str("Its CSeq number."),
      totag: str("To tag."),
      headers: str("Further header fields.", { fallback: "" }),
      body: str("Body.", { fallback: "" }),
    },
    run: (args, _state, core) =>
      reply(called(core, args.callid, args.cseq), Number(args.code), args.reason, args.totag, args.headers, args.body),
  }),
  "tm.retransmit_reply": rpc({
    doc: "Sends the last reply of a transaction again.",
    args: { id: str("`index:label` of the transaction.") },
    run(args, _state, core) {
      if (!retransmitReply(engine(core), named(core, args.id))) throw new RpcFault(500, "Reply retransmission failed");
      return undefined;
    },
  }),
  "tm.retransmit_reply_callid": rpc({
    doc: "Sends the last reply of an INVITE transaction again, by Call-ID.",
    args: { callid: str("Its Call-ID."), cseq: str("Its CSeq number.") },
    run(args, _state, core) {
      if (!retransmitReply(engine(core), called(core, args.callid, args.cseq)))
        throw new RpcFault(500, "Reply retransmission failed");
      return undefined;
    },
  }),
  "tm.t_uac_start": startFn("Sends a request.", false),
  "tm.t_uac_start_noack": startFn("Sends a request, leaving the ACK to a 2xx to the caller.", true),
  "tm.t_uac_wait": waitFn("Sends a request and waits for its final reply.", false),
  "tm.t_uac_wait_noack": waitFn("The same, leaving the ACK to a 2xx to the caller.", true),
  "tm.t_uac_wait_block": blockFn("Sends a request and gives code and reason of its final reply.", false),
  "tm.t_uac_wait_block_noack": blockFn("The same, leaving the ACK to a 2xx to the caller.", true),
  "tm.t_uac_start_hex": startFn(`Sends a request. ${HEX}`, false, true),
  "tm.t_uac_start_noack_hex": startFn(`The same, leaving the ACK to a 2xx to the caller. ${HEX}`, true, true),
  "tm.t_uac_wait_hex": waitFn(`Sends a request and waits for its final reply. ${HEX}`, false, true),
  "tm.t_uac_wait_noack_hex": waitFn(`The same, leaving the ACK to a 2xx to the caller. ${HEX}`, true, true),
  "tm.t_uac_wait_block_hex": blockFn(
    `Sends a request and gives code and reason of its final reply. ${HEX}`,
    false,
    true,
  ),
  "tm.t_uac_wait_block_noack_hex": blockFn(`The same, leaving the ACK to a 2xx to the caller. ${HEX}`, true, true),
};
