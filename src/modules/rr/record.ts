/** Record-Route header fields that this server adds. Their text depends on the sockets, so it is made when the request is sent. */
import type { Call } from "../../declare/call.ts";
import type { Protocol } from "../../sip/address.ts";
import { inboundHostPort, outboundHostPort } from "../../sip/build.ts";
import type { Anchor, EditText, SendContext } from "../../sip/edits.ts";
import { HeaderType } from "../../sip/headers.ts";
import type { SipMessage } from "../../sip/message.ts";
import { parseUri } from "../../sip/uri.ts";
import { direction, type Rr } from "./state.ts";

type Condition = (send: SendContext) => boolean;

/** Adds Record-Route for both sides of the request. False when the user part cannot be told. */
export function recordRoute(call: Call, params: string, state: Rr): boolean {
  const { msg } = call;
  const user = userPart(call, state);
  const start = msg.headers[0]?.start;
  if (user === null || start === undefined) return false;
  const prefix = schemePrefix(msg, state) + user;
  const suffix = state.lr + fromTagParam(msg, state) + params + takePending(msg, state);
  const two: Condition = (send) => state.double === 2 || differsInRealm(msg, send);
  const r2 = (send: SendContext): string => (state.double > 0 && two(send) ? ";r2=on" : "");
  if (state.double > 0) {
    const name = (send: SendContext): string =>
      state.sockname && send.outbound.name ? `;sn=${send.outbound.name}` : "";
    add(msg, start, (send) => prefix + outboundHostPort(msg, send, state.shown) + name(send) + r2(send), suffix, two);
  }
  const name = state.sockname && msg.received.socket.name ? `;sn=${msg.received.socket.name}` : "";
  add(msg, start, (send) => prefix + inboundHostPort(msg) + name + r2(send), suffix);
  return true;
}

/** Adds one Record-Route with a given host. */
export function recordRoutePreset(call: Call, hostAndPort: string, state: Rr): boolean {
  const { msg } = call;
  const user = userPart(call, state);
  const start = msg.headers[0]?.start;
  if (user === null || start === undefined) return false;
  const tag = state.appendFromtag ? msg.from?.tag : "";
  const head =
    schemePrefix(msg, state) + user + hostAndPort + (tag ? `;ftag=${tag}` : "") + (state.pending.get(msg) ?? "");
  add(msg, start, head, state.lr);
  return true;
}

/** Adds Record-Route for both sides with a given host; the transport shows where the request changes it. */
export function recordRouteAdvertised(call: Call, host: string, state: Rr): boolean {
  const { msg } = call;
  const user = userPart(call, state);
  const start = msg.headers[0]?.start;
  if (user === null || start === undefined) return false;
  const prefix = schemePrefix(msg, state) + user + host;
  const suffix = fromTagParam(msg, state) + state.lr + takePending(msg, state);
  const two: Condition = (send) => state.double === 2 || differsInProtocol(msg, send);
  // The r2 parameter stands behind the transport's condition: it never appears without one.
  const tail = (send: SendContext, protocol: string): string => {
    if (!two(send)) return "";
    const r2 = state.double === 2 || (state.double > 0 && differsInRealm(msg, send)) ? ";r2=on" : "";
    return `;transport=${protocol}${r2}`;
  };
  if (state.double > 0)
    add(msg, start, (send) => prefix + tail(send, protocolName(send.outbound.protocol, send.to.protocol)), suffix, two);
  const { received } = msg;
  add(msg, start, (send) => prefix + tail(send, protocolName(received.socket.protocol, received.protocol)), suffix);
  return true;
}

/** Adds parameters to Record-Route: to those that are there, or else to those that will be. */
export function addRrParam(msg: SipMessage, params: string, state: Rr): boolean {
  const own = ownRecordRoutes(msg);
  if (own.length === 0) {
    const pending = (state.pending.get(msg) ?? "") + params;
    if (pending.length > 512) return false;
    state.pending.set(msg, pending);
    return true;
  }
  const wanted = state.double > 0 ? 2 : 1;
  for (const anchor of own.slice(0, wanted)) {
    const term = anchor.after.at(-1)!;
    const added: EditText = typeof term === "string" ? params : (send) => (term(send) === "" ? "" : params);
    anchor.after = [...anchor.after.slice(0, -1), added, term];
  }
  return own.length >= wanted;
}

/** Takes back every Record-Route that was added here. */
export function removeRecordRoute(msg: SipMessage): void {
  for (const anchor of ownRecordRoutes(msg)) msg.edits.remove(anchor);
}

const ownRecordRoutes = (msg: SipMessage): Anchor[] =>
  msg.edits.anchors.filter((a) => a.header === HeaderType.recordRoute && a.deleted === 0 && a.after.length >= 3);

/** One field: head, suffix and end are kept apart so that add_rr_param finds its place. */
function add(msg: SipMessage, start: number, head: EditText, suffix: string, only?: Condition): void {
  const parts: EditText[] = [head, suffix, ">\r\n"];
  const anchor = msg.edits.anchor(start, HeaderType.recordRoute);
  anchor.after = only ? parts.map((part) => when(only, part)) : parts;
}

const when =
  (condition: Condition, text: EditText): EditText =>
  (send) =>
    condition(send) ? (typeof text === "string" ? text : text(send)) : "";

/** Kamailio's COND_IF_DIFF_REALMS: the request leaves by another socket or protocol than it came by. */
function differsInRealm({ received }: SipMessage, { outbound, to }: SendContext): boolean {
  const { socket } = received;
  return (
    socket.port !== outbound.port ||
    socket.protocol !== outbound.protocol ||
    received.protocol !== to.protocol ||
    socket.address !== outbound.address
  );
}

/** Kamailio's COND_IF_DIFF_PROTO. */
function differsInProtocol({ received }: SipMessage, { outbound, to }: SendContext): boolean {
  return received.socket.protocol !== outbound.protocol || received.protocol !== to.protocol;
}

const protocolName = (socket: Protocol, used: Protocol): string => (used === "ws" || used === "wss" ? "ws" : socket);

const schemePrefix = (msg: SipMessage, state: Rr): string =>
  !state.ignoreSips && msg.parsedUri?.scheme === "sips" ? "Record-Route: <sips:" : "Record-Route: <sip:";

/** `user@` for the URI; "" for none, null when the Request-URI cannot be parsed. */
function userPart(call: Call, state: Rr): string | null {
  if (!state.addUsername) return "";
  const custom = state.customUser?.get(call);
  if (typeof custom === "string" && custom !== "") return `${custom}@`;
  let uri = parseUri(call.msg.requestUri);
  if (uri === null) return null;
  if (uri.user === "" && call.msg.newUri !== null) {
    uri = call.msg.parsedUri;
    if (uri === null) return null;
  }
  return uri.user === "" ? "" : `${uri.user}@`;
}

/** The tag of the side that sent the dialog's first request. */
function fromTagParam(msg: SipMessage, state: Rr): string {
  if (!state.appendFromtag) return "";
  const tag = direction(msg, state) === "upstream" ? msg.to?.tag : msg.from?.tag;
  return tag ? `;ftag=${tag}` : "";
}

function takePending(msg: SipMessage, state: Rr): string {
  const params = state.pending.get(msg) ?? "";
  state.pending.delete(msg);
  return params;
}
