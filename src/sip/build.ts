/**
 * What goes on the wire, byte for byte as Kamailio's message translator would write it.
 *
 * - `buildRequest` a received request as edited, for one branch: own Via, received/rport, Route from Path, Content-Length.
 * - `buildLocalReply` a reply made here to a received request.
 * - `buildForwardedReply` a received reply as edited, without its topmost Via.
 * - `currentText`, `applyChanges` the message as edited, and taking that as the new original (msg_apply_changes).
 * - `ownVia`, `outboundHostPort`, `inboundHostPort` how this server names its sockets.
 * - build-local.ts: `buildCancel`, `buildAck`, `buildLocalRequest`, `buildLocalAck`.
 *
 * None of these changes the message that it is given, save `applyChanges`.
 */
import type { LocalSocket, Protocol } from "./address.ts";
import type { SendContext } from "./edits.ts";
import { HeaderType } from "./headers.ts";
import { bracketed, sameAddress } from "./ip.ts";
import type { Header, SipMessage } from "./message.ts";
import { boundaryOf, withClosedParts } from "./multipart.ts";
import type { Via } from "./via.ts";
import { isDeleted, type Patch, weave } from "./weave.ts";

/** Core parameters that show in messages. Values set on the message itself win. */
export interface BuildSettings {
  /** `force_rport=yes`. */
  readonly forceRport?: boolean;
  /** `local_rport=yes`: own Vias ask for rport. */
  readonly localRport?: boolean;
  /** `advertised_address`, `advertised_port`. */
  readonly advertisedAddress?: string;
  readonly advertisedPort?: number;
}

export interface RequestOptions extends BuildSettings {
  /** The branch parameter of the own Via, with the magic cookie. */
  readonly branch: string;
  /** Parameters for the own Via, each with its semicolon (xavp via params, `;srvid=…`). */
  readonly viaParams?: string;
  /** Flags that the own Via carries beside those of the message (tmx t_vbflag_set). */
  readonly viaFlags?: number;
  /** False leaves out the own Via; the received one is then left as it is, too. */
  readonly via?: boolean;
  /** False leaves out the Route header field made from Path. */
  readonly path?: boolean;
}

export interface ReplyOptions extends BuildSettings {
  /** `Server: …` line without line end, when server_signature is on. */
  readonly serverHeader?: string;
  /** Adds the Warning header field (sip_warning) with this process id. */
  readonly warningPid?: number;
  /** Parameters for the topmost Via, each with its semicolon (xavp_via_reply_params). */
  readonly viaParams?: string;
}

const NO_PATCHES: readonly Patch[] = [];

/** The request to send over `send`. Its Request-URI, Path and flags are those of `msg`. */
export function buildRequest(msg: SipMessage, send: SendContext, options: RequestOptions): string {
  const patches: Patch[] = [];
  const via = msg.via1;
  const viaHeader = msg.find(HeaderType.via);
  const withVia = options.via !== false && via !== undefined && viaHeader !== undefined;
  const path = options.path !== false && msg.path ? `Route: ${msg.path}\r\n` : "";
  if (withVia) {
    const own = ownVia(msg, send, options);
    const route = path === "" ? undefined : msg.find(HeaderType.route);
    if (path !== "" && route === undefined) patches.push({ offset: viaHeader.start, deleted: 0, text: own + path });
    else patches.push({ offset: viaHeader.start, deleted: 0, text: own });
    patchReceived(patches, msg, via, options);
    if (route !== undefined) insert(patches, { offset: route.start, deleted: 0, text: path });
  } else if (path !== "") {
    const before = msg.find(HeaderType.route) ?? viaHeader ?? msg.headers[0];
    if (before) patches.push({ offset: before.start, deleted: 0, text: path });
  }
  return assemble(msg, send.to.protocol, patches, send);
}

