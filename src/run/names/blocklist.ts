/**
 * Places that did not answer, could not be sent to, or asked for a rest lately, and so are not sent to (Kamailio's
 * destination blocklist, core/dst_blocklist.c).
 */
import type { Config } from "../../declare/core.ts";
import type { Place } from "../../declare/names.ts";
import type { Protocol } from "../../sip/address.ts";
import type { Clock } from "../../transaction/clock.ts";

/** Why a place is on the list: bits, with Kamailio's numbers. */
export const BlockFlag = {
  ipv6: 1,
  send: 2,
  connect: 4,
  icmp: 8,
  timeout: 16,
  reply503: 32,
  prohibited: 64,
  /** Neither expires nor is flushed. */
  permanent: 128,
} as const;

interface Entry extends Place {
  flags: number;
  until: number;
}

/** Bytes that an entry counts for, as in Kamailio: an IPv6 address takes twelve more. */
const bytesOf = (ip: string): number => (ip.includes(":") ? 44 : 32);

export class Blocklist {
  readonly #clock: Clock;
  /** Entries by address: few share one. */
  readonly #byIp = new Map<string, Entry[]>();
  #bytes = 0;
  #swept = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The flags of what keeps a place from being sent to; 0 for nothing. */
  flags({ protocol, ip, port }: Place): number {
    const entries = this.#byIp.get(ip);
    if (!entries) return 0;
    const now = this.#clock.now();
    for (const it of entries)
      if ((it.port === 0 || it.port === port) && (!it.protocol || it.protocol === protocol) && holds(it, now))
        return it.flags;
    return 0;
  }

  /** Puts a place on the list, or keeps it there for longer. False: there is no room. */
  add(place: Place, flags: number, seconds: number, config: Config): boolean {
    const now = this.#clock.now();
    const until = now + seconds * 1000;
    const family = place.ip.includes(":") ? BlockFlag.ipv6 : 0;
    const entries = this.#byIp.get(place.ip);
    const same = entries?.find((it) => it.protocol === place.protocol && it.port === place.port);
    if (same) {
      same.flags |= flags | family;
      same.until = until;
      return true;
    }
    const interval = config.int("dst_blocklist_gc_interval") * 1000;
    const limit = config.int("dst_blocklist_mem") * 1024 - bytesOf(place.ip);
    if (this.#bytes > limit || (interval > 0 && now - this.#swept >= interval)) this.#sweep(now);
    if (this.#bytes > limit) return false;
    const entry: Entry = { ...place, flags: flags | family, until };
    if (entries) entries.push(entry);
    else this.#byIp.set(place.ip, [entry]);
    this.#bytes += bytesOf(place.ip);
    return true;
  }

  /** Takes a place off the list. False: it was not there. */
  delete(place: Place): boolean {
    const before = this.#bytes;
    this.#keep(place.ip, (it) => it.protocol !== place.protocol || it.port !== place.port);
    return this.#bytes !== before;
  }

  /** Takes everything off the list that is not permanent. */
  flush(): void {
    for (const ip of [...this.#byIp.keys()]) this.#keep(ip, (it) => (it.flags & BlockFlag.permanent) !== 0);
  }

  /** Every entry, those that have expired but were not swept yet included. */
  entries(): readonly Entry[] {
    return [...this.#byIp.values()].flat();
  }

  #sweep(now: number): void {
    this.#swept = now;
    for (const ip of [...this.#byIp.keys()]) this.#keep(ip, (it) => holds(it, now));
  }

  #keep(ip: string, wanted: (it: Entry) => boolean): void {
    const entries = this.#byIp.get(ip);
    if (!entries) return;
    const left = entries.filter(wanted);
    this.#bytes -= (entries.length - left.length) * bytesOf(ip);
    if (left.length > 0) this.#byIp.set(ip, left);
    else this.#byIp.delete(ip);
  }
}

const holds = (it: Entry, now: number): boolean => (it.flags & BlockFlag.permanent) !== 0 || it.until > now;

/** Whether a failure of this kind puts a place on the list: `use_dst_blocklist`, and the mask of its protocol. */
export function counts(protocol: Protocol, flags: number, config: Config): boolean {
  if (!blocklistIsOn(config)) return false;
  const mask = protocol === "ws" ? "tcp" : protocol === "wss" ? "tls" : protocol;
  return (flags & ~config.int(`dst_blocklist_${mask}_imask`)) !== 0;
}

/** `use_dst_blocklist`, which takes `dst_blocklist_init`. */
export const blocklistIsOn = (config: Config): boolean =>
  config.int("use_dst_blocklist") !== 0 && config.int("dst_blocklist_init") !== 0;
