/** Replacing and restoring the URIs of From and To: uac_replace_from and its kin. */
import type { Call } from "../../declare/call.ts";
import { LogLevel } from "../../declare/core.ts";
import type { VariableRef } from "../../declare/variable.ts";
import type { SipMessage } from "../../sip/message.ts";
import type { NameAddr } from "../../sip/nameaddr.ts";
import { stateOf } from "../../transaction/run.ts";
import { addRrParam } from "../rr/record.ts";
import { direction, type Rr, routeParam } from "../rr/state.ts";
import type { Uac } from "./state.ts";

export type Side = "from" | "to";

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base64 with `-` for padding. */
function encode(text: string): string {
  let out = "";
  for (let i = 0; i < text.length; i += 3) {
    const left = Math.min(text.length - i - 1, 2);
    let block = 0;
    for (let j = 0; j <= left; j++) block |= text.charCodeAt(i + j) << (16 - 8 * j);
    out += DIGITS[(block >> 18) & 63]! + DIGITS[(block >> 12) & 63]!;
    out += (left > 0 ? DIGITS[(block >> 6) & 63]! : "-") + (left > 1 ? DIGITS[block & 63]! : "-");
  }
  return out;
}

function decode(text: string): string | undefined {
  const padding = text.length - text.replace(/-+$/, "").length;
  const length = ((text.length * 6) >> 3) - padding;
  let out = "";
  for (let i = 0; i < text.length - padding; i += 4) {
    let block = 0;
    for (let j = 0; j < 4 && i + j < text.length - padding; j++) {
      const digit = DIGITS.indexOf(text[i + j]!);
      if (digit < 0) return undefined;
      block |= digit << (18 - 6 * j);
    }
    out += String.fromCharCode((block >> 16) & 255, (block >> 8) & 255, block & 255);
  }
  return out.slice(0, length);
}

/** Bytes of both texts combined by exclusive or; the longer one's rest stays. */
function combine(a: string, b: string): string {
  const [long, short] = a.length > b.length ? [a, b] : [b, a];
  let out = "";
  for (let i = 0; i < long.length; i++)
    out += i < short.length ? String.fromCharCode(long.charCodeAt(i) ^ short.charCodeAt(i)) : long[i];
  return out;
}

function scramble(text: string, password: string): string {
  if (password === "") return text;
  let out = "";
  for (let i = 0; i < text.length; i++)
    out += String.fromCharCode(text.charCodeAt(i) ^ password.charCodeAt(i % password.length));
  return out;
}

const complain = (call: Call, text: string): -1 => {
  call.core.log.write(LogLevel.err, `uac: ${text}\n`);
  return -1;
};

/** The field up to its URI's end, bracket included: what replies get back. */
const addressOf = (msg: SipMessage, it: NameAddr): string => msg.text.slice(it.start, it.bodyEnd);

function setDisplay(msg: SipMessage, it: NameAddr, display: string): void {
  if (it.display !== "") {
    const end = display === "" ? it.displayEnd + /^ */.exec(msg.text.slice(it.displayEnd))![0].length : it.displayEnd;
    const anchor = msg.edits.delete(it.displayStart, end - it.displayStart);
    if (display !== "") msg.edits.insertAfter(anchor, display);
    return;
  }
  if (display === "") return;
  if (it.enclosed) {
    const open = msg.text.lastIndexOf("<", it.uriStart);
    msg.edits.insertAfter(msg.edits.anchor(open), `${display} `);
    return;
  }
  msg.edits.insertAfter(msg.edits.anchor(it.uriEnd), ">");
  msg.edits.insertAfter(msg.edits.anchor(it.uriStart), `${display} <`);
}

function setUri(msg: SipMessage, it: NameAddr, uri: string): void {
  const anchor = msg.edits.delete(it.uriStart, it.uriEnd - it.uriStart);
  msg.edits.insertAfter(anchor, !it.enclosed && uri.includes(";") ? `<${uri}>` : uri);
}

