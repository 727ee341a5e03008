/**
 * From a host name to addresses, as RFC 3263 orders them and with Kamailio's `dns_*` parameters: NAPTR when asked for,
 * SRV when no port is given, then AAAA and A. Answers are kept for their TTL; a numeric host needs no look-up at all.
 */
import type { Config } from "../declare/core.ts";
import type { Dns, DnsAnswer, Host, NaptrRecord, SrvRecord } from "../declare/host.ts";
import type { Answer } from "../declare/value.ts";
import { defaultPort, type Protocol } from "../sip/address.ts";

/** One place to try. */
export interface Target {
  readonly protocol: Protocol;
  readonly ip: string;
  readonly port: number;
}

type RecordType = "a" | "aaaa" | "srv" | "naptr";

interface Cached {
  readonly records: readonly unknown[];
  readonly until: number;
}

/** Names kept at most; the oldest goes first. */
const CACHE_LIMIT = 10_000;

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$/;

/** 4 or 6 for an address literal (IPv6 with or without brackets), 0 for a name. */
export function addressFamily(host: string): 0 | 4 | 6 {
  const first = host.charCodeAt(0);
  if (first >= 48 && first <= 57 && IPV4.test(host)) return 4;
  return host.includes(":") ? 6 : 0;
}

const bare = (host: string): string => (host.startsWith("[") ? host.slice(1, -1) : host);

export class Resolver {
  readonly #host: Host;
  readonly #cache = new Map<string, Cached>();
  readonly #asking = new Map<string, Promise<readonly unknown[]>>();

  constructor(host: Host) {
    this.#host = host;
  }

  /**
   * The places to try, best first; none when the name cannot be resolved. `port` 0: not given.
   * `protocol` undefined: not given, so NAPTR may choose (UDP, or TLS for `sips:`, otherwise).
   */
  targets(
    name: string,
    port: number,
    protocol: Protocol | undefined,
    secure: boolean,
    config: Config,
  ): Answer<readonly Target[]> {
    const chosen = protocol ?? (secure ? "tls" : "udp");
    if (addressFamily(name) !== 0) return [{ protocol: chosen, ip: bare(name), port: port || defaultPort(chosen) }];
    return this.#lookup(name.toLowerCase(), port, protocol, chosen, config);
  }

  /** Forgets every answer (`dns.delete_all`). */
  clear(): void {
    this.#cache.clear();
  }

  async #lookup(
    name: string,
    port: number,
    protocol: Protocol | undefined,
    chosen: Protocol,
    config: Config,
  ): Promise<readonly Target[]> {
    if (port !== 0) return this.#addresses(name, port, chosen, config);
    if (protocol === undefined && config.int("dns_try_naptr") !== 0) {
      const naptr = (await this.#records("naptr", name, config)) as readonly NaptrRecord[];
      const services = [...naptr].sort((a, b) => a.order - b.order || a.preference - b.preference);
      for (const it of services) {
        const service = NAPTR_SERVICES[it.service.toUpperCase()];
        if (!service || it.flags.toLowerCase() !== "s" || it.replacement === "") continue;
        const found = await this.#service(it.replacement.toLowerCase(), service, config);
        if (found.length > 0) return found;
      }
    }
    const found = await this.#service(`${SRV_PREFIX[chosen]}.${name}`, chosen, config);
    return found.length > 0 ? found : this.#addresses(name, defaultPort(chosen), chosen, config);
  }

  /** The targets of a SRV name, by priority, then by weighted chance (RFC 2782). */
  async #service(name: string, protocol: Protocol, config: Config): Promise<readonly Target[]> {
    const records = (await this.#records("srv", name, config)) as readonly SrvRecord[];
    const targets: Target[] = [];
    for (const record of this.#byWeight(records))
      targets.push(...(await this.#addresses(record.target.toLowerCase(), record.port, protocol, config)));
    return targets;
  }

  async #addresses(name: string, port: number, protocol: Protocol, config: Config): Promise<readonly Target[]> {
    if (addressFamily(name) !== 0) return [{ protocol, ip: bare(name), port }];
    const v4 = (await this.#records("a", name, config)) as readonly string[];
    const v6 =
      config.int("dns_try_ipv6") !== 0 ? ((await this.#records("aaaa", name, config)) as readonly string[]) : [];
    const ordered = config.int("dns_cache_rec_pref") === 2 ? [...v6, ...v4] : [...v4, ...v6];
    return ordered.map((ip) => ({ protocol, ip, port }));
  }

  #byWeight(records: readonly SrvRecord[]): SrvRecord[] {
    const ordered: SrvRecord[] = [];
    const priorities = [...new Set(records.map((r) => r.priority))].sort((a, b) => a - b);
    for (const priority of priorities) {
      const left = records.filter((r) => r.priority === priority);
      while (left.length > 0) {
        const total = left.reduce((sum, r) => sum + r.weight, 0);
        let point = this.#host.random.next() * total;
        let at = left.findIndex((r) => (point -= r.weight) < 0);
        if (at < 0) at = 0;
        ordered.push(...left.splice(at, 1));
      }
    }
    return ordered;
  }

  #records(type: RecordType, name: string, config: Config): Answer<readonly unknown[]> {
    const key = `${type} ${name}`;
    const cached = this.#cache.get(key);
    if (cached && cached.until > this.#host.clock.now()) return cached.records;
    const asking = this.#asking.get(key);
    if (asking) return asking;
    const question = this.#ask(key, type, name, config);
    this.#asking.set(key, question);
    return question;
  }

  /** A question that no server answers counts as a name without records, kept for a short time only. */
  async #ask(key: string, type: RecordType, name: string, config: Config): Promise<readonly unknown[]> {
    const dns: Dns = this.#host.dns;
    let answer: DnsAnswer<unknown>;
    try {
      answer = await dns[type](name);
    } catch {
      answer = { records: [], ttl: 1 };
    }
    this.#asking.delete(key);
    if (config.int("use_dns_cache") === 0) return answer.records;
    if (this.#cache.size >= CACHE_LIMIT) this.#cache.delete(this.#cache.keys().next().value!);
    this.#cache.set(key, { records: answer.records, until: this.#host.clock.now() + lifetime(answer, config) * 1000 });
    return answer.records;
  }
}

/** Seconds for which an answer is kept: its TTL within the bounds of `dns_cache_*`. */
function lifetime({ records, ttl }: DnsAnswer<unknown>, config: Config): number {
  if (records.length === 0) return Math.min(ttl, config.int("dns_cache_negative_ttl"));
  const most = config.int("dns_cache_max_ttl");
  const bounded = Math.max(ttl, config.int("dns_cache_min_ttl"), 1);
  return most < 0 ? bounded : Math.min(bounded, most);
}

const NAPTR_SERVICES: Record<string, Protocol> = { "SIP+D2U": "udp", "SIP+D2T": "tcp", "SIPS+D2T": "tls" };
const SRV_PREFIX: Record<Protocol, string> = {
  udp: "_sip._udp",
  tcp: "_sip._tcp",
  tls: "_sips._tcp",
  ws: "_sip._tcp",
  wss: "_sips._tcp",
  sctp: "_sip._sctp",
};
