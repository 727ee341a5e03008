/** sl: replies without a transaction, and replies that take the transaction when there is one. Follows Kamailio's src/modules/sl. */
import type { Call } from "../declare/call.ts";
import { type Core, type Counter, LogLevel } from "../declare/core.ts";
import { declare, format, int, type Kind, str } from "../declare/module.ts";
import { type Answer, after, type Int } from "../declare/value.ts";
import type { Format, VariableRef } from "../declare/variable.ts";
import { buildLocalReply } from "../sip/build.ts";
import { SipMessage } from "../sip/message.ts";
import { redirectContacts } from "../sip/redirect.ts";
import { errorReply } from "../transaction/errors.ts";
import { localTagFor } from "../transaction/wire.ts";

/** Codes that are counted by themselves. */
const COUNTED = [200, 202, 300, 301, 302, 400, 401, 403, 404, 407, 408, 483, 500];

interface Sl {
  readonly core: Core;
  readonly defaultCode: number;
  readonly defaultReason: string;
  readonly bindTm: boolean;
  readonly richRedirect: number;
  readonly counters: ReadonlyMap<string, Counter>;
  /** Variables at the start of reason texts, by the text as written. */
  readonly reasons: Map<string, VariableRef | null>;
  /** ACKs to replies of this module are looked for until then, in milliseconds of the host's clock. */
  readonly acks: { until: number };
}
const { fn, pv, rpc, module } = declare<Sl>();

/** How long after a reply its ACK may come. */
const ACK_WAIT = 2000;

/** Stateless reply to the run's request. 1: sent. -1: not. -2: the message must not be answered. */
export function replyStateless(call: Call, code: number, reason: string, state?: Sl): Answer<1 | -1 | -2> {
  const { core, msg } = call;
  const sl = state ?? core.state<Sl>("sl");
  const failed = (): -1 => {
    count(sl, "failures");
    return -1;
  };
  if (reason === "" || msg.method === "ACK" || !msg.isRequest || msg.headersProblem !== "") return failed();
  if (msg.marked("no-reply")) return -2;
  if (code >= 300 && code < 400) {
    const rich = sl?.richRedirect ?? 0;
    const contacts = redirectContacts(msg, { flags: (rich & 1) !== 0, path: (rich & 2) !== 0 });
    if (contacts !== "") {
      msg.reply ??= { headers: [], body: undefined, contentType: undefined };
      msg.reply.headers.push(contacts);
    }
  }
  return after(core.replyStateless(msg, code, reason), (sent) => {
    if (sl) sl.acks.until = core.host.clock.now() + ACK_WAIT;
    const event = core.block("event", "sl:local-response") ? localResponse(call, code, reason) : undefined;
    return after<unknown, 1 | -1>(event, () => {
      if (sent <= 0) return failed();
      if (code >= 200) mark(msg, "final-reply");
      if (sl) countReply(sl, code);
      return 1;
    });
  });
}

/** A reply through the transaction when there is one, else stateless. 1: sent. -1: not. -2: must not be answered. */
export function sendReply(call: Call, code: number, reason: string): Answer<1 | -1 | -2> {
  if (call.msg.marked("no-reply")) return -2;
  if (reason === "") return -1;
  const sl = call.core.state<Sl>("sl");
  if (call.tx !== undefined && sl?.bindTm !== false)
    return call.core.transactions.reply(call, code, reason) < 0 ? -1 : 1;
  if (!call.msg.isRequest) return -1;
  return replyStateless(call, code, reason, sl);
}

/** event_route[sl:local-response] sees the reply itself. */
function localResponse(call: Call, code: number, reason: string): Answer<unknown> {
  const { core, msg } = call;
  const tag = code >= 180 && !msg.to?.tag ? core.statelessToTag(msg) : "";
  const reply = new SipMessage(buildLocalReply(msg, code, reason, tag), msg.received);
  reply.id = msg.id;
  return core.runEvent("sl:local-response", reply);
}

/** Kamailio's err2reason_phrase of the error of the statement before; one that went well leaves none. */
function replyError(call: Call, by: string): { status: number; reason: string } {
  return errorReply((call.rc < 0 && call.tm?.lastError) || -1, by);
}

function slReplyError(call: Call, state: Sl): Answer<1 | -2 | -3> {
  const { msg, core } = call;
  if (msg.marked("no-reply") || msg.marked("final-reply")) return -2;
  if (msg.marked("delayed-reply")) return -3;
  const { status, reason } = replyError(call, "SL");
  return after(replyStateless(call, status, reason, state), () => {
    core.log.write(LogLevel.err, `sl: stateless error reply used: ${reason}`);
    return 1;
  });
}

/**
 * The reason as Kamailio's fixup takes it: a text that begins with a variable is that variable alone, and what follows
 * it is ignored. Null stands for the default.
 */