/** A reply of this server to the request `msg`. `toTag` is added to the To without tag, or replaces the one there; "" leaves it as it is. */
export function buildLocalReply(
  msg: SipMessage,
  code: number,
  reason: string,
  toTag: string,
  options: ReplyOptions = {},
): string {
  const text = msg.text;
  // A peer that speaks another version is answered in ours.
  let out = `${msg.protocol === "" ? "SIP/2.0" : msg.version} ${String(code).padStart(3, "0")} ${reason}\r\n`;
  let firstVia = true;
  const headers = msg.headers;
  for (let i = 0; i < headers.length; i++) {
    const header = headers[i]!;
    switch (header.type) {
      case HeaderType.via:
        out += firstVia ? `${replyVia(msg, header, options)}\r\n` : `${text.slice(header.start, header.valueEnd)}\r\n`;
        firstVia = false;
        break;
      case HeaderType.recordRoute:
        if (code >= 180 && code < 300) out += text.slice(header.start, header.end);
        break;
      case HeaderType.to:
        out += toTag === "" ? text.slice(header.start, header.end) : tagged(msg, header, toTag);
        break;
      case HeaderType.from:
      case HeaderType.callId:
      case HeaderType.cseq:
        out += text.slice(header.start, header.end);
        break;
    }
  }
  const added = msg.reply;
  if (added !== undefined) {
    for (const header of added.headers) out += header;
    if (added.body !== undefined && added.contentType !== undefined) out += `Content-Type: ${added.contentType}\r\n`;
  }
  if (options.serverHeader) out += `${options.serverHeader}\r\n`;
  const body = added?.body ?? "";
  out += `Content-Length: ${body.length}\r\n`;
  if (options.warningPid !== undefined) out += `${warning(msg, options.warningPid)}\r\n`;
  return `${out}\r\n${body}`;
}

/** A received reply as edited, for the element that its second Via names. */
export function buildForwardedReply(msg: SipMessage, send?: SendContext): string {
  const patches: Patch[] = [];
  const header = msg.find(HeaderType.via);
  if (header !== undefined) {
    const next = msg.via2;
    const start = next !== undefined && next.start < header.end ? header.valueStart : header.start;
    const end = next !== undefined && next.start < header.end ? next.start : header.end;
    patches.push({ offset: start, deleted: end - start, text: "" });
    const added = next === undefined ? "" : (msg.viaAdditions?.replyParams(msg) ?? "");
    if (added !== "") insert(patches, { offset: next!.end, deleted: 0, text: added });
  }
  const protocol = msg.via2?.transport.toLowerCase();
  return assemble(msg, protocol === "tcp" || protocol === "tls" ? protocol : "udp", patches, send);
}

/** The message with all edits applied but no Via added or taken away. */
export function currentText(msg: SipMessage, send?: SendContext): string {
  return assemble(msg, "udp", NO_PATCHES as Patch[], send);
}

/**
 * msg_apply_changes: the edited text becomes the message. Edits, reply edits and the changed Request-URI are part of it
 * then; destination, Path and flags stay. False, and nothing changed, when it does not parse.
 */
export function applyChanges(msg: SipMessage): boolean {
  // The text of a Record-Route is not known before the request is sent.
  if (msg.marked("rr-added")) return false;
  if (!msg.rebuild(currentText(msg))) return false;
  msg.edits.clear();
  msg.bodyEdits.clear();
  msg.reply = undefined;
  msg.newUri = null;
  msg.instance = undefined;
  msg.ruid = undefined;
  msg.locationUa = undefined;
  msg.regId = 0;
  return true;
}

/** The parameter of the own Via that carries flags (corex msg_vbflag_set, tmx t_vbflag_set). */
export const VIA_FLAGS = "kvf";

/** This server's own Via line, line end included. `msg` is undefined for a request made here. */
export function ownVia(msg: SipMessage | undefined, send: SendContext, options: RequestOptions): string {
  const { outbound } = send;
  const fields = msg?.viaAdditions?.fields(msg);
  const address =
    fields?.address ||
    msg?.advertisedAddress ||
    options.advertisedAddress ||
    outbound.advertise?.host ||
    outbound.address;
  let port = msg?.advertisedPort || options.advertisedPort || 0;
  if (port === 0) {
    if (outbound.advertise) port = outbound.advertise.port ?? 0;
    else if (outbound.port !== 5060) port = outbound.port;
  }
  const host = outbound.family === 6 ? bracketed(address) : address;
  let out = `Via: SIP/2.0/${VIA_NAME[fields?.protocol ?? send.to.protocol]} ${host}`;
  if (fields?.port) out += `:${fields.port}`;
  else if (port > 0) out += `:${port}`;
  out += `;branch=${options.branch}`;
  const from = msg?.received.protocol;
  if (from === "tcp" || from === "tls") out += `;i=${reverseHex(msg!.received.connection)}`;
  if (options.localRport || msg?.addLocalRport) out += ";rport";
  if (options.viaParams) out += options.viaParams;
  if (msg?.viaAdditions) out += msg.viaAdditions.params(msg);
  const flags = ((msg?.viaFlags ?? 0) | (options.viaFlags ?? 0)) >>> 0;
  if (flags !== 0) out += `;${VIA_FLAGS}=${flags.toString(16)}`;
  return `${out}\r\n`;
}

