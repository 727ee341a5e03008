/** From the script's listen lines to the sockets to open, as Kamailio's fix_all_socket_lists does. */
import type { LocalSocket, Protocol } from "../sip/address.ts";
import { parseHostPort, protocolOf } from "./hostport.ts";
import { addressKey, familyOf, isLinkLocal, isMulticast, unbracket } from "./ip.ts";
import type { SocketPort } from "./socket.ts";

/** One `listen`; the script's own tree node is one. */
export interface ListenLine {
  readonly protocol?: string;
  readonly hosts: readonly string[];
  readonly port?: number;
  readonly lastPort?: number;
  readonly advertise?: { readonly host: string; readonly port?: number };
  readonly name?: string;
  readonly virtual: boolean;
  readonly workers?: number;
}

export interface Alias {
  /** Undefined: every protocol. */
  readonly protocol: Protocol | undefined;
  readonly host: string;
  /** 0: every port. */
  readonly port: number;
}

export interface ListenPlan {
  readonly lines: readonly ListenLine[];
  /** `port`, 5060 when the script gives none; `tls_port_no`, 5061. */
  readonly port: number;
  readonly tlsPort: number;
  /** Protocols that are switched on; listen lines of the others are ignored. */
  readonly tcp: boolean;
  readonly tls: boolean;
  /** auto_aliases: the host names of the addresses count as ours. */
  readonly autoAliases: boolean;
  /** auto_bind_ipv6: interface names and the default also mean IPv6 addresses. */
  readonly autoBindIpv6: boolean;
  readonly aliases: readonly Alias[];
}

/** A socket to open. `host` is what the script wrote, which counts as our name beside the address. */
export interface ListenSocket extends LocalSocket {
  readonly host: string;
}

export interface Resolved {
  readonly sockets: readonly ListenSocket[];
  readonly aliases: readonly Alias[];
  /** Why the server cannot start; empty when it can. */
  readonly problems: readonly string[];
}

type Net = Pick<SocketPort, "interfaces" | "lookup" | "reverse">;

interface Wanted {
  readonly protocol: Protocol;
  readonly host: string;
  readonly port: number;
  readonly line: ListenLine;
  readonly name: string | undefined;
  readonly advertise: { readonly host: string; readonly port?: number } | undefined;
}

/** Resolves names and interfaces, removes doubles, and finds the names that are ours. */
export const resolveListens = async (plan: ListenPlan, net: Net): Promise<Resolved> => {
  const enabled: Protocol[] = [
    "udp",
    ...(plan.tcp ? (["tcp"] as const) : []),
    ...(plan.tcp && plan.tls ? (["tls"] as const) : []),
  ];
  const problems: string[] = [];
  const sockets: ListenSocket[] = [];
  const aliases: Alias[] = [...plan.aliases];
  const lines = plan.lines.length > 0 ? plan.lines : [everything(plan, net)];
  for (const protocol of enabled) {
    const own: ListenSocket[] = [];
    for (const wanted of lines.flatMap((line) => expand(line, protocol, plan))) {
      const addresses = await resolve(wanted.host, plan, net);
      if (addresses.length === 0) problems.push(`could not resolve ${wanted.host}`);
      for (const { address, host } of addresses) {
        // Streams have no multicast.
        if (protocol !== "udp" && isMulticast(address)) continue;
        const double = own.find((s) => s.port === wanted.port && addressKey(s.address) === addressKey(address));
        if (double) {
          if (familyOf(host) === undefined && host !== double.host) aliases.push({ protocol, host, port: wanted.port });
          continue;
        }
        own.push(socketOf(wanted, address, host));
      }
    }
    sockets.push(...own);
  }
  if (sockets.length === 0 && problems.length === 0 && plan.lines.length === 0) problems.push("no listening sockets");
  if (plan.autoAliases) aliases.push(...(await namesOf(sockets, net)));
  return { sockets, aliases, problems };
};

/** Without a listen line: every address of every interface. */
const everything = (plan: ListenPlan, net: Net): ListenLine => ({
  hosts: net
    .interfaces()
    .filter((i) => (i.family === 4 || plan.autoBindIpv6) && !isLinkLocal(i.address))
    .map((i) => i.address),
  virtual: false,
});