function reasonText(call: Call, reason: Format, state: Sl): string {
  if (reason.literal !== undefined) return reason.literal;
  let variable = reason.single ?? null;
  if (variable === null && reason.text.startsWith("$")) {
    const known = state.reasons.get(reason.text);
    if (known === undefined) {
      variable = leadingVariable(reason.text, state.core);
      state.reasons.set(reason.text, variable);
    } else variable = known;
  }
  if (variable === null) return reason.expand(call);
  const value = variable.get(call);
  if (value === null || value === undefined) return state.defaultReason;
  return typeof value === "object" ? value.text : String(value);
}

/** The variable that a text begins with: of all its beginnings that are one, the longest. */
function leadingVariable(text: string, core: Core): VariableRef | null {
  for (let end = text.length; end > 1; end--) {
    const found = core.variables.variable(text.slice(0, end));
    if (typeof found !== "string") return found;
  }
  return null;
}

const mark = (msg: SipMessage, name: string): void => void msg.mark(name);
const count = (state: Sl | undefined, name: string): void => {
  const counter = state?.counters.get(name);
  if (counter) counter.value++;
};

function countReply(state: Sl, code: number): void {
  const kind =
    code < 100 || code >= 700 ? "xxx" : COUNTED.includes(code) ? String(code) : `${Math.floor(code / 100)}xx`;
  count(state, `${kind}_replies`);
  count(state, "sent_replies");
  if (code >= 400) count(state, "sent_err_replies");
}

const STATISTICS = {
  "1xx_replies": "1xx replies.",
  "200_replies": "200 replies.",
  "202_replies": "202 replies.",
  "2xx_replies": "Other 2xx replies.",
  "300_replies": "300 replies.",
  "301_replies": "301 replies.",
  "302_replies": "302 replies.",
  "3xx_replies": "Other 3xx replies.",
  "400_replies": "400 replies.",
  "401_replies": "401 replies.",
  "403_replies": "403 replies.",
  "404_replies": "404 replies.",
  "407_replies": "407 replies.",
  "408_replies": "408 replies.",
  "483_replies": "483 replies.",
  "4xx_replies": "Other 4xx replies.",
  "500_replies": "500 replies.",
  "5xx_replies": "Other 5xx replies.",
  "6xx_replies": "6xx replies.",
  xxx_replies: "Replies with any other code.",
  sent_replies: "All replies sent.",
  sent_err_replies: "Replies with code 400 and above.",
  failures: "Replies that could not be sent.",
  received_ACKs: "ACKs to replies of this module, which were absorbed.",
} as const;

const code = int("Status code; default_code when a variable holds no number.", { maybe: true }) as Kind<
  Int | undefined
>;
const reason = format("Reason phrase.", { computed: true });
const returns = {
  1: "the reply was sent",
  [-1]: "it was not: no reason phrase, an ACK, or sending failed",
  [-2]: "the message is marked not to be answered",
} as const;
const anywhere = ["request", "onreply", "failure"] as const;

const statusOf = (code: Int | undefined, state: Sl): number => (code === undefined ? state.defaultCode : Number(code));

const slSendReply = fn({
  doc: "Replies to the request without a transaction. A 3xx reply gets the changed Request-URI and the branches as contacts.",
  in: ["request"],
  args: { code, reason },
  returns,
  run: (call, args, state) =>
    replyStateless(call, statusOf(args.code, state), reasonText(call, args.reason, state), state),
});

const forwardReply = (call: Call, newCode: string, newReason: string): Answer<1 | -1> => {
  const { msg, core } = call;
  if (msg.isRequest) return -1;
  if (newCode !== "" && (!/^\d{3}$/.test(newCode) || Number(newCode[0]) !== Math.floor(msg.status / 100))) {
    core.log.write(LogLevel.err, `sl: \`${newCode}\` is no status code of the reply's class`);
    return -1;
  }
  const copy = msg.clone();
  const statusAt = msg.firstLineStart + msg.version.length + 1;
  if (newCode !== "") copy.edits.replace(statusAt, 3, newCode);
  if (newReason !== "") {
    const reasonAt = msg.text.indexOf(msg.reason, statusAt + 3);
    copy.edits.replace(reasonAt, msg.reason.length, newReason);
  }
  return after(core.forwardReply(copy), (sent) => (sent ? 1 : -1));
};

