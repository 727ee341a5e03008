/** Where requests can be dispatched to: a line of the list file. */
import type { Core } from "../../declare/core.ts";
import type { LocalSocket, Protocol } from "../../sip/address.ts";
import { splitParams } from "../../sip/compare.ts";
import { parseIp } from "../../sip/ip.ts";
import { parseUri } from "../../sip/uri.ts";
import { Latency } from "./latency.ts";

/** Bits of a destination's flags. */
export const Flag = { inactive: 1, trying: 2, disabled: 4, probing: 8, noDns: 16, noPing: 32, states: 63 } as const;

export interface Destination {
  readonly uri: string;
  /** Unique among all destinations: the tag of pings begins with it. */
  readonly id: string;
  readonly priority: number;
  flags: number;
  /** The flags that the list gave it. */
  readonly listed: number;
  /** As written. */
  readonly attributes: string;
  readonly duid: string;
  readonly weight: number;
  readonly rweight: number;
  /** The most calls under algorithm 10; 0 for no limit. */
  readonly maxLoad: number;
  /** As written. */
  readonly socketText: string;
  readonly socketName: string;
  readonly socket: LocalSocket | undefined;
  readonly pingSocketText: string;
  readonly pingSocket: LocalSocket | undefined;
  readonly pingFrom: string;
  readonly outboundProxy: string;
  readonly host: string;
  /** The address literal; "" where the host was not looked up. */
  ip: string;
  readonly port: number;
  /** Undefined where only a DNS look-up tells. */
  readonly protocol: Protocol | undefined;
  /** Calls that are counted under algorithm 10. */
  load: number;
  /** Failures, or successes of an inactive one, in a row. */
  probes: number;
  latency: Latency;
}

export interface Line {
  readonly set: number;
  readonly uri: string;
  readonly flags: number;
  readonly priority: number;
  readonly attributes: string;
}

/** What the parameters say of all destinations. */
export interface DestinationRules {
  readonly socket: LocalSocket | undefined;
  /** Destinations without attributes have the attribute `none=yes`. */
  readonly none: boolean;
  readonly nextId: (set: number) => string;
}

/** A line `SET URI [FLAGS [PRIORITY [ATTRIBUTES]]]`; undefined for one that says nothing, null for a malformed one. */
export function parseLine(text: string): Line | undefined | null {
  const line = text.trim();
  if (line === "" || line.startsWith("#")) return undefined;
  const set = /^\d*/.exec(line)![0];
  const [uri = "", ...rest] = line
    .slice(set.length)
    .trim()
    .split(/[ \t]+/);
  const end = uri.indexOf("#");
  const target = end < 0 ? uri : uri.slice(0, end);
  if (target === "") return null;
  const fields = end < 0 ? rest : [];
  const comment = fields.findIndex((it) => it.startsWith("#"));
  const [flags = "", priority = "", attributes = ""] = comment < 0 ? fields : fields.slice(0, comment);
  return {
    set: Number(set),
    uri: target,
    flags: Number(/^(?:0x[0-9a-f]+|\d+)/i.exec(flags)?.[0] ?? 0),
    priority: Number(/^\d+/.exec(priority)?.[0] ?? 0),
    attributes,
  };
}

/** The protocol that a URI implies (RFC 3263, 4.1). */
export function impliedProtocol(uri: NonNullable<ReturnType<typeof parseUri>>): Protocol | undefined {
  if (uri.protocol !== undefined) return uri.protocol;
  if (parseIp(uri.bareHost) !== null) return "udp";
  if (uri.portNo === 0) return undefined;
  return uri.scheme === "sip" ? "udp" : "tcp";
}

/** Undefined when the URI is malformed, or a socket is not one of ours. */
export function destinationOf(line: Line, core: Core, rules: DestinationRules): Destination | undefined {
  const parsed = parseUri(line.uri) ?? (line.uri.startsWith("sip:") ? null : parseUri(`sip:${line.uri}`));
  if (parsed === null) return undefined;
  const attributes = (line.attributes || (rules.none ? "none=yes" : "")).replace(/;$/, "");
  const params = new Map(
    splitParams(attributes).map((it) => [it.name.toLowerCase(), it.value.replace(/^"(.*)"$/, "$1")]),
  );
  const text = (name: string): string => params.get(name) ?? "";
  const number = (name: string): number => Number(/^-?\d+$/.exec(text(name))?.[0] ?? 0);
  const percent = (name: string): number => (number(name) >= 1 && number(name) <= 100 ? number(name) : 0);
  const socketName = text("sockname");
  const socketText = text("socket");
  const pingSocketText = text("ping_socket");
  const own = socketName === "" ? core.sockets.parse(socketText) : core.sockets.byName(socketName);
  const pingSocket = core.sockets.parse(pingSocketText);
  if ((socketName !== "" || socketText !== "") && own === undefined) return undefined;
  if (pingSocketText !== "" && pingSocket === undefined) return undefined;
  const isLiteral = parseIp(parsed.bareHost) !== null;
  return {
    uri: parsed.text,
    id: rules.nextId(line.set),
    priority: line.priority,
    flags: line.flags,
    listed: line.flags,
    attributes,
    duid: text("duid"),
    weight: percent("weight"),
    rweight: percent("rweight"),
    maxLoad: number("maxload"),
    socketText,
    socketName,
    socket: own ?? rules.socket,
    pingSocketText,
    pingSocket: pingSocket ?? own,
    pingFrom: text("ping_from"),
    outboundProxy: text("obproxy"),
    host: parsed.host,
    ip: isLiteral && (line.flags & Flag.noDns) === 0 ? parsed.bareHost : "",
    port: parsed.portNo,
    protocol: impliedProtocol(parsed),
    load: 0,
    probes: 0,
    latency: new Latency(number("latency")),
  };
}

export const isDown = (flags: number): boolean => (flags & (Flag.inactive | Flag.disabled)) !== 0;