/** host[:port][;transport=…] of the socket that a message leaves by, as Record-Route and friends show it. */
export function outboundHostPort(msg: SipMessage, send: SendContext, settings: BuildSettings = {}): string {
  const { outbound, to } = send;
  let host: string;
  let port = 0;
  if (outbound.advertise) {
    host = outbound.advertise.host;
    port = outbound.advertise.port ?? 0;
  } else {
    host = msg.advertisedAddress || settings.advertisedAddress || outbound.address;
    port = msg.advertisedPort || settings.advertisedPort || (outbound.port === 5060 ? 0 : outbound.port);
  }
  return hostPort(outbound, host, port, to.protocol);
}

/** The same of the socket that the message came in on. */
export function inboundHostPort(msg: SipMessage): string {
  const { socket, protocol } = msg.received;
  const host = socket.advertise?.host ?? socket.address;
  const port = socket.advertise ? (socket.advertise.port ?? 0) : socket.port;
  return hostPort(socket, host, port === 5060 ? 0 : port, protocol);
}

/** A number in hexadecimal with the least significant digit first, as Kamailio writes ids. */
export function reverseHex(value: number): string {
  let out = "";
  do {
    out += (value & 15).toString(16);
    value = Math.floor(value / 16);
  } while (value > 0);
  return out;
}

const VIA_NAME: Readonly<Record<Protocol, string>> = {
  udp: "UDP",
  tcp: "TCP",
  tls: "TLS",
  ws: "WS",
  wss: "WSS",
  sctp: "SCTP",
};

function hostPort(socket: LocalSocket, host: string, port: number, protocol: Protocol): string {
  let out = socket.family === 6 ? bracketed(host) : host;
  if (port > 0) out += `:${port}`;
  if (protocol === "ws" || protocol === "wss") return `${out};transport=ws`;
  return socket.protocol === "udp" ? out : `${out};transport=${socket.protocol}`;
}

/** True when the topmost Via gets a `received` parameter. */
function needsReceived(msg: SipMessage, via: Via): boolean {
  if (msg.marked("via-noreceived")) return false;
  return via.received !== undefined || via.rport !== undefined || !sameAddress(via.host, msg.received.srcIp);
}

function needsRport(msg: SipMessage, via: Via, settings: BuildSettings): boolean {
  if (msg.marked("via-noreceived")) return false;
  return msg.forceRport || settings.forceRport === true || via.rport !== undefined;
}

/** `received` stands right behind host and port, `rport` in its own place or in front of it. */
function patchReceived(patches: Patch[], msg: SipMessage, via: Via, settings: BuildSettings): void {
  const received = needsReceived(msg, via) ? `;received=${msg.received.srcIp}` : "";
  const rport = needsRport(msg, via, settings) ? `;rport=${msg.received.srcPort}` : "";
  if (rport !== "" && via.rport === undefined) {
    const place = received !== "" && via.received ? via.received : undefined;
    if (place)
      insert(patches, { offset: place.start - 1, deleted: place.end - place.start + 1, text: rport + received });
    else insert(patches, { offset: via.sentByEnd, deleted: 0, text: rport + received });
    return;
  }
  if (received !== "") {
    if (via.received)
      insert(patches, {
        offset: via.received.start - 1,
        deleted: via.received.end - via.received.start + 1,
        text: received,
      });
    else insert(patches, { offset: via.sentByEnd, deleted: 0, text: received });
  }
  if (rport !== "" && via.rport)
    insert(patches, { offset: via.rport.start - 1, deleted: via.rport.end - via.rport.start + 1, text: rport });
}

