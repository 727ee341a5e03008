/** Legacy operands and what they are compared with (Kamailio's route.c, eval_elem): `method`, `uri`, `src_ip`, `af` … */
import { parseIp } from "../sip/ip.ts";
import { sameText } from "../sip/lex.ts";
import type { NameAddr } from "../sip/nameaddr.ts";
import type { Uri } from "../sip/uri.ts";
import type { Call } from "./call.ts";
import { toInt } from "./semantics.ts";
import { type Answer, type Int, IntText, type Read } from "./value.ts";
import { strictInt } from "./variables-values.ts";

/** Kamailio's numbers of address families and protocols. */
const FAMILY = { 4: 2, 6: 10 } as const;
const PROTOCOL = { udp: 1, tcp: 2, tls: 3, sctp: 4, ws: 5, wss: 6 } as const;

/** What a comparison gives that went wrong: true for `!=`, otherwise -1, which is neither true nor, negated, true. */
const wrong = (operator: string): number => (operator === "!=" ? 1 : -1);
/** What it gives when one side has no value. */
const absent = (operator: string): number => (operator === "!=" ? 1 : 0);

/** The text of `method`, `uri`, `status`, `from_uri` and `to_uri`; undefined when the message lacks it. */
export function operandText(call: Call, name: string): string | undefined {
  const { msg } = call;
  switch (name) {
    case "method":
      return msg.isRequest ? msg.method : msg.cseq?.method;
    case "from_uri":
      return msg.from?.uri;
    case "to_uri":
      return msg.to?.uri;
    default:
      // `status` is another spelling of `uri`: in a reply, where there is no URI, both are the status code.
      return msg.isRequest ? msg.uri : (msg.newUri ?? statusText(msg.status));
  }
}

const statusText = (status: number): string => String(status).padStart(3, "0");

/** Numbers of the operands that are numbers; undefined outside of the route that has them. */
export function operandNumber(call: Call, name: string): number | undefined {
  const { received } = call.msg;
  const { sending } = call;
  switch (name) {
    case "src_port":
      return received.srcPort;
    case "dst_port":
      return received.dstPort;
    case "af":
      return received.srcIp.includes(":") ? FAMILY[6] : FAMILY[4];
    case "proto":
      return PROTOCOL[received.protocol];
    case "msg:len":
      return (sending?.text ?? call.msg.text).length;
    case "snd_port":
      return sending?.to.socket?.port;
    case "to_port":
      return sending?.to.port;
    case "snd_af":
      return sending?.to.socket && FAMILY[sending.to.socket.family];
    case "snd_proto":
      return sending?.to.socket && PROTOCOL[sending.to.socket.protocol];
    default:
      return undefined;
  }
}

/** The address of `src_ip`, `dst_ip`, `snd_ip` and `to_ip`. */
export function operandAddress(call: Call, name: string): string | undefined {
  switch (name) {
    case "src_ip":
      return call.msg.received.srcIp;
    case "dst_ip":
      return call.msg.received.dstIp;
    case "snd_ip":
      return call.sending?.to.socket?.address;
    default:
      return call.sending?.to.ip;
  }
}

/** Text that a value has of itself: an integer that is only a number has none here, and compares as absent. */
export const ownText = (value: Read): string | undefined =>
  typeof value === "string" ? value : value instanceof IntText ? value.text : undefined;

/** Compares text without case; `=~` takes the right side as a pattern. 1, 0, or -1 when it went wrong. */
export function compareText(call: Call, left: string | undefined, operator: string, right: string | undefined): number {
  if (left === undefined) return wrong(operator);
  if (right === undefined) return absent(operator);
  if (operator === "=~") {
    const regex = call.core.regex(right, { icase: true });
    return regex ? (regex.test(left) ? 1 : 0) : -1;
  }
  return sameText(left, right) === (operator === "==") ? 1 : 0;
}

/** Text on the left, a constant number on the right: the text has to be digits. */
export function compareDigits(left: string | undefined, operator: string, right: Int): number {
  const number = left === undefined || left.startsWith("-") || left.startsWith("+") ? undefined : strictInt(left);
  return number === undefined ? wrong(operator) : compareNumber(number, operator, right);
}

