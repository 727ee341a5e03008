/** The `alias` parameter that keeps a source address in a contact URI: `;alias=ADDRESS~PORT~PROTOCOL` (draft-ietf-sip-connect-reuse, Kamailio's form). */
import type { Protocol } from "./address.ts";
import { bracketed } from "./ip.ts";

const NUMBERS: Readonly<Record<Protocol, number>> = { udp: 1, tcp: 2, tls: 3, sctp: 4, ws: 5, wss: 6 };
/** What `;transport=` says for a protocol number; "" where nothing has to be said. */
const TRANSPORTS: readonly string[] = ["", "", "tcp", "tls", "sctp", "ws", "ws"];

export interface SourceAddress {
  readonly srcIp: string;
  readonly srcPort: number;
  readonly protocol: Protocol;
}

/** The number by which Kamailio names a protocol. */
export const protocolNumber = (protocol: Protocol): number => NUMBERS[protocol];

/** `;alias=…` for an address. */
export const aliasParam = ({ srcIp, srcPort, protocol }: SourceAddress): string =>
  `;alias=${bracketed(srcIp)}~${srcPort}~${NUMBERS[protocol]}`;

export interface Alias {
  /** The URI without the parameter. */
  readonly uri: string;
  readonly ip: string;
  readonly port: string;
  /** `sip:ADDRESS:PORT` with the transport where it is not UDP. */
  readonly target: string;
}

/** Takes the last alias parameter out of a URI; null when there is none, or it is malformed. */
export function takeAlias(uri: string): Alias | null {
  const at = uri.lastIndexOf(";alias=");
  if (at < 0) return null;
  const found = /^;alias=([^~;]+)~([^~;]+)~([0-9])(?=;|$)/.exec(uri.slice(at));
  if (found === null) return null;
  const [whole, ip, port, number] = found as unknown as [string, string, string, string];
  const transport = TRANSPORTS[Number(number)] ?? "";
  return {
    uri: uri.slice(0, at) + uri.slice(at + whole.length),
    ip,
    port,
    target: `sip:${ip}:${port}${transport === "" ? "" : `;transport=${transport}`}`,
  };
}
