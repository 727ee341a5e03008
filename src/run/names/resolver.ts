/**
 * From a host name to addresses, as RFC 3263 orders them and with Kamailio's `dns_*` parameters: NAPTR when asked for,
 * SRV when no port is given, then A and AAAA. A numeric host needs no look-up at all.
 */
import type { Config } from "../../declare/core.ts";
import type { Host, NaptrRecord, SrvRecord } from "../../declare/host.ts";
import type { Answer } from "../../declare/value.ts";
import { defaultPort, type Protocol } from "../../sip/address.ts";
import { isIPv4 } from "../../sip/ip.ts";
import { cacheIsOn, DnsCache } from "./dns-cache.ts";

/** One place to try. */
export interface Target {
  readonly protocol: Protocol;
  readonly ip: string;
  readonly port: number;
}

/** What the server can send over: a name leads to nothing else. */
export interface Reach {
  readonly ipv6: boolean;
  readonly protocols: ReadonlySet<Protocol>;
}

/** 4 or 6 for an address literal (IPv6 with or without brackets), 0 for a name. */
export function addressFamily(host: string): 0 | 4 | 6 {
  if (isIPv4(host)) return 4;
  return host.includes(":") ? 6 : 0;
}

const bare = (host: string): string => (host.startsWith("[") ? host.slice(1, -1) : host);

/** One question, with what it depends on. */
interface Search {
  readonly config: Config;
  readonly reach: Reach;
  /** Every place is wanted (`use_dns_failover`), not only the best. */
  readonly all: boolean;
}

export class Resolver {
  readonly cache: DnsCache;
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
    this.cache = new DnsCache(host);
  }

  /**
   * The places to try, best first; none when the name cannot be resolved. `port` 0: not given.
   * `protocol` undefined: not given, so NAPTR and SRV records choose (TLS for `sips:`).
   */
  targets(
    name: string,
    port: number,
    protocol: Protocol | undefined,
    secure: boolean,
    config: Config,
    reach: Reach,
  ): Answer<readonly Target[]> {
    const chosen = protocol ?? (secure ? "tls" : "udp");
    if (addressFamily(name) !== 0) return [{ protocol: chosen, ip: bare(name), port: port || defaultPort(chosen) }];
    const all = config.int("use_dns_failover") !== 0 && cacheIsOn(config);
    const named = protocol ?? (secure ? "tls" : undefined);
    return this.#lookup(name.toLowerCase(), port, named, { config, reach, all });
  }

  async #lookup(name: string, port: number, named: Protocol | undefined, search: Search): Promise<readonly Target[]> {
    const chosen = named ?? "udp";
    // Web sockets have no SRV records.
    if (port !== 0 || chosen === "ws" || chosen === "wss")
      return this.#addresses(name, port || defaultPort(chosen), chosen, search);
    if (named === undefined && search.config.int("dns_try_naptr") !== 0) {
      const found = await this.#byNaptr(name, search);
      if (found.length > 0) return found;
    }
    for (const protocol of named ? [named] : protocolsByPreference(search)) {
      const found = await this.#service(`${SRV_PREFIX[protocol]}.${name}`, protocol, search);
      if (found.length > 0) return found;
    }
    return this.#addresses(name, defaultPort(chosen), chosen, search);
  }

  /** RFC 3263 4.1: the services that a name offers, those that this server prefers first. */
  async #byNaptr(name: string, search: Search): Promise<readonly Target[]> {
    const { records } = await this.cache.lookup("naptr", name, search.config);
    const targets: Target[] = [];
    for (const { record, protocol } of services(records as readonly NaptrRecord[], search)) {
      targets.push(...(await this.#service(record.replacement.toLowerCase(), protocol, search)));
      if (targets.length > 0 && !search.all) break;
    }
    return targets;
  }

  /** The targets of a SRV name, by priority, then by weight (RFC 2782). */
  async #service(name: string, protocol: Protocol, search: Search): Promise<readonly Target[]> {
    const { records } = await this.cache.lookup("srv", name, search.config);
    if (records.length === 0) return [];
    const srv = records as readonly SrvRecord[];
    const ordered = search.config.int("dns_srv_lb") !== 0 ? this.#byWeight(srv) : srv;
    const places = (it: SrvRecord) => this.#addresses(it.target.toLowerCase(), it.port, protocol, search);
    if (search.all) return (await Promise.all(ordered.map(places))).flat();
    for (const record of ordered) {
      const found = await places(record);
      if (found.length > 0) return found;
    }
    return [];
  }

  /** Addresses of the family that is preferred, then those of the other one. */
  async #addresses(name: string, port: number, protocol: Protocol, search: Search): Promise<readonly Target[]> {
    if (addressFamily(name) !== 0) return [{ protocol, ip: bare(name), port }];
    const place = (ip: string): Target => ({ protocol, ip, port });
    const wanted = families(search);
    if (!cacheIsOn(search.config)) {
      const own = this.#host.dns.hosts?.(name) ?? [];
      const fit = wanted.flatMap((type) => own.filter((ip) => ip.includes(":") === (type === "aaaa")));
      if (fit.length > 0) return fit.map(place);
    }
    const ask = (type: "a" | "aaaa") => this.cache.lookup(type, name, search.config);
    if (search.all) return (await Promise.all(wanted.map(ask))).flatMap((it) => (it.records as string[]).map(place));
    for (const type of wanted) {
      const { records } = await ask(type);
      if (records.length > 0) return (records as string[]).map(place);
    }
    return [];
  }

  /** Records of a priority in an order by chance: the heavier, the likelier first; one without weight seldom is. */
  #byWeight(records: readonly SrvRecord[]): SrvRecord[] {
    const { random } = this.#host;
    const ordered: SrvRecord[] = [];
    for (const priority of new Set(records.map((r) => r.priority))) {
      const left = records.filter((r) => r.priority === priority);
      while (left.length > 0) {
        const total = left.reduce((sum, r) => sum + r.weight, 0);
        let point = 1 + Math.floor(random.next() * total);
        const weightless = point === 1 && random.next() * WEIGHTLESS_CHANCE < 1;
        const at = left.findIndex((r) => (weightless ? r.weight === 0 : (point -= r.weight) <= 0));
        ordered.push(...left.splice(Math.max(at, 0), 1));
      }
    }
    return ordered;
  }
}

