/** Contact URIs behind a NAT: putting the source address into them, and taking it out again. */
import type { Call } from "../../declare/call.ts";
import type { Protocol } from "../../sip/address.ts";
import { protocolNumber } from "../../sip/alias.ts";
import { HeaderType } from "../../sip/headers.ts";
import { bracketed, parseIp, sameAddress, unbracketed } from "../../sip/ip.ts";
import type { SipMessage } from "../../sip/message.ts";
import { parseContacts } from "../../sip/nameaddr.ts";
import { type FirstContact, firstContact, type Nathelper, replaceContact } from "./state.ts";

const TRANSPORTS: Readonly<Record<string, string>> = { 1: "udp", 2: "tcp", 3: "tls", 4: "sctp", 5: "ws", 6: "wss" };

/** The URI that the message came from. */
export function sourceUri({ srcIp, srcPort, protocol }: SipMessage["received"]): string {
  const uri = `sip:${bracketed(srcIp)}:${srcPort}`;
  return protocol === "udp" ? uri : `${uri};transport=${protocol === "wss" ? "ws" : protocol}`;
}

/** Where host and port stand in a URI. */
function hostPort(contact: FirstContact): { start: number; end: number } {
  const { uri, text } = contact;
  const at = uri.user === "" && uri.password === "" ? 0 : text.indexOf("@") + 1;
  const start = text.indexOf(uri.host, at > 0 ? at : text.indexOf(":") + 1);
  const hostEnd = start + uri.host.length;
  return { start, end: uri.port === "" ? hostEnd : text.indexOf(uri.port, hostEnd) + uri.port.length };
}

/** Puts the source address in place of the first contact's host and port. */
export function fixContact(msg: SipMessage, state: Nathelper): 1 | -1 {
  const contact = firstContact(msg, state);
  if (contact === null || contact === "none" || contact.replaced) return -1;
  const { text } = contact;
  const { start, end } = hostPort(contact);
  const { srcIp, srcPort } = msg.received;
  // maddr makes no sense any more.
  const rest = text.slice(end).replace(/[ \t]*;maddr=[^;?]*/i, "");
  replaceContact(msg, contact, `${text.slice(0, start)}${bracketed(srcIp)}:${srcPort}${rest}`, state);
  return 1;
}

/** Adds the alias parameter behind the first contact's host and port. */
function addAlias(msg: SipMessage, contact: FirstContact, address: string, state: Nathelper): 1 | -1 {
  if (contact.replaced) return -1;
  const enclosed = msg.value(contact.header).includes("<");
  if (!enclosed) msg.edits.insertBefore(msg.edits.anchor(contact.header.valueStart), "<");
  const at = contact.addr.uriStart + hostPort(contact).end;
  msg.edits.insertAfter(msg.edits.anchor(at), `;${state.alias}=${address}${enclosed ? "" : ">"}`);
  return 1;
}

const sourceAddress = ({ srcIp, srcPort, protocol }: SipMessage["received"]): string =>
  `${bracketed(srcIp)}~${srcPort}~${protocolNumber(protocol)}`;

/** Adds the source address as alias unless the contact says the same. */
export function addSourceAlias(msg: SipMessage, state: Nathelper): 1 | 2 | -1 {
  const contact = firstContact(msg, state);
  if (contact === "none") return 2;
  if (contact === null) return -1;
  const { uri } = contact;
  const { srcIp, srcPort, protocol } = msg.received;
  if (
    parseIp(uri.host) !== null &&
    sameAddress(uri.bareHost, srcIp) &&
    (uri.port === "" ? srcPort === 5060 : srcPort === uri.portNo) &&
    uri.protocol === protocol
  )
    return 2;
  return addAlias(msg, contact, sourceAddress(msg.received), state);
}

/** Adds an address that the script gives as alias. */
export function addGivenAlias(msg: SipMessage, ip: string, port: string, name: string, state: Nathelper): 1 | 2 | -1 {
  const contact = firstContact(msg, state);
  if (contact === "none") return 2;
  const number = Object.keys(TRANSPORTS).find((it) => TRANSPORTS[it] === name.toLowerCase());
  const portNo = /^\d+$/.test(port) ? Number(port) : 0;
  if (contact === null || parseIp(ip) === null || portNo < 1 || portNo > 65535 || number === undefined) return -1;
  return addAlias(msg, contact, `${bracketed(ip)}~${port}~${number}`, state);
}

