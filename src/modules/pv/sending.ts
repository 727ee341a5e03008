/** What is about to leave, in onsend_route: `$snd(...)`, `$sndto(...)`, `$sndfrom(...)`; and `$rcv(...)` of raw data. */
import type { Call, RawBytes } from "../../declare/call.ts";
import type { Pv } from "../../declare/module.ts";
import type { Read, Value } from "../../declare/value.ts";
import { familyNumber, protocolNumber } from "./protocols.ts";
import { type PvState, pv } from "./state.ts";

const KEYS = {
  ip: "address",
  af: "number of the address family",
  port: "port",
  proto: "number of the protocol",
  sproto: "name of the protocol",
  buf: "the message as it leaves",
  len: "its length",
};

function attribute({ sending }: Call, key: keyof typeof KEYS, ip: "local" | "remote"): Read {
  if (!sending) return null;
  const { to, text } = sending;
  switch (key) {
    case "ip":
      return ip === "remote" ? to.ip : (to.socket?.address ?? null);
    case "port":
      return ip === "remote" ? to.port : (to.socket?.port ?? null);
    case "af":
      return familyNumber(to.ip.includes(":") ? 6 : 4);
    case "proto":
      return protocolNumber(to.protocol);
    case "sproto":
      return to.protocol;
    case "buf":
      return text;
    case "len":
      return text.length;
  }
}

const snd = pv({
  doc: "Where the message goes; null outside onsend_route.",
  keys: KEYS,
  get: (call, key) => attribute(call, key, "remote"),
});

const rcv = pv({
  doc: "Bytes as they came from the network; null outside core:msg-received and network:msg.",
  keys: {
    af: "number of the address family",
    buf: "the data",
    bufat: "the data, to be changed in one place",
    hexat: "the data, to be changed in one place",
    len: "its length",
    proto: "number of the protocol",
    sproto: "name of the protocol",
    srcip: "address it came from",
    srcport: "port it came from",
    rcvip: "address it came to",
    rcvport: "port it came to",
    safe: "1 when it is printable",
    evtype: "number of the event",
  },
  get: ({ raw }, key) => (raw ? received(raw, key) : null),
  set: ({ raw }, key, value) => raw !== undefined && change(raw, key, value),
});

type RcvKey =
  | "af"
  | "buf"
  | "bufat"
  | "hexat"
  | "len"
  | "proto"
  | "sproto"
  | "srcip"
  | "srcport"
  | "rcvip"
  | "rcvport"
  | "safe"
  | "evtype";

function received({ text, received: it, event }: RawBytes, key: RcvKey): Read {
  switch (key) {
    case "buf":
    case "bufat":
      return text;
    case "hexat":
      return null;
    case "len":
      return text.length;
    case "af":
      return familyNumber(it.socket.family);
    case "proto":
      return protocolNumber(it.protocol);
    case "sproto":
      return it.protocol;
    case "srcip":
      return it.srcIp;
    case "srcport":
      return it.srcPort;
    case "rcvip":
      return it.dstIp;
    case "rcvport":
      return it.dstPort;
    case "safe":
      return /^[\t\n\r\x20-\x7f]*$/.test(text) ? 1 : 0;
    case "evtype":
      return event;
  }
}

/** `buf` is replaced whole, `bufat` and `hexat` take `position:bytes`, the latter as hexadecimal digits. */
function change(raw: RawBytes, key: RcvKey, value: Value): boolean {
  if (key === "buf") {
    if (!raw.changeable || (value !== null && typeof value !== "string")) return false;
    if ((value ?? "").length >= MOST_BYTES) return false;
    raw.text = value ?? "";
    return true;
  }
  if ((key !== "bufat" && key !== "hexat") || typeof value !== "string" || value.length < 3) return false;
  const [, position, bytes = ""] = /^(\d*):(.+)$/s.exec(value) ?? [];
  const at = Number(position ?? raw.text.length);
  const put = key === "bufat" ? bytes : fromHex(bytes);
  if (at >= raw.text.length || put === "" || at + put.length > raw.text.length) return false;
  raw.text = raw.text.slice(0, at) + put + raw.text.slice(at + put.length);
  return true;
}

/** Longest message that Kamailio's buffer takes. */
const MOST_BYTES = 65534;

/** "" when these are no pairs of hexadecimal digits. */
function fromHex(digits: string): string {
  if (!/^(?:[\da-f]{2})+$/i.test(digits)) return "";
  return digits.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16)));
}

export const sendingVariables: Record<string, Pv<PvState>> = {
  snd,
  sndto: snd,
  sndfrom: pv({
    doc: "The socket that the message leaves by; null outside onsend_route.",
    keys: KEYS,
    get: (call, key) => attribute(call, key, "local"),
  }),
  rcv,
  recv: rcv,
};