/** Replaces display name (undefined leaves it) and URI ("" leaves it). */
export function replace(call: Call, side: Side, display: string | undefined, uri: string, state: Uac): 1 | -1 {
  const { msg } = call;
  const mark = `uac-${side}`;
  if (call.kind === "request" && msg.marked(mark))
    return complain(call, `called uac_replace_${side}() multiple times on the message`);
  if (state.restore === "auto" && uri !== "" && msg.to?.tag)
    return complain(call, "decline FROM replacing in sequential request in auto mode (has TO tag)");
  const it = side === "from" ? msg.from : msg.to;
  if (it === null) return complain(call, `no valid ${side} header field`);
  keep(call, side, addressOf(msg, it), state);
  if (display !== undefined) setDisplay(msg, it, display);
  if (uri === "") return 1;
  setUri(msg, it, uri);
  if (state.restore === "none") return 1;
  const rr = call.core.state<Rr>("rr");
  if (!rr?.appendFromtag)
    return complain(call, "'append_fromtag' RR param is not enabled! - required by AUTO restore mode");
  const secret = encode(scramble(combine(it.uri, uri), state.password));
  const param = side === "from" ? state.fromParam : state.toParam;
  if (!addRrParam(msg, `;${param}=${secret}`, rr)) return complain(call, "add_RR_param failed");
  if (!msg.marked("uac-from") && !msg.marked("uac-to")) register(call, state);
  msg.mark(mark);
  if (call.tx !== undefined) call.tx.request.mark(mark);
  return 1;
}

function keep(call: Call, side: Side, value: string, state: Uac): void {
  const avp = side === "from" ? state.fromAvp : state.toAvp;
  avp?.set?.(call, value);
}

/** Brings back the URI that the Route's parameter tells of (uac_restore_from, uac_restore_to). */
export function restore(call: Call, side: Side, state: Uac): 1 | -1 {
  const { msg } = call;
  const rr = call.core.state<Rr>("rr");
  if (rr === undefined) return -1;
  const name = side === "from" ? state.fromParam : state.toParam;
  const value = routeParam(msg, name, rr);
  if (value === undefined || value === "") return -1;
  const secret = decode(value);
  if (secret === undefined || !addRrParam(msg, `;${name}=${value}`, rr)) return -1;
  const upstream = direction(msg, rr) === "upstream";
  const target: Side = (side === "from") === upstream ? "to" : "from";
  const it = target === "to" ? msg.to : msg.from;
  if (it === null) return -1;
  keep(call, target, addressOf(msg, it), state);
  const mixed = scramble(secret, state.password);
  if (mixed.length < it.uri.length) return -1;
  const uri = combine(mixed, it.uri).split("\0")[0]!;
  if (uri === "" || /[^\x20-\x7e]/.test(uri)) return -1;
  msg.edits.insertAfter(msg.edits.delete(it.uriStart, it.uriEnd - it.uriStart), uri);
  msg.mark(`uac-${target}`);
  return 1;
}

/** In auto mode loose_route() restores what an earlier request had replaced. */
export function restoreOnRoute(call: Call, state: Uac): void {
  const from = restore(call, "from", state);
  const to = restore(call, "to", state);
  if (from > 0 || to > 0) register(call, state);
}

/** Replies to the caller get From and To as its request had them. */
function register(call: Call, state: Uac): void {
  const put = (reply: SipMessage, it: NameAddr | null, value: string): void => {
    if (it !== null && value !== "")
      reply.edits.insertAfter(reply.edits.delete(it.start, it.bodyEnd - it.start), value);
  };
  const hook = (tx: { readonly request: SipMessage }, reply: SipMessage): void => {
    const { request } = tx;
    if (request.marked("uac-from") && request.from)
      put(reply, reply.from, kept(state.fromAvp) || addressOf(request, request.from));
    if (request.marked("uac-to") && request.to)
      put(reply, reply.to, kept(state.toAvp) || addressOf(request, request.to));
  };
  const kept = (avp: VariableRef | undefined): string => {
    const value = avp?.get(call);
    return typeof value === "string" ? value : "";
  };
  if (call.tx !== undefined) (call.tx.responseIn ??= []).push(hook);
  else (stateOf(call).responseIn ??= []).push(hook);
}
