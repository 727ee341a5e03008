/** What is about to leave, in onsend_route: `$snd(...)`, `$sndto(...)`, `$sndfrom(...)`; and `$rcv(...)` of raw data. */
import type { Call } from "../../declare/call.ts";
import type { Pv } from "../../declare/module.ts";
import type { Read } from "../../declare/value.ts";
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
  doc: "Data as it came from the network; null outside the event routes that see it, none of which run here.",
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
  get: () => null,
  set: () => false,
});

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
