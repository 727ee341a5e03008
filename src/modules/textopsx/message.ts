/** Functions of textopsx on the message as a whole. */
import { Call } from "../../declare/call.ts";
import { fnmatch } from "../../declare/fnmatch.ts";
import { declare, type Fn, int, regex, str } from "../../declare/module.ts";
import { type Answer, after } from "../../declare/value.ts";
import { applyChanges, currentText } from "../../sip/build.ts";
import { HeaderType } from "../../sip/headers.ts";
import { SipMessage } from "../../sip/message.ts";
import type { Textopsx } from "./textopsx.ts";

const { fn } = declare<Textopsx>();

/** Longest message, as in Kamailio. */
const LONGEST = 65535;

/** Fields that keep_hf never removes. */
const KEPT: ReadonlySet<number> = new Set([
  ...[HeaderType.from, HeaderType.to, HeaderType.callId, HeaderType.cseq, HeaderType.via, HeaderType.contact],
  ...[HeaderType.contentLength, HeaderType.contentType, HeaderType.route, HeaderType.recordRoute],
  HeaderType.maxForwards,
]);

/** Replies may be changed in any route, requests only in request_route. */
const changeable = ({ msg, kind }: Call): boolean => !msg.isRequest || kind === "request";

function setBuffer(msg: SipMessage, text: string): 1 | 0 {
  if (!msg.rebuild(text)) return 0;
  msg.edits.clear();
  msg.bodyEdits.clear();
  msg.reply = undefined;
  msg.newUri = null;
  return 1;
}

/** The class of a reply below 300 stays what it is (RFC 3261, 8.1.3.3). */
function changeStatus({ msg }: Call, code: number): boolean {
  if (msg.isRequest || code < 100 || code > 699) return false;
  if ((code < 300 || msg.status < 300) && Math.floor(code / 100) !== Math.floor(msg.status / 100)) return false;
  const at = statusOffset(msg);
  // Written right into the text: the code is the new one at once, the reason when the message is sent.
  msg.text = `${msg.text.slice(0, at)}${code}${msg.text.slice(at + 3)}`;
  msg.status = code;
  return true;
}
const statusOffset = ({ text, firstLineStart }: SipMessage): number => text.indexOf(" ", firstLineStart) + 1;

export const messageFunctions: Record<string, Fn<Textopsx>> = {
  msg_apply_changes: fn({
    doc: "Makes the changes to the message so far part of it, so that they can be read.",
    in: ["request", "onreply"],
    args: {},
    returns: {
      1: "done",
      0: "the changed message cannot be parsed; the script ends",
      [-1]: "a Record-Route was added before, or this is a request outside request_route",
    },
    run(call) {
      const { msg } = call;
      if (!changeable(call) || msg.marked("rr-added")) return -1;
      return applyChanges(msg) ? 1 : 0;
    },
  }),
  msg_changed_route: fn({
    doc: "Runs a route on a copy of the message with the changes so far.",
    in: "any",
    args: { route: str("Name of the route.") },
    returns: { 1: "the route was run", [-1]: "there is no such route, or the changed message cannot be parsed" },
    waits: true,
    run(call, { route }): Answer<1 | -1> {
      const found = call.core.route(route);
      const { msg } = call;
      const copy = found && new SipMessage(currentText(msg), msg.received);
      if (!found || !copy || copy.malformed !== "") return -1;
      copy.id = msg.id;
      copy.flags = msg.flags;
      copy.marks = msg.marks;
      copy.forceSendSocket = msg.forceSendSocket;
      copy.advertisedAddress = msg.advertisedAddress;
      copy.advertisedPort = msg.advertisedPort;
      copy.forceRport = msg.forceRport;
      const run = new Call(call.core, copy, call.kind, call.vars, call.lists);
      run.tx = call.tx;
      run.branch = call.branch;
      return after(found.run(run), () => 1 as const);
    },
  }),
  msg_set_buffer: fn({
    doc: "Puts another message in place of the one received.",
    in: ["request", "onreply"],
    args: { text: str("The message: first line, header fields, an empty line, body.") },
    returns: {
      1: "done",
      0: "the text cannot be parsed; the script ends",
      [-1]: "the text is empty or too long, or this is a request outside request_route",
    },
    run(call, { text }) {
      if (!changeable(call) || text === "" || text.length >= LONGEST) return -1;
      return setBuffer(call.msg, text);
    },
  }),
  change_reply_status: fn({
    doc: "Changes status and reason of the reply.",
    in: ["onreply"],
    args: { code: int("The status."), reason: str("The reason.") },
    returns: { 1: "done", [-1]: "the class of a provisional or positive reply cannot change, or there is no reason" },
    run(call, { code, reason }) {
      if (reason === "" || !changeStatus(call, Number(code))) return -1;
      const { msg } = call;
      const { edits } = msg;
      const at = statusOffset(msg) + 4;
      edits.insertAfter(edits.delete(at, msg.reason.length), reason);
      return 1;
    },
  }),
  change_reply_status_code: fn({
    doc: "Changes the status of the reply.",
    in: ["onreply"],
    args: { code: int("The status.") },
    returns: { 1: "done", [-1]: "the class of a provisional or positive reply cannot change" },
    run: (call, { code }) => (changeStatus(call, Number(code)) ? 1 : -1),
  }),
  remove_body: fn({
    doc: "Removes the body.",
    in: "any",
    args: {},
    returns: { 1: "the message will have none" },
    run({ msg }) {
      const length = msg.text.length - msg.bodyStart;
      if (length > 0 && msg.headersProblem === "") msg.bodyEdits.delete(msg.bodyStart, length);
      return 1 as const;
    },
  }),
  keep_hf: fn({
    doc: "Removes the header fields whose name does not match. Via, From, To, Call-ID, CSeq, Contact, Max-Forwards, Content-Length, Content-Type and the routes stay.",
    in: "any",
    args: { match: regex("What the names to keep match.", { computed: true }) },
    returns: { [-1]: "always, done or not" },
    run({ msg }, { match }) {
      if (msg.headersProblem !== "") return -1 as const;
      for (const header of msg.headers)
        if (!KEPT.has(header.type) && !match.test(msg.name(header)))
          msg.edits.delete(header.start, header.end - header.start);
      return -1 as const;
    },
  }),
  fnmatch: fn({
    doc: "Tells whether a text fits a shell pattern.",
    in: "any",
    args: {
      text: str("The text.", { computed: false }),
      pattern: str("The pattern: `*` any text, `?` any character, `[a-z]` one of a set.", { computed: false }),
      flags: str("Has no effect: Kamailio is built without the GNU extension that it needs.", {
        computed: false,
        fallback: "",
      }),
    },
    returns: { 1: "it does", [-1]: "it does not" },
    run: (_call, { text, pattern }) => (fnmatch(pattern, text) ? 1 : -1),
  }),
};
