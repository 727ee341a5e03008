/** Name servers that a test fills in. */
import type { Dns, DnsAnswer, NaptrRecord, SrvRecord } from "../declare/host.ts";
import type { Clock } from "../transaction/clock.ts";

/** Seconds that records may be kept where nothing else is said. */
const TTL = 300;

/** Records by lower-case name; a name that is not there has none. */
export class SimulatedDns implements Dns {
  readonly records = {
    a: new Map<string, readonly string[]>(),
    aaaa: new Map<string, readonly string[]>(),
    srv: new Map<string, readonly SrvRecord[]>(),
    naptr: new Map<string, readonly NaptrRecord[]>(),
    txt: new Map<string, readonly string[]>(),
    ptr: new Map<string, readonly string[]>(),
  };
  /** Seconds that what a name has, or its absence, may be kept. */
  readonly ttl = new Map<string, number>();
  /** No server answers while this is set. */
  dead = false;
  /** Milliseconds of virtual time until an answer comes. */
  delay = 0;
  readonly #clock: Clock | undefined;

  /** Without a clock answers come at once. */
  constructor(clock?: Clock) {
    this.#clock = clock;
  }

  a = (name: string): Promise<DnsAnswer<string>> => this.#answer("a", name);
  aaaa = (name: string): Promise<DnsAnswer<string>> => this.#answer("aaaa", name);
  srv = (name: string): Promise<DnsAnswer<SrvRecord>> => this.#answer("srv", name);
  naptr = (name: string): Promise<DnsAnswer<NaptrRecord>> => this.#answer("naptr", name);
  txt = (name: string): Promise<DnsAnswer<string>> => this.#answer("txt", name);
  ptr = (name: string): Promise<DnsAnswer<string>> => this.#answer("ptr", name);

  async #answer<T>(type: keyof SimulatedDns["records"], name: string): Promise<DnsAnswer<T>> {
    const clock = this.#clock;
    if (clock && this.delay > 0)
      await new Promise<void>((resolve) => {
        clock.after(this.delay, resolve);
      });
    if (this.dead) throw new Error(`no answer for ${name}`);
    const key = name.toLowerCase().replace(/\.$/, "");
    const records = this.records[type].get(key) as readonly T[] | undefined;
    return { records: records ?? [], ttl: this.ttl.get(key) ?? TTL };
  }
}
