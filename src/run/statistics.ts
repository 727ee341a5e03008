/** Counters by group and name. They belong to the server, so a reload does not reset them. */
import type { Counter, Statistics } from "../declare/core.ts";

interface Gauge {
  readonly group: string;
  readonly name: string;
  readonly read: () => number;
}

export class ServerStatistics implements Statistics {
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();

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

  /** By bare name, as `$stat(name)` asks, or by `group:name`. */
  get(name: string): number | undefined {
    const exact = this.#counters.get(name)?.value ?? this.#gauges.get(name)?.read();
    if (exact !== undefined) return exact;
    for (const it of this.list()) if (it.name === name) return it.value;
    return undefined;
  }

  list(): { group: string; name: string; value: number }[] {
    const all = [...this.#counters.values()].map(({ group, name, value }) => ({ group, name, value }));
    for (const { group, name, read } of this.#gauges.values()) all.push({ group, name, value: read() });
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
