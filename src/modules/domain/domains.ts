/** The local domains in memory, and how they are read from their tables. */
import { type Core, LogLevel } from "../../declare/core.ts";
import type { Int } from "../../declare/value.ts";
import { coreHash } from "../core-hash.ts";
import { type Row, type Tables, textOf } from "../db/tables.ts";

export interface Attribute {
  readonly name: string;
  readonly value: string | Int;
}
export interface Domain {
  readonly domain: string;
  readonly did: string;
  /** The last row first. */
  readonly attributes: readonly Attribute[];
}

/** Names of tables and columns. */
export interface DomainTables {
  readonly domains: string;
  readonly attributes: string;
  readonly did: string;
  readonly domain: string;
  readonly name: string;
  readonly type: string;
  readonly value: string;
}

/** Slots of Kamailio's table, in whose order commands show the domains. */
const SLOTS = 128;

export class Domains {
  readonly tables: Tables;
  readonly names: DomainTables;
  /** They are the server itself. */
  readonly areMyself: boolean;
  readonly #core: Core;
  /** By name in lower case; of rows with the same name the last. */
  #byName: ReadonlyMap<string, Domain>;
  #all: readonly Domain[];
  #attributes: ReadonlyMap<string, readonly Attribute[]>;

  constructor(core: Core, tables: Tables, names: DomainTables, areMyself: boolean, old: Domains | undefined) {
    this.#core = core;
    this.tables = tables;
    this.names = names;
    this.areMyself = areMyself;
    this.#byName = old ? old.#byName : new Map();
    this.#all = old ? old.#all : [];
    this.#attributes = old ? old.#attributes : new Map();
  }

  find(name: string): Domain | undefined {
    return this.#byName.get(name) ?? this.#byName.get(name.toLowerCase());
  }

  /** Slot by slot, in each the last row first. */
  list(): readonly Domain[] {
    const slotOf = ({ domain }: Domain): number => coreHash(domain, "", SLOTS, true);
    return this.#all.toReversed().sort((a, b) => slotOf(a) - slotOf(b));
  }

  /** By id, the newest first. */
  attributes(): readonly (readonly [did: string, attributes: readonly Attribute[]])[] {
    return [...this.#attributes].reverse();
  }

  /** Reads the tables. A string says why the domains stay as they were, which is logged. */
  async load(): Promise<string | undefined> {
    const problem = await this.#load();
    if (problem !== undefined) this.#core.log.write(LogLevel.err, `domain: ${problem}\n`);
    return problem;
  }

  async #load(): Promise<string | undefined> {
    const { names, tables } = this;
    const columns = [names.did, names.name, names.type, names.value];
    const attributeRows = await tables.query(names.attributes, [], columns);
    if (!attributeRows) return `the table ${names.attributes} cannot be read`;
    const attributes = new Map<string, Attribute[]>();
    /** Ids are compared without case; the first one written is shown. */
    const written = new Map<string, string>();
    for (const row of attributeRows) {
      const attribute = attributeOf(row);
      if (typeof attribute === "string") return `the table ${names.attributes}: ${attribute}`;
      const did = textOf(row[0]);
      const key = written.get(did.toLowerCase()) ?? did;
      written.set(did.toLowerCase(), key);
      const same = attributes.get(key);
      if (same) same.unshift(attribute);
      else attributes.set(key, [attribute]);
    }
    const rows = await tables.query(names.domains, [], [names.domain, names.did]);
    if (!rows) return `the table ${names.domains} cannot be read`;
    const all: Domain[] = [];
    for (const [name, id] of rows) {
      const domain = textOf(name);
      if (domain === "") return `the table ${names.domains}: there is a row without a domain`;
      if (id !== null && textOf(id) === "") return `the table ${names.domains}: the id of ${domain} is empty`;
      const did = id === null ? domain : textOf(id);
      all.push({ domain, did, attributes: attributes.get(written.get(did.toLowerCase()) ?? "") ?? [] });
    }
    this.#all = all;
    this.#byName = new Map(all.map((it) => [it.domain.toLowerCase(), it]));
    this.#attributes = attributes;
    return undefined;
  }
}

/** A string says what is wrong with the row. */
function attributeOf([did, name, type, value]: Row): Attribute | string {
  if (textOf(did) === "" || textOf(name) === "") return "there is a row without an id or a name";
  const text = textOf(value);
  if (value === null || value === undefined) return `${textOf(name)} of ${textOf(did)} has no value`;
  if (type !== null && Number(type) === 2) return { name: textOf(name), value: text };
  if (type === null || Number(type) !== 0) return `${textOf(name)} of ${textOf(did)} has the unknown type ${type}`;
  if (!/^[-+]?\d+$/.test(text)) return `${textOf(name)} of ${textOf(did)} is no integer: ${text}`;
  const exact = Number(text);
  return { name: textOf(name), value: Number.isSafeInteger(exact) ? exact : BigInt(text.replace(/^\+/, "")) };
}
