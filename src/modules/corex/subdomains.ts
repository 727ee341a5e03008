/** Domains that are this server's with everything below them (alias_subdomains). */
import type { Protocol } from "../../sip/address.ts";

export interface Subdomains {
  /** Whether a host is the domain or below it; port 0 and no protocol fit any. */
  has(host: string, port: number, protocol: Protocol | undefined): boolean;
}

const PROTOCOLS: readonly string[] = ["udp", "tcp", "tls", "sctp"];

/** Parses `[protocol:]domain[:port]`; a string is the problem. */
export function parseSubdomains(written: string): Subdomains | string {
  const parts = written.split(":");
  const first = parts[0]!.toLowerCase();
  // Kamailio takes three or four letters before a colon for a protocol.
  const named = parts.length > 1 && (first.length === 3 || first.length === 4);
  if (named && !PROTOCOLS.includes(first)) return `alias_subdomains: \`${first}\` is not a protocol`;
  const protocol = named ? first : undefined;
  const domain = (named ? (parts[1] ?? "") : first).toLowerCase();
  const portText = parts[named ? 2 : 1];
  if (domain === "" || portText === "") return `alias_subdomains: \`${written}\` is not a domain`;
  const ownPort = portText === undefined ? 0 : Number.parseInt(portText, 10) || 0;
  return {
    has(host, port, asked) {
      if (ownPort !== 0 && port !== 0 && ownPort !== port) return false;
      if (protocol !== undefined && asked !== undefined && protocol !== asked) return false;
      const name = host.toLowerCase();
      return name === domain || name.endsWith(`.${domain}`);
    },
  };
}
