/**
 * What is known of names: answers of name servers for as long as they hold, and what a control command has put there.
 * Bounds, limits and preferences are Kamailio's `dns_cache_*` parameters (core, dns_cache.c).
 */
import type { Config } from "../../declare/core.ts";
import type { DnsAnswer, Host, NaptrRecord, SrvRecord } from "../../declare/host.ts";
import { type AnyRecord, type NameEntry, NameFlag, type RecordType } from "../../declare/names.ts";
import type { Answer } from "../../declare/value.ts";

interface CacheEntry extends NameEntry {
  lastUsed: number;
}

/** Bytes of an entry and of a record besides their names, much as in Kamailio. */
const ENTRY_BYTES = 72;
const RECORD_BYTES = 32;

/** `use_dns_cache`, which takes `dns_cache_init`. */
export const cacheIsOn = (config: Config): boolean =>
  config.int("use_dns_cache") !== 0 && config.int("dns_cache_init") !== 0;

export class DnsCache {
  readonly #host: Host;
  readonly #entries = new Map<string, CacheEntry>();
  readonly #asking = new Map<string, Promise<CacheEntry>>();
  #bytes = 0;
  #swept = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Bytes in use. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What is known of a name, asking for it when that is nothing. One question at a time is asked for each name and type. */
  lookup(type: RecordType, name: string, config: Config): Answer<CacheEntry> {
    const key = keyOf(type, name);
    const known = this.find(type, name);
    if (known && cacheIsOn(config)) {
      known.lastUsed = this.#host.clock.now();
      return known;
    }
    const asking = this.#asking.get(key);
    if (asking) return asking;
    const question = this.#ask(key, type, name, config);
    this.#asking.set(key, question);
    return question;
  }

  /** An entry that still holds. */
  find(type: RecordType, name: string): CacheEntry | undefined {
    const key = keyOf(type, name);
    const entry = this.#entries.get(key);
    if (!entry || this.#holds(entry)) return entry;
    this.#remove(key, entry);
    return undefined;
  }

  /** Every entry that still holds, in the order in which they came. */
  *entries(): Iterable<CacheEntry> {
    for (const entry of this.#entries.values()) if (this.#holds(entry)) yield entry;
  }

  /** `seconds` counts unless `flags` say that the entry is permanent. False: there was no room. */
  put(
    type: RecordType,
    name: string,
    records: readonly AnyRecord[],
    seconds: number,
    flags: number,
    config: Config,
  ): boolean {
    return this.#keep(this.#entry(type, name, records, seconds, flags), config);
  }

  delete(type: RecordType, name: string): void {
    const key = keyOf(type, name);
    const entry = this.#entries.get(key);
    if (entry) this.#remove(key, entry);
  }

  /** Forgets every answer; those that are permanent only with `force`. */
  clear(force: boolean): void {
    for (const [key, entry] of this.#entries)
      if (force || (entry.flags & NameFlag.permanent) === 0) this.#remove(key, entry);
  }

  #holds = (entry: CacheEntry): boolean =>
    (entry.flags & NameFlag.permanent) !== 0 || entry.until > this.#host.clock.now();

  #entry(type: RecordType, name: string, records: readonly AnyRecord[], seconds: number, flags: number): CacheEntry {
    const now = this.#host.clock.now();
    let size = ENTRY_BYTES + name.length;
    for (const it of records) size += RECORD_BYTES + textLength(it);
    return { name, type, records, flags, until: now + seconds * 1000, lastUsed: now, size };
  }

  /** A question that no server answers counts as a name without records. */
  async #ask(key: string, type: RecordType, name: string, config: Config): Promise<CacheEntry> {
    let answer: DnsAnswer<AnyRecord>;
    const started = this.#host.clock.now();
    try {
      answer = await this.#host.dns[type](name, config.int("dns_use_search_list") !== 0);
    } catch {
      answer = { records: [], ttl: 0 };
    }
    this.#asking.delete(key);
    this.#tellSlow(name, started, config);
    const bad = answer.records.length === 0;
    const seconds = bad ? config.int("dns_cache_negative_ttl") : lifetime(answer.ttl, config);
    const entry = this.#entry(type, name, sorted(type, answer.records), seconds, bad ? NameFlag.bad : 0);
    if (!cacheIsOn(config)) return entry;
    const old = this.find(type, name);
    if (old && prefersOld(old, entry, config.int("dns_cache_rec_pref"))) return old;
    if (seconds > 0) this.#keep(entry, config);
    return entry;
  }

  /** Told of a question that took longer than `dns_slow_query_ms`. */
  onSlow: ((name: string, milliseconds: number) => void) | undefined;
  #tellSlow(name: string, started: number, config: Config): void {
    const limit = config.int("dns_slow_query_ms");
    const took = this.#host.clock.now() - started;
    if (limit > 0 && took > limit) this.onSlow?.(name, took);
  }

