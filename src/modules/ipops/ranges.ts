/** What kind of address an address is, by the first range that holds it (RFC 5735, RFC 6598, IANA's IPv6 registries; the names are Kamailio's). */
import { inPrefix, parseIPv4, parseIPv6, parseIp } from "../../sip/ip.ts";

type Range = readonly [prefix: string, bits: number, name: string];

const IPV4: readonly Range[] = [
  ["255.255.255.255", 32, "BROADCAST"],
  ["203.0.113.0", 24, "TEST-NET"],
  ["198.51.100.0", 24, "TEST-NET"],
  ["192.88.99.0", 24, "6TO4-RELAY"],
  ["192.0.2.0", 24, "TEST-NET"],
  ["192.0.0.0", 24, "RESERVED"],
  ["192.168.0.0", 16, "PRIVATE"],
  ["169.254.0.0", 16, "LINK-LOCAL"],
  ["198.18.0.0", 15, "RESERVED"],
  ["172.16.0.0", 12, "PRIVATE"],
  ["100.64.0.0", 10, "SHARED"],
  ["127.0.0.0", 8, "LOOPBACK"],
  ["10.0.0.0", 8, "PRIVATE"],
  ["0.0.0.0", 8, "PRIVATE"],
  ["240.0.0.0", 4, "RESERVED"],
  ["224.0.0.0", 4, "MULTICAST"],
];

const IPV6: readonly Range[] = [
  ["::", 128, "UNSPECIFIED"],
  ["::1", 128, "LOOPBACK"],
  ["::ffff:0:0", 96, "IPV4MAP"],
  ["100::", 64, "DISCARD"],
  ["2001:2::", 48, "BMWG"],
  ["2001::", 32, "TEREDO"],
  ["2001:db8::", 32, "DOCUMENTATION"],
  ["2001:10::", 28, "ORCHID"],
  ["2002::", 16, "6TO4"],
  ["fec0::", 10, "RESERVED"],
  ["fe80::", 10, "LINK-LOCAL-UNICAST"],
  ["fe00::", 9, "RESERVED"],
  ["::", 8, "RESERVED"],
  ["100::", 8, "RESERVED"],
  ["ff00::", 8, "MULTICAST"],
  ["200::", 7, "RESERVED"],
  ["fc00::", 7, "UNIQUE-LOCAL-UNICAST"],
  ["400::", 6, "RESERVED"],
  ["f800::", 6, "RESERVED"],
  ["800::", 5, "RESERVED"],
  ["f000::", 5, "RESERVED"],
  ["e000::", 4, "RESERVED"],
  ["1000::", 4, "RESERVED"],
  ["c000::", 3, "RESERVED"],
  ["2000::", 3, "GLOBAL-UNICAST"],
  ["4000::", 3, "RESERVED"],
  ["6000::", 3, "RESERVED"],
  ["8000::", 3, "RESERVED"],
  ["a000::", 3, "RESERVED"],
];

/** A number of an IPv4 address has no zero before it, neither here nor behind an IPv6 address's words. */
const isPadded = (text: string): boolean => /(?:^|[.:[])0\d+\.|\.0\d/.test(text);

/** 1 IPv4, 2 IPv6, 3 IPv6 in brackets, 0 no address. */
export function addressType(text: string): 0 | 1 | 2 | 3 {
  if (isPadded(text)) return 0;
  if (!text.includes(":")) return parseIPv4(text) === null ? 0 : 1;
  if (parseIPv6(text) === null) return 0;
  return text.startsWith("[") ? 3 : 2;
}

/** Null when the text is no IPv4 address. */
export function ipv4Kind(text: string): string | null {
  const bytes = isPadded(text) ? null : parseIPv4(text.trim());
  return bytes === null ? null : (kindOf(bytes, IPV4) ?? "PUBLIC");
}

/** Null when the text is no IPv6 address; brackets may stand around it. */
export function ipv6Kind(text: string): string | null {
  const bytes = isPadded(text) ? null : parseIPv6(text.trim());
  return bytes === null ? null : (kindOf(bytes, IPV6) ?? null);
}

/** RFC 1918. */
export function isRfc1918(text: string): boolean {
  const bytes = parseIPv4(text);
  if (bytes === null) return false;
  const [a, b] = bytes as unknown as [number, number];
  return a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168);
}

/**
 * Whether an address lies in one of several networks in CIDR notation with commas between them; a network without
 * length is that one address.
 */
export function isInSubnets(address: string, networks: string): boolean {
  const bytes = parseIp(address);
  if (bytes === null || address.startsWith("[")) return false;
  return networks.split(",").some((it) => {
    const [network = "", length] = it.trim().split("/");
    const prefix = network.startsWith("[") ? null : parseIp(network);
    if (prefix === null || prefix.length !== bytes.length) return false;
    const bits = length === undefined ? prefix.length * 8 : Number.parseInt(length, 10) || 0;
    return bits >= 0 && bits <= prefix.length * 8 && inPrefix(bytes, prefix, bits);
  });
}

function kindOf(bytes: Uint8Array, ranges: readonly Range[]): string | undefined {
  return ranges.find(([prefix, bits]) => inPrefix(bytes, parseIp(prefix)!, bits))?.[2];
}
