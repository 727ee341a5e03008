/**
 * The header of the PROXY protocol, with which a load balancer tells whose connection it passes on
 * (haproxy's proxy-protocol.txt, versions 1 and 2). Bytes are latin1 text.
 */

import type { Endpoint } from "../sip/address.ts";
import { parseIp } from "../sip/ip.ts";

export interface ProxyHeader {
  readonly kind: "header";
  /** Bytes of the header. */
  readonly length: number;
  /** Undefined: the ends are those of the connection itself (LOCAL, UNKNOWN). */
  readonly ends: { readonly remote: Endpoint; readonly local: Endpoint } | undefined;
}

/** Whether it may still become one, is none, or is a wrong one. */
export type ProxyProblem = { readonly kind: "more" | "none" | "wrong" };

const signature = "\r\n\r\n\0\r\nQUIT\n";
/** The longest header of version 1, with its line end. */
const longestLine = 107;
/** Version 2 may carry extensions behind the addresses; this much is read. */
const longestBlock = 4096;

const more: ProxyProblem = { kind: "more" };
const none: ProxyProblem = { kind: "none" };
const wrong: ProxyProblem = { kind: "wrong" };

export function parseProxyHeader(bytes: string): ProxyHeader | ProxyProblem {
  if (begins(bytes, signature)) return bytes.length < signature.length + 4 ? more : block(bytes);
  if (begins(bytes, "PROXY")) return bytes.length < 6 ? more : line(bytes);
  return none;
}

/** Whether text begins with the other or is the begin of it. */
const begins = (text: string, other: string): boolean =>
  text.length < other.length ? other.startsWith(text) : text.startsWith(other);

function line(bytes: string): ProxyHeader | ProxyProblem {
  const end = bytes.indexOf("\r\n");
  if (end < 0) return bytes.length < longestLine ? more : wrong;
  const length = end + 2;
  const [, family, source, target, sourcePort, targetPort, ...rest] = bytes.slice(0, end).split(" ");
  if (family === "UNKNOWN") return { kind: "header", length, ends: undefined };
  if ((family !== "TCP4" && family !== "TCP6") || rest.length > 0 || length > longestLine) return wrong;
  const remote = endpoint(source, sourcePort, family === "TCP6");
  const local = endpoint(target, targetPort, family === "TCP6");
  return remote && local ? { kind: "header", length, ends: { remote, local } } : wrong;
}

function endpoint(address = "", digits = "", six: boolean): Endpoint | undefined {
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
  const valid = parseIp(address)?.length === (six ? 16 : 4);
  return valid && port > 0 && port < 65536 ? { address, port } : undefined;
}

function block(bytes: string): ProxyHeader | ProxyProblem {
  const at = (i: number): number => bytes.charCodeAt(i);
  const length = 16 + at(14) * 256 + at(15);
  if (at(12) >> 4 !== 2 || length > longestBlock) return wrong;
  if (bytes.length < length) return more;
  const command = at(12) & 15;
  if (command === 0) return { kind: "header", length, ends: undefined };
  const size = at(13) === 0x11 ? 4 : at(13) === 0x21 ? 16 : 0;
  if (command !== 1 || size === 0 || length < 16 + size * 2 + 4) return wrong;
  const port = (from: number): number => at(from) * 256 + at(from + 1);
  const ports = 16 + size * 2;
  return {
    kind: "header",
    length,
    ends: {
      remote: { address: address(bytes.slice(16, 16 + size)), port: port(ports) },
      local: { address: address(bytes.slice(16 + size, ports)), port: port(ports + 2) },
    },
  };
}

function address(bytes: string): string {
  const codes = [...bytes].map((c) => c.charCodeAt(0));
  if (codes.length === 4) return codes.join(".");
  const groups = codes.flatMap((c, i) => (i % 2 === 0 ? [(c * 256 + codes[i + 1]!).toString(16)] : [])).join(":");
  // The longest run of zero groups is left out (RFC 5952).
  const runs = [...groups.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length);
  const run = runs[0];
  if (!run) return groups;
  const before = groups.slice(0, run.index);
  const after = groups.slice(run.index + run[0].length);
  return `${before}::${after.replace(/^:/, "")}`;
}
