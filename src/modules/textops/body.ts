/** Functions of textops that set bodies. */
import { declare, type Fn, type RouteKind, str } from "../../declare/module.ts";
import { HeaderType } from "../../sip/headers.ts";
import type { SipMessage } from "../../sip/message.ts";
import { replyOf } from "./headers.ts";
import { fromHex } from "./hex.ts";
import { bodyOffset, deleteAt, insertAfterAt, type Textops } from "./text.ts";

const { fn } = declare<Textops>();
const makers: readonly RouteKind[] = ["request", "failure", "branch"];

/** Replaces the body and its Content-Type; a Content-Length that is there is put right when the message is sent. */
function setBody(msg: SipMessage, body: string, type: string): 1 | -1 {
  if (body === "" || type === "" || msg.headersProblem !== "") return -1;
  const at = bodyOffset(msg);
  msg.bodyEdits.clear();
  if (at >= 0) deleteAt(msg, at, msg.text.length - at);
  const { edits } = msg;
  const end = edits.anchor(msg.headersEnd);
  if (!msg.find(HeaderType.contentLength)) edits.insertAfter(end, `Content-Length: ${body.length}\r\n`);
  const old = msg.find(HeaderType.contentType);
  if (!old || !msg.value(old).startsWith(type) || msg.value(old).length !== type.length) {
    if (old) edits.delete(old.start, old.end - old.start);
    edits.insertAfter(end, `Content-Type: ${type}\r\n`);
  }
  insertAfterAt(msg, msg.bodyStart, body);
  return 1;
}

function setReplyBody(msg: SipMessage, body: string, type: string): 1 | -1 {
  if (body === "" || type === "") return -1;
  const reply = replyOf(msg);
  // A reply has one body: the first one that was set.
  if (reply.body !== undefined) return -1;
  reply.contentType = type;
  reply.body = body;
  return 1;
}

const args = { body: str("The body."), type: str("Its content type.") };
const hexArgs = { body: str("The body in hexadecimal."), type: str("Its content type.") };
const set = { 1: "the message will have the body", [-1]: "an argument is empty, or a header field is broken" } as const;
const setHex = {
  1: "the message will have the body",
  [-1]: "an argument is empty or not hexadecimal, or a header field is broken",
} as const;
const setReply = {
  1: "replies made here will have the body",
  [-1]: "an argument is empty, or a body has been set before",
} as const;

export const bodyFunctions: Record<string, Fn<Textops>> = {
  set_body: fn({
    doc: "Sets the body of the message.",
    in: ["request", "failure", "branch", "onreply"],
    args,
    returns: set,
    run: ({ msg }, { body, type }) => setBody(msg, body, type),
  }),
  set_body_hex: fn({
    doc: "Sets the body of the message, given in hexadecimal.",
    in: "any",
    args: hexArgs,
    returns: setHex,
    run: ({ msg }, { body, type }) => setBody(msg, fromHex(body) ?? "", type),
  }),
  set_reply_body: fn({
    doc: "Sets the body of the replies that this server makes to the request.",
    in: makers,
    args,
    returns: setReply,
    run: ({ msg }, { body, type }) => setReplyBody(msg, body, type),
  }),
  set_reply_body_hex: fn({
    doc: "Sets the body, given in hexadecimal, of the replies that this server makes to the request.",
    in: makers,
    args: hexArgs,
    returns: setReply,
    run: ({ msg }, { body, type }) => setReplyBody(msg, fromHex(body) ?? "", type),
  }),
};