/** Of so many draws of the lowest number, one goes to a record of weight 0. */
const WEIGHTLESS_CHANCE = 1000;

/** The families to ask for, in order (`dns_try_ipv6`, `dns_cache_flags`). */
function families({ config, reach }: Search): readonly ("a" | "aaaa")[] {
  const flags = config.int("dns_cache_flags");
  if (!reach.ipv6 || config.int("dns_try_ipv6") === 0 || flags & 1) return ["a"];
  if (flags & 2) return ["aaaa"];
  return flags & 4 ? ["aaaa", "a"] : ["a", "aaaa"];
}

const preference = (protocol: Protocol, config: Config): number => config.int(`dns_${protocol}_pref`);

const offered = (protocol: Protocol, { config, reach }: Search): boolean =>
  preference(protocol, config) >= 0 && (protocol === "udp" || reach.protocols.has(protocol));

/** The protocols whose SRV records are asked for when the URI names none, the preferred first. */
function protocolsByPreference(search: Search): readonly Protocol[] {
  return NAMED.filter((it) => offered(it, search)).sort(
    (a, b) => preference(b, search.config) - preference(a, search.config),
  );
}

/**
 * The usable NAPTR records: by this server's preferences with `dns_naptr_ignore_rfc`, then by order and preference
 * (the records come sorted by these).
 */
function services(records: readonly NaptrRecord[], search: Search) {
  const usable: { record: NaptrRecord; protocol: Protocol }[] = [];
  for (const record of records) {
    const protocol = NAPTR_SERVICES[record.service.toUpperCase()];
    if (!protocol || record.flags.toLowerCase() !== "s" || record.regexp !== "" || !offered(protocol, search)) continue;
    usable.push({ record, protocol });
  }
  if (search.config.int("dns_naptr_ignore_rfc") === 0) return usable;
  return usable.sort((a, b) => preference(b.protocol, search.config) - preference(a.protocol, search.config));
}

const NAMED: readonly Protocol[] = ["udp", "tcp", "tls", "sctp"];
const NAPTR_SERVICES: Record<string, Protocol> = {
  "SIP+D2U": "udp",
  "SIP+D2T": "tcp",
  "SIPS+D2T": "tls",
  "SIP+D2S": "sctp",
};
const SRV_PREFIX: Record<Protocol, string> = {
  udp: "_sip._udp",
  tcp: "_sip._tcp",
  tls: "_sips._tcp",
  ws: "_sip._tcp",
  wss: "_sips._tcp",
  sctp: "_sip._sctp",
};