  #keep(entry: CacheEntry, config: Config): boolean {
    const key = keyOf(entry.type, entry.name);
    const now = this.#host.clock.now();
    const interval = config.int("dns_cache_gc_interval") * 1000;
    if (interval > 0 && now - this.#swept >= interval) this.#sweep(now);
    const old = this.#entries.get(key);
    if (old) this.#remove(key, old);
    const limit = config.int("dns_cache_mem") * 1024;
    if (this.#bytes + entry.size > limit) this.#sweep(now);
    if (this.#bytes + entry.size > limit && config.int("dns_cache_del_nonexp") !== 0)
      this.#makeRoom(limit - entry.size);
    if (this.#bytes + entry.size > limit) return false;
    this.#entries.set(key, entry);
    this.#bytes += entry.size;
    return true;
  }

  #sweep(now: number): void {
    this.#swept = now;
    for (const [key, entry] of this.#entries) if (!this.#holds(entry)) this.#remove(key, entry);
  }

  /** Removes what was used longest ago. */
  #makeRoom(limit: number): void {
    const byUse = [...this.#entries].sort(([, a], [, b]) => a.lastUsed - b.lastUsed);
    for (const [key, entry] of byUse) {
      if (this.#bytes <= limit) return;
      if ((entry.flags & NameFlag.permanent) === 0) this.#remove(key, entry);
    }
  }

  #remove(key: string, entry: CacheEntry): void {
    this.#entries.delete(key);
    this.#bytes -= entry.size;
  }
}

const keyOf = (type: RecordType, name: string): string => `${type} ${name}`;

const textLength = (it: AnyRecord): number => {
  if (typeof it === "string") return 16;
  return "target" in it ? it.target.length : it.replacement.length + it.service.length + it.regexp.length;
};

/** Seconds for which an answer is kept: its TTL within the bounds of the parameters. */
function lifetime(ttl: number, config: Config): number {
  const most = config.int("dns_cache_max_ttl");
  const bounded = Math.max(ttl, config.int("dns_cache_min_ttl"));
  return most < 0 ? bounded : Math.min(bounded, most);
}

/** dns_cache_rec_pref: whether what is known stays although there is a new answer. */
function prefersOld(old: CacheEntry, fresh: CacheEntry, preference: number): boolean {
  if (preference <= 0) return false;
  if (old.flags & NameFlag.permanent) return true;
  if (old.flags & NameFlag.bad || fresh.flags & NameFlag.bad) return false;
  return preference === 1 || (preference === 3 && old.until >= fresh.until);
}

/** SRV records by priority, then the heavier first; NAPTR records by order and preference. */
export function sorted(type: RecordType, records: readonly AnyRecord[]): readonly AnyRecord[] {
  if (type === "srv")
    return (records as readonly SrvRecord[]).toSorted((a, b) => a.priority - b.priority || b.weight - a.weight);
  if (type === "naptr")
    return (records as readonly NaptrRecord[]).toSorted((a, b) => a.order - b.order || a.preference - b.preference);
  return records;
}