/** The topmost Via field of a reply: rport in place, or behind the branch; `received` behind it. */
function replyVia(msg: SipMessage, header: Header, options: ReplyOptions): string {
  const { text } = msg;
  const via = msg.via1!;
  const received = needsReceived(msg, via) ? `;received=${msg.received.srcIp}` : "";
  const rport = needsRport(msg, via, options) ? `;rport=${msg.received.srcPort}` : "";
  const added = rport + received + (options.viaParams ?? "") + (msg.viaAdditions?.replyParams(msg) ?? "");
  let cut = header.valueEnd;
  let go = header.valueEnd;
  if (rport !== "" && via.rport) {
    cut = via.rport.start - 1;
    go = via.rport.end;
  } else if (via.branch) cut = go = via.branch.end;
  return text.slice(header.start, cut) + added + text.slice(go, header.valueEnd);
}

/** The To field with a tag: one that is there is replaced. */
function tagged(msg: SipMessage, header: Header, tag: string): string {
  const { text } = msg;
  const old = msg.to?.param("tag");
  if (old?.value) {
    const at = old.end - old.value.length - (old.quoted ? 1 : 0);
    return text.slice(header.start, at) + tag + text.slice(at + old.value.length, header.end);
  }
  return `${text.slice(header.start, header.valueEnd)};tag=${tag}${text.slice(header.valueEnd, header.end)}`;
}

function warning(msg: SipMessage, pid: number): string {
  const { received } = msg;
  const address = bracketed(received.socket.address);
  return (
    `Warning: 392 ${address}:${received.socket.port} "Noisy feedback tells:  pid=${pid} req_src_ip=${received.srcIp} ` +
    `req_src_port=${received.srcPort} in_uri=${msg.requestUri} out_uri=${msg.uri} via_cnt==${msg.vias.length}"`
  );
}

/** First line, edited header fields, edited body; Content-Length set right when the body changed or the transport is a stream. */
function assemble(msg: SipMessage, protocol: Protocol, patches: Patch[], send: SendContext | undefined): string {
  const { text, edits, bodyEdits } = msg;
  let from = 0;
  let out = "";
  if (msg.isRequest && msg.newUri !== null) {
    out = text.slice(0, msg.requestUriStart) + msg.newUri;
    from = msg.requestUriStart + msg.requestUri.length;
  }
  const stream = protocol === "tcp" || protocol === "tls";
  if (!stream && bodyEdits.empty) {
    if (edits.empty && patches.length === 0) return from === 0 ? text : out + text.slice(from);
    return out + weave(text, from, text.length, edits, patches, send);
  }
  const received = text.length - msg.bodyStart;
  const body = bodyEdits.empty ? undefined : editedBody(msg, send);
  const length = body === undefined ? received : body.length;
  if (length !== (stream ? msg.contentLength : received))
    patches = withContentLength(msg, length, protocol !== "udp", patches);
  if (body === undefined) return out + weave(text, from, text.length, edits, patches, send);
  return out + weave(text, from, msg.bodyStart, edits, patches, send) + body;
}

/** The body with its edits; parts that a script added or removed are closed as they must be. */
function editedBody(msg: SipMessage, send: SendContext | undefined): string {
  const body = weave(msg.text, msg.bodyStart, msg.text.length, msg.bodyEdits, NO_PATCHES, send);
  if (!msg.marked("body-multipart")) return body;
  return withClosedParts(body, boundaryOf(msg.first(HeaderType.contentType) ?? "") ?? "");
}

function withContentLength(msg: SipMessage, length: number, needed: boolean, patches: readonly Patch[]): Patch[] {
  const header = msg.find(HeaderType.contentLength);
  const copy = [...patches];
  if (header !== undefined && !isDeleted(msg.edits, header.start, header.end))
    insert(copy, { offset: header.valueStart, deleted: header.valueEnd - header.valueStart, text: String(length) });
  else if (needed) insert(copy, { offset: msg.headersEnd, deleted: 0, text: `Content-Length: ${length}\r\n` });
  return copy;
}

/** Keeps patches sorted; of equal offsets the one added last comes last. */
function insert(patches: Patch[], patch: Patch): void {
  let at = patches.length;
  while (at > 0 && patches[at - 1]!.offset > patch.offset) at--;
  patches.splice(at, 0, patch);
}