const expand = (line: ListenLine, protocol: Protocol, plan: ListenPlan): Wanted[] => {
  if (line.protocol !== undefined && protocolOf(line.protocol) !== protocol) return [];
  const fallback = protocol === "tls" ? plan.tlsPort : plan.port;
  // `listen=host:port` without a protocol gives TLS the port after it.
  const shift = protocol === "tls" && line.protocol === undefined ? 1 : 0;
  const first = line.port === undefined || line.port === 0 ? fallback : line.port + shift;
  const count = line.port !== undefined && line.lastPort !== undefined ? Math.max(line.lastPort - line.port, 0) + 1 : 1;
  const wanted: Wanted[] = [];
  for (let i = 0; i < count; i++) {
    const port = first + i;
    const advertised = line.advertise;
    for (const host of line.hosts)
      wanted.push({
        protocol,
        host,
        port,
        line,
        // The sockets of a range are told apart by their port.
        name: line.name !== undefined && count > 1 ? `${line.name}${port}` : line.name,
        advertise:
          advertised === undefined || advertised.port === undefined || advertised.port === 0
            ? advertised && { host: advertised.host }
            : { host: advertised.host, port: advertised.port + i },
      });
  }
  return wanted;
};

const resolve = async (
  name: string,
  plan: ListenPlan,
  net: Net,
): Promise<readonly { address: string; host: string }[]> => {
  const host = unbracket(name);
  if (familyOf(host) !== undefined) return [{ address: host, host }];
  const own = net
    .interfaces()
    .filter((i) => i.name === host && (i.family === 4 || plan.autoBindIpv6) && !isLinkLocal(i.address));
  if (own.length > 0) return own.map((i) => ({ address: i.address, host: i.address }));
  const found = await net.lookup(host);
  const best = found.find((a) => a.family === 4) ?? found[0];
  return best ? [{ address: best.address, host }] : [];
};

const socketOf = (wanted: Wanted, address: string, host: string): ListenSocket => ({
  protocol: wanted.protocol,
  address,
  port: wanted.port,
  family: familyOf(address) ?? 4,
  ...(wanted.name !== undefined && { name: wanted.name }),
  ...(wanted.advertise && { advertise: wanted.advertise }),
  virtual: wanted.line.virtual,
  ...(wanted.line.workers !== undefined && { workers: wanted.line.workers }),
  host,
});

/** Host names of the addresses, asked for once each. */
const namesOf = async (sockets: readonly ListenSocket[], net: Net): Promise<readonly Alias[]> => {
  const names = new Map<string, Promise<string | undefined>>();
  for (const { address } of sockets) if (!names.has(address)) names.set(address, net.reverse(address));
  const aliases: Alias[] = [];
  for (const { protocol, address, port } of sockets) {
    const host = await names.get(address);
    if (host !== undefined && host !== address) aliases.push({ protocol, host, port });
  }
  return aliases;
};

/**
 * An address to listen on as the command line's -l has it: `[proto:]host[:port][/advertised[:port]]`, where host may
 * be a list `(a, b)`. Undefined when it is not written so.
 */
export const parseListen = (text: string): ListenLine | undefined => {
  const [, protocol, list, single, port, advertised] =
    /^(?:(\w+):)?(?:\(([^()]+)\)|(\[[^\]]+\]|[^\s:/()[\]]+))(?::(\d{1,5}))?(?:\/(\S+))?$/.exec(text) ?? [];
  if (list === undefined && single === undefined) return undefined;
  if (protocol !== undefined && protocolOf(protocol) === undefined) return undefined;
  const also = advertised === undefined ? undefined : parseHostPort(advertised);
  if (advertised !== undefined && !also) return undefined;
  return {
    ...(protocol !== undefined && { protocol: protocol.toLowerCase() }),
    hosts: list === undefined ? [single!] : list.split(",").map((host) => host.trim()),
    ...(port !== undefined && { port: Number(port) }),
    ...(also && { advertise: { host: also.host, ...(also.port !== 0 && { port: also.port }) } }),
    virtual: false,
  };
};
