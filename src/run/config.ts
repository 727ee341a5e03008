/** Core and custom parameters of one generation, and what modules expose beside them (Kamailio's cfg framework). */
import type { Config, ConfigVariable } from "../declare/core.ts";
import type { Kinds } from "../declare/module.ts";
import { IntText, type Value } from "../declare/value.ts";

export interface CustomParameter {
  readonly group: string;
  readonly instance?: number;
  readonly name: string;
  readonly value: Value;
  readonly description?: string;
}

export class GenerationConfig implements Config {
  readonly #core: Kinds;
  readonly #values = new Map<string, Value>();
  readonly #groups = new Map<string, Map<string, ConfigVariable>>();
  /** Values of instances, by group, number and name. */
  readonly #instances = new Map<string, Map<number, Map<string, Value>>>();
  /** Told of each change made at run time: the log level, for one, acts at once. */
  readonly #changed: (group: string, name: string, value: Value) => void;

  constructor(
    core: Kinds,
    values: ReadonlyMap<string, Value>,
    custom: readonly CustomParameter[],
    changed: (group: string, name: string, value: Value) => void = () => {},
  ) {
    this.#core = core;
    this.#changed = changed;
    for (const [name, kind] of Object.entries(core)) {
      if (kind.fallback !== undefined) this.#values.set(name, kind.fallback as Value);
      this.expose("core", name, {
        doc: kind.doc,
        get: () => this.#values.get(name) ?? null,
        set: (value) => this.#assign(name, value),
      });
    }
    for (const [name, value] of values) this.#values.set(name, value);
    for (const it of custom) {
      if (it.instance !== undefined) {
        this.#instance(it.group, it.instance).set(it.name, it.value);
        continue;
      }
      let value = it.value;
      this.expose(it.group, it.name, {
        doc: it.description ?? "",
        get: () => value,
        set: (next) => {
          value = next;
          return true;
        },
      });
    }
  }

  int(name: string): number {
    const value = this.#values.get(name);
    if (typeof value === "number") return value;
    if (typeof value === "bigint") return Number(value);
    return typeof value === "string" ? Number.parseInt(value, 10) || 0 : 0;
  }
  str(name: string): string {
    const value = this.#values.get(name);
    if (value instanceof IntText) return value.text;
    return value === undefined || value === null ? "" : String(value);
  }
  has(name: string): boolean {
    return this.#values.has(name);
  }
  get(group: string, name: string, instance?: number): Value | undefined {
    const own = instance === undefined ? undefined : this.#instances.get(group)?.get(instance)?.get(name);
    if (own !== undefined) return own;
    return this.#groups.get(group)?.get(name)?.get();
  }
  set(group: string, name: string, value: Value, instance?: number): boolean {
    const variable = this.#groups.get(group)?.get(name);
    if (instance !== undefined) {
      const own = this.#instances.get(group)?.get(instance);
      if (!variable?.set || !own) return false;
      own.set(name, value);
      return true;
    }
    if (!variable?.set?.(value)) return false;
    this.#changed(group, name, value);
    return true;
  }
  groups(): { group: string; names: string[] }[] {
    return [...this.#groups].map(([group, variables]) => ({ group, names: [...variables.keys()] }));
  }
  describe(group: string, name: string): string | undefined {
    return this.#groups.get(group)?.get(name)?.doc;
  }
  expose(group: string, name: string, variable: ConfigVariable): void {
    let variables = this.#groups.get(group);
    if (!variables) this.#groups.set(group, (variables = new Map()));
    variables.set(name, variable);
  }

  hasInstance(group: string, instance: number): boolean {
    return this.#instances.get(group)?.has(instance) ?? false;
  }

  unset(group: string, name: string, instance: number): boolean {
    const own = this.#instances.get(group)?.get(instance);
    if (!own || !this.#groups.get(group)?.has(name)) return false;
    own.delete(name);
    return true;
  }
  addInstance(group: string, instance: number): boolean {
    if (!this.#groups.has(group)) return false;
    this.#instance(group, instance);
    return true;
  }
  removeInstance(group: string, instance: number): boolean {
    return this.#instances.get(group)?.delete(instance) ?? false;
  }

  #instance(group: string, number: number): Map<string, Value> {
    let all = this.#instances.get(group);
    if (!all) this.#instances.set(group, (all = new Map()));
    let one = all.get(number);
    if (!one) all.set(number, (one = new Map()));
    return one;
  }

  /** A core parameter keeps its kind: a number where the table says so. */
  #assign(name: string, value: Value): boolean {
    if (this.#core[name]?.kind === "int" && typeof value === "string") return false;
    this.#values.set(name, value);
    return true;
  }
}
