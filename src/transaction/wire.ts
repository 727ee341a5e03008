/** The facts that transactions read from messages, and the messages that they write (over src/sip). */
import { type Destination, defaultPort, type Protocol } from "../sip/address.ts";
import { buildForwardedReply, buildLocalReply, buildRequest, ownVia } from "../sip/build.ts";
import { buildAck, buildCancel } from "../sip/build-local.ts";
import { HeaderType } from "../sip/headers.ts";
import type { SipMessage } from "../sip/message.ts";
import type { Engine } from "./engine.ts";
import { branchName } from "./names.ts";
import type { StoredReply, Transaction } from "./transaction.ts";

export interface ViaFacts {
  readonly branch: string;
  readonly host: string;
  /** 0 when none is given. */
  readonly port: number;
  readonly transport: string;
}

export function viaFacts(msg: SipMessage): ViaFacts | undefined {
  const via = msg.via1;
  return via && { branch: via.branch?.value ?? "", host: via.host, port: via.port, transport: via.transport };
}

/** The topmost Via value as written. */
export const viaText = (msg: SipMessage): string => (msg.via1 ? msg.text.slice(msg.via1.start, msg.via1.end) : "");
export const fromBody = (msg: SipMessage): string => msg.first(HeaderType.from) ?? "";
export const toBody = (msg: SipMessage): string => msg.first(HeaderType.to) ?? "";
export const fromTag = (msg: SipMessage): string => msg.from?.tag ?? "";
export const toTag = (msg: SipMessage): string => msg.to?.tag ?? "";
export const toUri = (msg: SipMessage): string => msg.to?.uri ?? "";

/**
 * Where replies to a request go: to where it came from, over the same connection; over UDP to the port of its topmost
 * Via unless rport is asked for (RFC 3261 18.2.2, RFC 3581).
 */
export function replyDestination(msg: SipMessage): Destination {
  const { received } = msg;
  const via = msg.via1;
  const back = msg.forceRport || via?.rport !== undefined;
  return {
    socket: received.socket,
    protocol: received.protocol,
    ip: received.srcIp,
    port: back ? received.srcPort : via?.port || defaultPort("udp"),
    connection: received.connection,
    noConnect: msg.marked("reply-no-connect"),
    closeAfter: msg.marked("reply-close"),
  };
}

/** A branch's request as it goes out. */
export function requestText(tx: Transaction, branch: number, msg: SipMessage, to: Destination, viaFlags = 0): string {
  const outbound = to.socket!;
  const inbound = tx.startedHere ? undefined : msg.received.socket;
  const options = tx.engine.ports.requestOptions?.(msg);
  const name = branchName(tx.index, tx.key, branch);
  return buildRequest(msg, { inbound, outbound, to }, { ...options, branch: name, viaFlags });
}

/** Our Via line on a branch that goes to `to`. */
export function ownViaLine(tx: Transaction, branch: number, to: Destination, viaFlags = 0): string {
  const msg = tx.startedHere ? undefined : tx.request;
  const options = tx.engine.ports.requestOptions?.(tx.request);
  const send = { inbound: msg?.received.socket, outbound: to.socket!, to };
  return ownVia(msg, send, { ...options, branch: branchName(tx.index, tx.key, branch), viaFlags });
}

/** A reply made here; `tag` goes into a To without one, `fields` are further header fields. */
export function localReplyText(
  tx: Transaction,
  msg: SipMessage,
  code: number,
  reason: string,
  tag: string,
  fields: string,
): string {
  const options = tx.engine.ports.replyOptions?.(msg);
  if (fields === "") return buildLocalReply(msg, code, reason, tag, options);
  const edits = msg.reply;
  msg.reply = { headers: [...(edits?.headers ?? []), fields], body: edits?.body, contentType: edits?.contentType };
  const text = buildLocalReply(msg, code, reason, tag, options);
  msg.reply = edits;
  return text;
}

export const forwardedReplyText = (reply: SipMessage): string => buildForwardedReply(reply);

/** The To line of the request, for a CANCEL (RFC 3261 9.1: the INVITE's own). */
const toLine = (msg: SipMessage): string => {
  const header = msg.find(HeaderType.to);
  return header ? msg.text.slice(header.start, header.end) : "";
};

/** What was sent on a branch; "" for nothing, or when a script's edits have left it without an end of its fields. */
function sentText(tx: Transaction, branch: number): string {
  const { text } = tx.branches[branch]!.request;
  return text.includes("\r\n\r\n") ? text : "";
}