/** Puts the source address at the end of the first contact's URI, in brackets; `trim` takes an earlier one out. */
export function setAlias(msg: SipMessage, trim: boolean, state: Nathelper): 1 | -1 {
  const contact = firstContact(msg, state);
  if (contact === null || contact === "none" || contact.replaced) return -1;
  let { text } = contact;
  if (trim) {
    const at = text.lastIndexOf(`;${state.alias}=`);
    const found = at > 5 ? /^;[^=]*=[^~;]*~[^~;]*~[^;](?=;|$)/.exec(text.slice(at)) : null;
    if (found !== null) text = text.slice(0, at) + text.slice(at + found[0].length);
  }
  const uri = `${text};${state.alias}=${sourceAddress(msg.received)}`;
  replaceContact(msg, contact, uri, state, msg.text[contact.addr.uriStart - 1] !== "<");
  return 1;
}

/** The address of an alias parameter, taken apart; null when it is malformed. */
function aliasParts(value: string): { address: string; transport: string } | null {
  const found = /^([^~]*)~([^~]*)~(\d)$/.exec(value);
  if (found === null) return null;
  const transport = TRANSPORTS[found[3]!];
  const host = bracketed(unbracketed(found[1]!));
  // URIs know no other name for secure WebSockets (RFC 7118, 5.5).
  return transport === undefined
    ? null
    : { address: `${host}:${found[2]}`, transport: transport === "wss" ? "ws" : transport };
}

/** Sends the request to the address in the alias parameter of its Request-URI, and takes the parameter out. */
export function handleAlias(msg: SipMessage, last: boolean, state: Nathelper): 1 | 2 | -1 {
  const uri = msg.parsedUri;
  if (uri === null) return -1;
  const text = msg.uri;
  const name = `;${state.alias}=`;
  const from = uri.sipParams === "" ? -1 : text.indexOf(uri.sipParams, text.indexOf(uri.host)) - 1;
  const end = from + 1 + uri.sipParams.length;
  const inParams = from < 0 ? "" : text.slice(0, end);
  const at = from < 0 ? -1 : last ? inParams.lastIndexOf(name) : inParams.indexOf(name, from);
  if (at < from || at < 0) return 2;
  const stop = text.indexOf(";", at + 1);
  const to = stop < 0 || stop > end ? end : stop;
  const found = aliasParts(text.slice(at + name.length, to));
  if (found === null) {
    // By then Kamailio has put a colon between address and port.
    const tilde = text.indexOf("~", at);
    if (tilde >= 0 && tilde < to) msg.newUri = `${text.slice(0, tilde)}:${text.slice(tilde + 1)}`;
    return -1;
  }
  msg.dstUri = `sip:${found.address}${found.transport === "udp" ? "" : `;transport=${found.transport}`}`;
  msg.newUri = text.slice(0, at) + text.slice(to);
  return 1;
}

/** The URI of the alias in the only contact; null when there is none. */
export function aliasUri(msg: SipMessage, state: Nathelper): string | null {
  const header = msg.find(HeaderType.contact);
  const contacts = header && parseContacts(msg.text, header.valueStart, header.valueEnd);
  if (contacts?.length !== 1) return null;
  const body = msg.text.slice(contacts[0]!.start, contacts[0]!.end);
  const value = new RegExp(`;${state.alias}=([^~]*~[^~]*~\\d)(?!\\d)`).exec(body)?.[1];
  const found = value === undefined ? null : aliasParts(value);
  return found === null ? null : `sip:${found.address};transport=${found.transport}`;
}

/** Adds the source address as `received` parameter to every contact, or with `inUri` to its URI. */
export function addReceived({ msg }: Call, inUri: boolean): 1 | -1 {
  if (msg.headersProblem !== "") return -1;
  const protocol: Protocol = msg.received.protocol;
  if (inUri && protocol !== "udp") return -1;
  const uri = sourceUri(msg.received);
  for (const header of msg.headers) {
    if (header.type !== HeaderType.contact || msg.value(header).trim() === "*") continue;
    const contacts = parseContacts(msg.text, header.valueStart, header.valueEnd);
    if (contacts === null) return -1;
    for (const contact of contacts) {
      const anchor = msg.edits.anchor(inUri ? contact.uriEnd : contact.end);
      msg.edits.insertAfter(anchor, inUri ? `;received=${uri}` : `;received="${uri}"`);
    }
  }
  return 1;
}
