/** Counters by group and name. They belong to the server, so a reload does not reset them. */
import type { Counter, Statistics } from "../declare/core.ts";

interface Gauge {
  readonly group: string;
  readonly name: string;
  readonly read: () => number;
}

/**
 * The statistics as one generation sees them. What its modules declare while it loads is put into force when it is taken
 * up, so that a script which is refused leaves no trace.
 */
export class GenerationStatistics implements Statistics {
  readonly #server: ServerStatistics;
  #counters: Map<string, Counter> | undefined = new Map();
  readonly #gauges = new Map<string, Gauge>();

  constructor(server: ServerStatistics) {
    this.#server = server;
  }

  counter(group: string, name: string): Counter {
    const key = `${group}:${name}`;
    if (!this.#counters) return this.#server.counter(group, name);
    const known = this.#server.known(key) ?? this.#counters.get(key);
    if (known) return known;
    const counter = { group, name, value: 0 };
    this.#counters.set(key, counter);
    return counter;
  }
  gauge(group: string, name: string, read: () => number): void {
    this.#gauges.set(`${group}:${name}`, { group, name, read });
  }
  get(name: string): number | undefined {
    return this.#declared(name) ?? this.#server.get(name);
  }
  list(): { group: string; name: string; value: number }[] {
    const own = [...(this.#counters?.values() ?? [])].map(({ group, name, value }) => ({ group, name, value }));
    return [...this.#server.list(), ...own];
  }
  reset(name: string): boolean {
    return this.#server.reset(name);
  }

  /** Of what is declared and not in force yet. */
  #declared(name: string): number | undefined {
    for (const [key, it] of this.#counters ?? []) if (key === name || it.name === name) return it.value;
    return undefined;
  }

  /** The generation serves: its counters and gauges are the server's. Gauges of the one before are gone. */
  commit(): void {
    this.#server.take(this.#counters ?? new Map(), this.#gauges);
    this.#counters = undefined;
  }
}

export class ServerStatistics implements Statistics {
  readonly #counters = new Map<string, Counter>();
  /** Of the server itself. */
  readonly #gauges = new Map<string, Gauge>();
  /** Of the generation that serves. */
  #taken: ReadonlyMap<string, Gauge> = new Map();

  counter(group: string, name: string): Counter {
    const key = `${group}:${name}`;
    let counter = this.#counters.get(key);
    if (!counter) {
      counter = { group, name, value: 0 };
      this.#counters.set(key, counter);
    }
    return counter;
  }

  gauge(group: string, name: string, read: () => number): void {
    this.#gauges.set(`${group}:${name}`, { group, name, read });
  }

  known(key: string): Counter | undefined {
    return this.#counters.get(key);
  }

  take(counters: ReadonlyMap<string, Counter>, gauges: ReadonlyMap<string, Gauge>): void {
    for (const [key, counter] of counters) if (!this.#counters.has(key)) this.#counters.set(key, counter);
    this.#taken = gauges;
  }

  /** By bare name, as `$stat(name)` asks, or by `group:name`. */
  get(name: string): number | undefined {
    const exact = this.#counters.get(name)?.value ?? (this.#taken.get(name) ?? this.#gauges.get(name))?.read();
    if (exact !== undefined) return exact;
    for (const it of this.list()) if (it.name === name) return it.value;
    return undefined;
  }

  list(): { group: string; name: string; value: number }[] {
    const all = [...this.#counters.values()].map(({ group, name, value }) => ({ group, name, value }));
    for (const [key, { group, name, read }] of this.#gauges)
      if (!this.#taken.has(key)) all.push({ group, name, value: read() });
    for (const { group, name, read } of this.#taken.values()) all.push({ group, name, value: read() });
    return all;
  }

  /** False when there is no counter of that name; a gauge is computed and cannot be reset. */
  reset(name: string): boolean {
    let found = false;
    for (const [key, counter] of this.#counters)
      if (key === name || counter.name === name) {
        if (!counter.pinned) counter.value = 0;
        found = true;
      }
    return found;
  }
}