export const sl = module({
  name: "sl",
  doc: "Replies to requests without keeping state, and absorbs the ACKs to them.",
  params: {
    default_code: int("Status code when the argument cannot be evaluated.", { fallback: 500 }),
    default_reason: str("Reason phrase when the argument is a variable without a value.", {
      fallback: "Internal Server Error",
    }),
    bind_tm: int("send_reply() replies through the transaction when there is one.", { fallback: 1 }),
    rich_redirect: int("Adds to the contacts of a 3xx reply: 1 branch flags, 2 the Path.", { fallback: 0 }),
    event_callback_fl_ack: str("KEMI callback for absorbed ACKs; has no use in native scripts.", { fallback: "" }),
    event_callback_lres_sent: str("KEMI callback for replies; has no use in native scripts.", { fallback: "" }),
  },
  start(params, core, old) {
    const counters = new Map<string, Counter>();
    for (const name of Object.keys(STATISTICS)) counters.set(name, core.statistics.counter("sl", name));
    return {
      core,
      defaultCode: Number(params.default_code),
      defaultReason: params.default_reason,
      bindTm: Number(params.bind_tm) !== 0,
      richRedirect: Number(params.rich_redirect),
      counters,
      reasons: new Map(),
      acks: old?.acks ?? { until: Number.NEGATIVE_INFINITY },
    };
  },
  onRequest(call, state) {
    const { msg, core } = call;
    if (msg.method !== "ACK" || state.acks.until <= core.host.clock.now()) return false;
    const tag = msg.to?.tag;
    if (!tag || tag !== core.statelessToTag(msg)) return false;
    count(state, "received_ACKs");
    core.runEvent("sl:filtered-ack", msg);
    return true;
  },
  functions: {
    sl_send_reply: slSendReply,
    sl_reply: slSendReply,
    send_reply: fn({
      doc: "Replies through the transaction when there is one, else without.",
      in: anywhere,
      args: { code, reason },
      returns,
      run: (call, args, state) => sendReply(call, statusOf(args.code, state), reasonText(call, args.reason, state)),
    }),
    send_reply_mode: fn({
      doc: "As send_reply, with a say in the connection that the reply takes.",
      in: anywhere,
      args: {
        code,
        reason,
        mode: int("1: do not open a connection for the reply. 2: close the connection after it. 1 goes before 2."),
      },
      returns,
      run(call, args, state) {
        const mode = Number(args.mode as Int);
        if (mode & 1) mark(call.msg, "reply-no-connect");
        else if (mode & 2) mark(call.msg, "reply-close");
        return sendReply(call, statusOf(args.code, state), reasonText(call, args.reason, state));
      },
    }),
    send_reply_error: fn({
      doc: "Replies with the error of the statement before, through the transaction when there is one.",
      in: anywhere,
      args: {},
      returns: {
        1: "the reply was sent",
        [-2]: "a final reply has been sent, or the message is marked not to be answered",
        [-3]: "the transaction will report the error itself",
      },
      run(call, _args, state) {
        if (call.msg.marked("final-reply")) return -2;
        if (call.msg.marked("delayed-reply")) return -3;
        if (state.bindTm && call.tx !== undefined) {
          const { status, reason: phrase } = replyError(call, "TM");
          if (call.core.transactions.reply(call, status, phrase) > 0) return 1;
        }
        return slReplyError(call, state);
      },
    }),
    sl_reply_error: fn({
      doc: "Replies with the error of the statement before, without a transaction.",
      in: ["request"],
      args: {},
      returns: {
        1: "the reply was sent",
        [-2]: "a final reply has been sent, or the message is marked not to be answered",
        [-3]: "the transaction will report the error itself",
      },
      run: (call, _args, state) => slReplyError(call, state),
    }),
    sl_forward_reply: fn({
      doc: "Forwards the reply without a transaction, with another code of its class and another reason phrase if wanted. The script still decides about the reply itself.",
      in: ["onreply"],
      args: {
        code: str("New status code; of the same class.", { fallback: "" }),
        reason: str("New reason phrase.", { fallback: "" }),
      },
      returns: { 1: "the reply was forwarded", [-1]: "it was not, or the code is no code of its class" },
      run: (call, args) => forwardReply(call, args.code, args.reason),
    }),
  },
  variables: {
    ltt: pv({
      doc: "The To tag that a reply made here gets.",
      keys: { x: "of the transaction, or else stateless", s: "of a stateless reply", t: "of the transaction" },
      get(call, key, state) {
        const tx = state.bindTm ? call.tx : undefined;
        if (key === "t" && tx === undefined) return null;
        if (key !== "s" && tx !== undefined) return localTagFor(tx, call.msg);
        return call.core.statelessToTag(call.msg);
      },
    }),
  },
  commands: {
    "sl.stats": rpc({
      doc: "How many replies were sent, by code.",
      args: {},
      run(_args, state) {
        const out: Record<string, number> = {};
        const order = "200 202 2xx 300 301 302 3xx 400 401 403 404 407 408 483 4xx 500 5xx 6xx xxx".split(" ");
        for (const kind of order) out[kind] = state.counters.get(`${kind}_replies`)?.value ?? 0;
        return out;
      },
    }),
  },
  events: {
    "sl:filtered-ack": "An ACK to a reply of this module came and was absorbed.",
    "sl:local-response": "A reply was sent; the run's message is that reply.",
  },
  statistics: Object.fromEntries(Object.entries(STATISTICS).map(([name, doc]) => [`sl.${name}`, doc])),
});
