/** `[proto:]host[:port]`, as alias, force_send_socket and command-line options write it. */
import type { Protocol } from "../sip/address.ts";

export interface HostPort {
  readonly protocol: Protocol | undefined;
  /** As written, brackets included. */
  readonly host: string;
  /** 0 when there is none. */
  readonly port: number;
}

const protocols: Readonly<Record<string, Protocol>> = {
  udp: "udp",
  tcp: "tcp",
  tls: "tls",
  ws: "ws",
  wss: "wss",
  sctp: "sctp",
};

/** The protocol of that name, ignoring case. */
export const protocolOf = (name: string): Protocol | undefined => protocols[name.toLowerCase()];

/** Undefined when it is not written so. With one colon, digits after it are a port and anything else a host. */
export const parseHostPort = (text: string): HostPort | undefined => {
  const colons: number[] = [];
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "[" && ++depth > 1) return undefined;
    if (c === "]" && --depth < 0) return undefined;
    if (c === ":" && depth === 0) colons.push(i);
  }
  if (text === "" || text.endsWith(":") || colons.length > 2) return undefined;
  const [first, second] = colons;
  if (first === undefined) return { protocol: undefined, host: text, port: 0 };
  const last = second ?? first;
  const port = portOf(text.slice(last + 1));
  if (second === undefined && port !== undefined) return { protocol: undefined, host: text.slice(0, first), port };
  const protocol = protocolOf(text.slice(0, first));
  if (protocol === undefined || (second !== undefined && port === undefined)) return undefined;
  return { protocol, host: text.slice(first + 1, second ?? text.length), port: second === undefined ? 0 : port! };
};

const portOf = (digits: string): number | undefined => {
  if (!/^\d{1,5}$/.test(digits)) return undefined;
  const port = Number(digits);
  return port <= 65535 ? port : undefined;
};
