/** Private addresses, and whether a message went through a NAT. */
import { HeaderType } from "../../sip/headers.ts";
import { inPrefix, parseIPv4, parseIp, sameAddress, unbracketed } from "../../sip/ip.ts";
import type { SipMessage } from "../../sip/message.ts";
import { parseNameAddrs } from "../../sip/nameaddr.ts";
import { sdpOf } from "../../sip/sdp.ts";
import { parseUri } from "../../sip/uri.ts";
import { firstContact, type Nathelper } from "./state.ts";

/** RFC 1918, RFC 6598 and RFC 7335. */
const PRIVATE = [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["100.64.0.0", 10],
  ["192.0.0.0", 29],
] as const;
const networks = PRIVATE.map(([prefix, bits]) => ({ prefix: parseIPv4(prefix)!, bits }));
const wide = { prefix: parseIPv4("192.0.0.0")!, bits: 24 };

export function isPrivate(text: string, state: Nathelper): boolean {
  const bytes = parseIPv4(text);
  if (bytes === null) return false;
  return (
    networks.some(({ prefix, bits }) => inPrefix(bytes, prefix, bits)) ||
    (state.wide && inPrefix(bytes, wide.prefix, wide.bits))
  );
}

/** All zeros: a stream on hold, which no test looks at. */
export const isNull = (ip: string, family: 4 | 6): boolean => (family === 6 ? /^[0:]*$/.test(ip) : ip === "0.0.0.0");

const Test = {
  contactPrivate: 1,
  received: 2,
  viaPrivate: 4,
  sdpPrivate: 8,
  viaPort: 16,
  sourcePrivate: 32,
  websocket: 64,
  contactPort: 128,
  sdpAddress: 256,
  destination: 512,
} as const;

/** True when one of the tests, given as bits, says that there is a NAT. */
export function behindNat(msg: SipMessage, tests: number, state: Nathelper): boolean {
  const { srcIp, srcPort, protocol } = msg.received;
  const via = msg.via1;
  if (tests & Test.viaPort && via !== undefined && srcPort !== (via.port || 5060)) return true;
  if (tests & Test.received && via !== undefined && !sameAddress(unbracketed(via.host), srcIp)) return true;
  if (tests & (Test.contactPrivate | Test.contactPort)) {
    const contact = firstContact(msg, state);
    if (contact !== null && contact !== "none") {
      if (tests & Test.contactPrivate && isPrivate(contact.uri.host, state)) return true;
      if (tests & Test.contactPort && srcPort !== (contact.uri.portNo || 5060)) return true;
    }
  }
  if (tests & Test.sdpPrivate && privateSdp(msg, state)) return true;
  if (tests & Test.viaPrivate && via !== undefined && isPrivate(via.host, state)) return true;
  if (tests & Test.sourcePrivate && isPrivate(srcIp, state)) return true;
  if (tests & Test.websocket && (protocol === "ws" || protocol === "wss")) return true;
  if (tests & Test.sdpAddress && otherSdpAddress(msg)) return true;
  return (tests & Test.destination) !== 0 && otherDestination(msg);
}

/** A stream's address is private. */
function privateSdp(msg: SipMessage, state: Nathelper): boolean {
  for (const session of sdpOf(msg)?.sessions ?? [])
    for (const stream of session.streams) {
      const { ip, family } = stream.ip !== "" ? stream : session;
      if (family !== 4 || isNull(ip, family)) break;
      if (isPrivate(ip, state)) return true;
    }
  return false;
}

/** A session's own address is not the one that the message came from. */
function otherSdpAddress(msg: SipMessage): boolean {
  for (const session of sdpOf(msg)?.sessions ?? []) {
    if (session.ip === "" || parseIp(session.ip) === null) return false;
    if (!sameAddress(session.ip, msg.received.srcIp)) return true;
  }
  return false;
}

/** Where the message goes is not what its Request-URI, or a reply's second Via, says. */
function otherDestination(msg: SipMessage): boolean {
  if (!msg.isRequest) {
    const via = msg.via2;
    if (via === undefined) return false;
    const transport = via.transport.toLowerCase();
    if (transport === "ws" || transport === "wss") return true;
    const rport = Number(via.rport?.value || 0);
    if (rport !== 0 && rport !== (via.port || (transport === "tls" ? 5061 : 5060))) return true;
    const received = via.received?.value ?? "";
    return received !== "" && !sameAddress(unbracketed(received), unbracketed(via.host));
  }
  const uri = msg.parsedUri;
  if (!msg.dstUri) return uri?.protocol === "ws";
  const target = parseUri(msg.dstUri);
  if (target === null || uri === null) return false;
  if (target.protocol === "ws" || target.effectivePort !== uri.effectivePort) return true;
  return target.host !== "" && !sameAddress(target.bareHost, uri.bareHost);
}

/** Entries of Record-Route; null when a field is malformed. */
export function recordRoutes(msg: SipMessage): number | null {
  if (msg.headersProblem !== "") return null;
  let count = 0;
  for (const header of msg.headers) {
    if (header.type !== HeaderType.recordRoute) continue;
    const entries = parseNameAddrs(msg.text, header.valueStart, header.valueEnd);
    if (entries === null) return null;
    count += entries.length;
  }
  return count;
}

/** 2 when the topmost Record-Route is one of a pair, 1 when it is not, 0 without any; null when it is malformed. */
export function topRecordRoutes(msg: SipMessage): 0 | 1 | 2 | null {
  const header = msg.find(HeaderType.recordRoute);
  if (header === undefined) return msg.headersProblem === "" ? 0 : null;
  const top = parseNameAddrs(msg.text, header.valueStart, header.valueEnd)?.[0]?.parsed;
  return !top ? null : top.r2 ? 2 : 1;
}