/** `right` is undefined when there is no number to compare with. */
export function compareNumber(left: Int | undefined, operator: string, right: Int | undefined): number {
  if (left === undefined) return Failed;
  if (right === undefined || Number.isNaN(right)) return absent(operator);
  switch (operator) {
    case "==":
      return left === right ? 1 : 0;
    case "!=":
      return left !== right ? 1 : 0;
    case "<":
      return left < right ? 1 : 0;
    case "<=":
      return left <= right ? 1 : 0;
    case ">":
      return left > right ? 1 : 0;
    default:
      return left >= right ? 1 : 0;
  }
}

/** A number cannot be compared with a constant text at all: neither true nor, negated, true. */
const Failed = -5;
export const compareWithText = (): number => Failed;

/** The number that a variable has of itself; text has none here. */
export const ownNumber = (value: Read): Int | undefined =>
  typeof value === "number" || typeof value === "bigint" ? value : value instanceof IntText ? toInt(value) : undefined;

/** `uri == myself` and its like: host and port are this server's. */
export function isMyselfUri(call: Call, name: string, operator: string): number {
  const uri = parsedUri(call, name);
  if (!uri) return name === "uri" || name === "status" ? -1 : wrong(operator);
  return negated(operator, call.core.isMyself(uri.host, uri.effectivePort));
}

function parsedUri(call: Call, name: string): Uri | null {
  const of = (it: NameAddr | null): Uri | null => it?.parsed ?? null;
  if (name === "from_uri") return of(call.msg.from);
  return name === "to_uri" ? of(call.msg.to) : call.msg.parsedUri;
}

/** `src_ip == myself`: the address is one of this server's, whatever the port. */
export function isMyselfAddress(call: Call, name: string, operator: string): number {
  const address = operandAddress(call, name);
  return address === undefined ? -1 : negated(operator, call.core.isMyself(address, 0));
}

const negated = (operator: string, holds: boolean): number => (holds === (operator !== "!=") ? 1 : 0);

/** An address with as many bits as count, of the right family for what it is compared with. */
export interface Net {
  readonly bytes: Uint8Array;
  readonly mask: Uint8Array;
}

/** `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `2001:db8::/32` or a single address; undefined when it is none. */
export function parseNet(text: string): Net | undefined {
  const slash = text.indexOf("/");
  const bytes = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (!bytes) return undefined;
  const mask = new Uint8Array(bytes.length);
  const written = slash < 0 ? String(bytes.length * 8) : text.slice(slash + 1);
  if (/^\d+$/.test(written)) {
    const bits = Number(written);
    if (bits > bytes.length * 8) return undefined;
    for (let i = 0; i < bits; i++) mask[i >> 3]! |= 128 >> (i & 7);
    return { bytes, mask };
  }
  const masked = parseIp(written);
  return masked && masked.length === bytes.length ? { bytes, mask: masked } : undefined;
}

export function inNet(address: string, net: Net): boolean {
  const bytes = parseIp(address);
  if (!bytes || bytes.length !== net.bytes.length) return false;
  return bytes.every((byte, i) => (byte & net.mask[i]!) === (net.bytes[i]! & net.mask[i]!));
}

export function compareNet(call: Call, name: string, operator: string, net: Net): number {
  const address = operandAddress(call, name);
  if (address === undefined || operator === "=~") return -1;
  return negated(operator, inNet(address, net));
}

/**
 * An address compared with text: an address or network, for `=~` a pattern, else a host name, which is resolved: the
 * answer may be a promise. (Kamailio then also looks up the name of the address when `rev_dns` is on; this does not.)
 */
export function compareAddress(call: Call, name: string, operator: string, right: string | undefined): Answer<number> {
  const address = operandAddress(call, name);
  if (address === undefined) return -1;
  if (right === undefined) return absent(operator);
  const net = parseNet(right);
  if (net) return negated(operator, inNet(address, net));
  if (operator === "=~") {
    const regex = call.core.regex(right, { icase: true });
    if (regex?.test(address)) return 1;
  }
  if (!/^[A-Za-z0-9._-]+$/.test(right)) return negated(operator, false);
  const found = call.core.resolve(`sip:${right}`);
  if (found instanceof Promise) return found.then((it) => negated(operator, it?.ip === address));
  return negated(operator, found?.ip === address);
}
