/** Where the message came from, the socket that received it and the one to send from: `$si`, `$Ri`, `$su`, `$fs`, `$rcv(...)` … */
import type { Call } from "../../declare/call.ts";
import type { Pv } from "../../declare/module.ts";
import type { Read } from "../../declare/value.ts";
import type { LocalSocket, Protocol } from "../../sip/address.ts";
import { familyNumber, protocolNumber } from "./protocols.ts";
import { type PvState, pv } from "./state.ts";
import { textOf } from "./uri.ts";

const bracketed = (ip: string): string => (ip.includes(":") ? `[${ip}]` : ip);

/** `proto:ip:port`, as sockets are written. */
export const socketText = (protocol: Protocol, ip: string, port: number): string =>
  `${protocol}:${bracketed(ip)}:${port}`;

/** A SIP URI of an address; UDP is named only when `full` is set. */
const uriText = (protocol: Protocol, ip: string, port: number, full: boolean): string =>
  `sip:${bracketed(ip)}:${port}${full || protocol !== "udp" ? `;transport=${protocol}` : ""}`;

const sourceUri = ({ msg }: Call, full: boolean): string => {
  const { protocol, srcIp, srcPort } = msg.received;
  return uriText(protocol, srcIp, srcPort, full);
};

const socketUri = ({ msg }: Call, full: boolean): string => {
  const { socket } = msg.received;
  return uriText(socket.protocol, socket.address, socket.port, full);
};

const advertisedUri = ({ msg }: Call, full: boolean): string => {
  const { socket } = msg.received;
  return uriText(socket.protocol, advertisedHost(socket), advertisedPort(socket), full);
};

const advertisedHost = (socket: LocalSocket): string => socket.advertise?.host ?? socket.address;
const advertisedPort = (socket: LocalSocket): number => socket.advertise?.port ?? socket.port;

export const socketAddress = (socket: LocalSocket): string => socketText(socket.protocol, socket.address, socket.port);

const plain = (doc: string, get: (call: Call) => Read): Pv<PvState> => pv({ doc, get });

const si = plain("Address that the message came from.", ({ msg }) => msg.received.srcIp);
const pr = pv({
  doc: "Protocol that the message came by, in lower case.",
  get: ({ msg }: Call) => msg.received.protocol,
  number: ({ msg }: Call) => protocolNumber(msg.received.protocol),
});

export const networkVariables: Record<string, Pv<PvState>> = {
  si,
  src_ip: si,
  siz: plain("Address that the message came from, an IPv6 one in brackets.", ({ msg }) =>
    bracketed(msg.received.srcIp),
  ),
  sp: plain("Port that the message came from.", ({ msg }) => msg.received.srcPort),
  sas: plain("Source as `proto:ip:port`.", ({ msg }) =>
    socketText(msg.received.protocol, msg.received.srcIp, msg.received.srcPort),
  ),
  su: plain("URI of the source; UDP is not named.", (call) => sourceUri(call, false)),
  sut: plain("URI of the source with its transport.", (call) => sourceUri(call, true)),
  pr,
  proto: pr,
  prid: plain("Number of the protocol that the message came by.", ({ msg }) => protocolNumber(msg.received.protocol)),
  Ri: plain("Address of the socket that received the message.", ({ msg }) => msg.received.socket.address),
  Rp: plain("Port of the socket that received the message.", ({ msg }) => msg.received.socket.port),
  Rn: plain("Name of the socket that received the message.", ({ msg }) => msg.received.socket.name ?? null),
  Ras: plain("Socket that received the message, as `proto:ip:port`.", ({ msg }) => socketAddress(msg.received.socket)),
  Ru: plain("URI of the socket that received the message; UDP is not named.", (call) => socketUri(call, false)),
  Rut: plain("URI of the socket that received the message, with its transport.", (call) => socketUri(call, true)),
  RAi: plain("Advertised address of that socket.", ({ msg }) => advertisedHost(msg.received.socket)),
  RAp: plain("Advertised port of that socket.", ({ msg }) => advertisedPort(msg.received.socket)),
  RAu: plain("URI of that socket as advertised; UDP is not named.", (call) => advertisedUri(call, false)),
  RAut: plain("URI of that socket as advertised, with its transport.", (call) => advertisedUri(call, true)),
  conid: plain(
    "Id of the connection that the message came by; null for UDP.",
    ({ msg }) => msg.received.connection || null,
  ),
  af: pv({
    doc: "Address family of the socket that received the message.",
    keys: { id: "its number", name: "IPv4 or IPv6" },
    get: ({ msg }, key) => {
      const { family } = msg.received.socket;
      return key === "id" ? familyNumber(family) : family === 6 ? "IPv6" : "IPv4";
    },
  }),
  fs: pv({
    doc: "Socket to send from, as `proto:ip:port`; null lets the server choose.",
    get: ({ msg }) => (msg.forceSendSocket ? socketAddress(msg.forceSendSocket) : null),
    set: (call, _key, value, _state, read) =>
      force(call, value === null ? null : textOf(value, read === true), (text) => call.core.sockets.parse(text)),
  }),
  fsn: pv({
    doc: "Name of the socket to send from.",
    get: ({ msg }) => msg.forceSendSocket?.name ?? null,
    set: (call, _key, value, _state, read) =>
      force(call, value === null ? null : textOf(value, read === true), (text) => call.core.sockets.byName(text)),
  }),
  fsp: plain("Port of the socket to send from; 0 when none is forced.", ({ msg }) => msg.forceSendSocket?.port ?? 0),
};

/** A socket that is not ours leaves everything as it was, which is no failure. */
function force(
  { msg }: Call,
  text: string | null | undefined,
  find: (text: string) => LocalSocket | undefined,
): boolean {
  if (text === undefined || text === "") return false;
  if (text === null) {
    msg.forceSendSocket = undefined;
    return true;
  }
  const socket = find(text);
  if (socket) msg.forceSendSocket = socket;
  return true;
}
