/** Kamailio's numbers of transport protocols (enum sip_protos) and of address families. */
import type { Protocol } from "../../sip/address.ts";

const NUMBERS: Readonly<Record<Protocol, number>> = { udp: 1, tcp: 2, tls: 3, sctp: 4, ws: 5, wss: 6 };

/** 0 for none. */
export const protocolNumber = (protocol: Protocol | undefined): number => (protocol ? NUMBERS[protocol] : 0);

/** The protocol of a number; undefined when there is none. */
export const protocolOf = (number: number): Protocol | undefined =>
  (Object.keys(NUMBERS) as Protocol[]).find((it) => NUMBERS[it] === number);

/** AF_INET and AF_INET6 as on Linux. */
export const familyNumber = (family: 4 | 6): number => (family === 6 ? 10 : 2);