/** CANCEL for a branch; "" when it cannot be made. */
export function cancelText(tx: Transaction, branch: number, reason: string): string {
  const sent = sentText(tx, branch);
  if (sent === "") return "";
  const keepsTo = tx.startedHere || tx.request.marked("uac-to");
  if (!tx.settings.reparseInvite && !keepsTo) return asReceived("CANCEL", tx, branch, toLine(tx.request), reason);
  // Only an INVITE can be canceled (RFC 3261 9.1).
  if (!/^i/i.test(sent)) return "";
  return buildCancel(sent, {
    ...(!keepsTo && { to: toLine(tx.request) }),
    extra: reason,
    keep: tx.settings.acExtraHdrs,
  });
}

/** ACK for a negative reply; its To is the reply's (RFC 3261 17.1.1.3). */
export function ackText(tx: Transaction, branch: number, reply: SipMessage): string {
  const sent = sentText(tx, branch);
  if (sent === "") return "";
  const to = toLine(reply);
  if (!tx.settings.reparseInvite && !tx.startedHere) return asReceived("ACK", tx, branch, to, "");
  return buildAck(sent, { to, keep: tx.settings.acExtraHdrs });
}

/** A CANCEL or ACK made of the request that came, as tm does with reparse_invite=0. */
function asReceived(method: string, tx: Transaction, branch: number, to: string, reason: string): string {
  const { request } = tx;
  const it = tx.branches[branch]!;
  const sent = it.request.text;
  const via = sent.slice(sent.indexOf("Via:"), sent.indexOf("\n", sent.indexOf("Via:")) + 1);
  const line = (type: number): string => {
    let lines = "";
    for (const header of request.headers)
      if (header.type === type) lines += request.text.slice(header.start, header.end);
    return lines;
  };
  const head = `${method} ${it.uri} SIP/2.0\r\n${via}${line(HeaderType.from)}${line(HeaderType.callId)}${to}`;
  const routes = line(HeaderType.route);
  return `${head}CSeq: ${tx.cseq} ${method}\r\nMax-Forwards: 70\r\n${routes}Content-Length: 0\r\n${reason}\r\n`;
}

/** A To tag for replies made here: the same for every reply to a request, by its sender, branch and Call-ID. */
export function tagFor(engine: Engine, msg: SipMessage): string {
  const via = msg.via1;
  const sender = via ? `${via.host}:${via.port} ${via.branch?.value ?? ""}` : "";
  const mark = hash(sender, hash(msg.callId));
  return `${engine.tagPrefix}-${(mark & 0xffff).toString(16).padStart(4, "0")}`;
}

/** The tag to add to a reply: none when the request's To has one. */
export const localTagFor = (tx: Transaction, msg: SipMessage): string =>
  toTag(msg) === "" ? tagFor(tx.engine, msg) : "";

/** FNV-1a. */
export function hash(text: string, seed = 0): number {
  let h = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return h;
}

/** Every challenge of the given replies, whole fields. */
export function challengesText(replies: readonly StoredReply[]): string {
  let fields = "";
  for (const reply of replies) {
    if (typeof reply !== "object") continue;
    for (const header of reply.headers)
      if (header.type === HeaderType.wwwAuthenticate || header.type === HeaderType.proxyAuthenticate)
        fields += reply.text.slice(header.start, header.end);
  }
  return fields;
}

/** The Contact field of a redirection: the changed Request-URI and further branches; "" when there are none. */
export function contactsOf(msg: SipMessage, rich: number): string {
  const contacts: string[] = [];
  if (msg.newUri !== null) contacts.push(contact(msg.newUri, msg.q, msg.path ?? "", msg.branchFlags, rich));
  for (const branch of msg.branches) contacts.push(contact(branch.uri, branch.q, branch.path, branch.flags, rich));
  return contacts.length === 0 ? "" : `Contact: ${contacts.join(", ")}\r\n`;
}

function contact(uri: string, q: number, path: string, flags: number, rich: number): string {
  const route = rich & 2 && path !== "" ? `?Route=${escapeParam(path)}` : "";
  const weight =
    q < 0 ? "" : `;q=${q >= 1000 ? "1" : q === 0 ? "0" : `0.${String(q).padStart(3, "0").replace(/0+$/, "")}`}`;
  return `<${uri}${route}>${weight}${rich & 1 ? `;flags=${flags}` : ""}`;
}

/** Characters that may stand in a URI header's value as they are. */
const PLAIN = /[A-Za-z0-9\-_.!~*'()[\]/:&+$]/;
const escapeParam = (text: string): string => {
  let out = "";
  for (const c of text) out += PLAIN.test(c) ? c : `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`;
  return out;
};

/** The protocol that a name stands for. */
export const protocolNamed = (name: string): Protocol | undefined => {
  const lower = name.toLowerCase();
  return lower === "udp" || lower === "tcp" || lower === "tls" || lower === "sctp" || lower === "ws" || lower === "wss"
    ? lower
    : undefined;
};
