/** The registrations in a database: reading tables at the start, and writing what has changed. Follows Kamailio's db_mode. */
import { type Core, LogLevel } from "../../declare/core.ts";
import { type Columns, type Conditions, type Tables, textOf } from "../db/tables.ts";
import {
  ATTRIBUTES,
  attributeRows,
  attributesOf,
  changing,
  contactOf,
  type Read,
  readColumns,
  rowOf,
  splitAor,
  TABLE_VERSION,
  type TableFormat,
} from "./columns.ts";
import { type Contact, type ContactInfo, GIVEN_UP, isValid, Matching, MEMORY_ONLY } from "./contact.ts";
import { type Change, Domain } from "./domain.ts";

/** Memory only; memory, and the database at once; memory, and the database by and by; the database alone; read once. */
export const Mode = { memory: 0, through: 1, back: 2, only: 3, readOnly: 4 } as const;

export interface StoreSettings {
  readonly mode: number;
  readonly format: TableFormat;
  /** See Matching. */
  readonly matching: number;
  readonly loads: boolean;
  readonly checksVersion: boolean;
  /** A row with the same id is changed by an insert. */
  readonly insertsOver: boolean;
  /** A change is written as a new row. */
  readonly updatesAsInsert: boolean;
  /** A change that no row was found for is written as a new row. */
  readonly checksUpdates: boolean;
  /** Rows are found by the id of the contact, else by address of record and contact. */
  readonly byRuid: boolean;
  /** Only rows of this server are read and removed. */
  readonly ownOnly: boolean;
  readonly skipsRemote: boolean;
  /** Rows of stream connections are removed before the table is read. */
  readonly dropsConnections: boolean;
  /** Rows whose time has passed are removed from time to time, even those that memory does not know. */
  readonly cleans: boolean;
  /** Seconds that such rows are kept. */
  readonly keepsExpired: number;
  readonly attributes: boolean;
}

/** A contact that was read, before it is in memory. */
export interface Loaded {
  readonly domain: Domain;
  readonly contacts: readonly Read[];
}

/** Contacts that are written at once while a table is brought up to date. */
const AT_ONCE = 8;

export class Store {
  readonly tables: Tables;
  readonly settings: StoreSettings;
  readonly #core: Core;

  constructor(core: Core, tables: Tables, settings: StoreSettings) {
    this.#core = core;
    this.tables = tables;
    this.settings = settings;
  }

  /** Where the contacts of a domain come from; who has read them need not read them again. */
  get source(): string {
    return this.tables.url;
  }

  /** A string says why the table cannot be used. */
  async problemWith(table: string): Promise<string | undefined> {
    const problem = this.settings.checksVersion
      ? await this.tables.problemWithVersion(table, TABLE_VERSION)
      : undefined;
    if (problem !== undefined) return problem;
    const { user_column: user } = this.settings.format.columns;
    const rows = await this.tables.query(table, [[user, "dummy_user"]], [user]);
    return rows === undefined ? `the table ${table} cannot be read from the database` : undefined;
  }

  /** Every contact of a table; undefined when it could not be read. */
  async load(domain: Domain): Promise<Loaded | undefined> {
    const { columns } = this.settings.format;
    if (this.settings.dropsConnections)
      await this.tables.delete(domain.name, [[columns.connection_id_column, 0, ">"], ...this.#own()]);
    const contacts = await this.#read(domain.name, this.#own(), false);
    if (contacts === undefined) return undefined;
    return {
      domain,
      contacts: this.settings.attributes ? await this.#withAttributes(domain.name, contacts) : contacts,
    };
  }

  /** A domain that holds the given addresses of record alone, as the database has them. Undefined: it cannot be read. */
  async records(domain: Domain, aors: readonly string[]): Promise<Domain | undefined> {
    const { columns, useDomain } = this.settings.format;
    const own = new Domain(domain.name, domain.rules);
    for (const aor of new Set(aors)) {
      const { user, domain: host } = splitAor(aor, useDomain);
      const where: Conditions = [
        [columns.user_column, user],
        ...(useDomain ? ([[columns.domain_column, host]] as const) : []),
      ];
      const contacts = await this.#read(domain.name, where, true, this.#order());
      if (contacts === undefined) return undefined;
      await this.#take(own, contacts);
    }
    return own;
  }

  /** A domain with the one contact of that id. */
  async recordOf(domain: Domain, ruid: string): Promise<Domain | undefined> {
    const own = new Domain(domain.name, domain.rules);
    const where: Conditions = [[this.settings.format.columns.ruid_column, ruid]];
    const contacts = await this.#read(domain.name, where, true, this.#order());
    if (contacts === undefined) return undefined;
    await this.#take(own, contacts.slice(0, 1));
    return own;
  }

  /** Contacts whose time has not passed, for pings. */
  async valid(domain: Domain, now: number): Promise<readonly Read[] | undefined> {
    const { columns } = this.settings.format;
    return this.#read(domain.name, [[columns.expires_column, this.#time(now), ">"]], true);
  }

  /** Writes changes in their order. The first that failed is given back, and those behind it are not tried. */
  async write(domain: Domain, changes: readonly Change[]): Promise<Change | undefined> {
    for (const change of changes) {
      const { kind, contact } = change;
      const done =
        kind === "delete"
          ? await domain.inTurn(contact.aor, () => this.#delete(domain.name, contact))
          : await this.sync(domain, contact);
      if (!done) return change;
    }
    return undefined;
  }

  /** Brings the row of a contact up to date. */
  sync(domain: Domain, contact: Contact): Promise<boolean> {
    if ((contact.flags & MEMORY_ONLY) !== 0) return Promise.resolve(true);
    return domain.inTurn(contact.aor, async () => {
      const { stored } = contact;
      if (stored.version === contact) return true;
      const isNew = stored.version === undefined;
      const done =
        isNew || this.settings.updatesAsInsert
          ? await this.#insert(domain.name, contact)
          : await this.#update(domain.name, contact);
      if (done) stored.version = contact;
      return done;
    });
  }

  /** Removes the row of a contact that has expired. */
  forget(domain: Domain, contact: Contact): Promise<boolean> {
    return domain.inTurn(contact.aor, async () =>
      contact.stored.version === undefined ? true : this.#delete(domain.name, contact),
    );
  }

  /** Writes every contact of a table that has changed. When the database is not there, the rest waits for the next time. */
  async flush(domain: Domain, now: number): Promise<void> {
    const waiting: Contact[] = [];
    for (const { contacts } of domain.entries.values())
      for (const it of contacts)
        if (it.stored.version !== it && it.expires !== GIVEN_UP && isValid(it, now)) waiting.push(it);
    for (let i = 0; i < waiting.length; i += AT_ONCE) {
      const done = await Promise.all(waiting.slice(i, i + AT_ONCE).map((it) => this.sync(domain, it)));
      if (!done.includes(true)) return;
    }
  }

  /** The rows whose time has passed, before `clean` removes them. */
  async expired(domain: Domain, now: number): Promise<readonly Read[]> {
    return (await this.#read(domain.name, this.#past(now), true)) ?? [];
  }

  async clean(domain: Domain, now: number): Promise<void> {
    if (this.settings.attributes && this.settings.mode === Mode.only)
      for (const { info } of await this.expired(domain, now)) await this.#deleteAttributes(domain.name, info.ruid);
    await this.tables.delete(domain.name, this.#past(now));
  }

  /** Different addresses of record in the table, its contacts, and those of them that have expired. */
  users(table: string, now: number): Promise<number | undefined> {
    const { columns } = this.settings.format;
    return this.tables.count(table, this.#present(now), [columns.user_column, columns.domain_column]);
  }
  contacts(table: string, now: number): Promise<number | undefined> {
    return this.tables.count(table, this.#present(now));
  }
  expiredContacts(table: string, now: number): Promise<number | undefined> {
    const { expires_column: expires } = this.settings.format.columns;
    return this.tables.count(table, [
      [expires, this.#time(0), ">"],
      [expires, this.#time(now), "<="],
    ]);
  }

  #present(now: number): Conditions {
    const { expires_column: expires } = this.settings.format.columns;
    return [
      {
        any: [
          [expires, this.#time(0)],
          [expires, this.#time(now), ">"],
        ],
      },
    ];
  }

  #time(seconds: number): string | number | bigint | null {
    return this.settings.format.wholeSeconds ? seconds : this.tables.time(seconds);
  }
  #past(now: number): Conditions {
    const { expires_column: expires } = this.settings.format.columns;
    return [
      [expires, this.#time(now + 1 - this.settings.keepsExpired), "<"],
      [expires, this.#time(0), "!="],
      ...this.#own(),
    ];
  }

  #own(): Conditions {
    if (!this.settings.ownOnly) return [];
    return [[this.settings.format.columns.server_id_column, this.#core.config.int("server_id")]];
  }

  /** Columns that contacts are sorted by: they are put in their place in memory, so only equal ones keep this order. */
  #order(): string {
    const { columns } = this.settings.format;
    return columns.q_column;
  }

  async #read(
    table: string,
    where: Conditions,
    knowsConnections: boolean,
    order?: string,
  ): Promise<readonly Read[] | undefined> {
    const { format, skipsRemote } = this.settings;
    const rows = await this.tables.query(table, where, readColumns(format), order);
    const reading = {
      format,
      tables: this.tables,
      skipsRemote,
      knowsConnections,
      socket: (text: string) => this.#core.sockets.parse(text),
    };
    return rows?.flatMap((row) => {
      const read = contactOf(row, reading);
      if (typeof read === "object") return [read];
      if (read !== undefined)
        this.#core.log.write(LogLevel.err, `usrloc: a row of ${textOf(row[0])} in ${table} is left out: ${read}\n`);
      return [];
    });
  }

  async #take(domain: Domain, contacts: readonly Read[]): Promise<void> {
    const { attributes } = this.settings;
    for (const it of contacts) {
      const rows = attributes
        ? await this.tables.query(
            `${domain.name}_attrs`,
            [[ATTRIBUTES.ruid, it.info.ruid]],
            [ATTRIBUTES.name, ATTRIBUTES.type, ATTRIBUTES.value],
          )
        : undefined;
      place(domain, { aor: it.aor, info: { ...it.info, attributes: rows && attributesOf(rows) } });
    }
    domain.takeChanges();
  }

  /** Rows of attributes that belong to no contact are removed. */
  async #withAttributes(table: string, contacts: readonly Read[]): Promise<readonly Read[]> {
    const { ruid, name, type, value } = ATTRIBUTES;
    const rows = (await this.tables.query(`${table}_attrs`, [], [name, type, value, ruid])) ?? [];
    const known = new Set(contacts.map((it) => it.info.ruid));
    const byRuid = Map.groupBy(rows, (row) => textOf(row[3]));
    for (const it of byRuid.keys()) if (!known.has(it)) await this.#deleteAttributes(table, it);
    return contacts.map(({ aor, info }) => ({
      aor,
      info: { ...info, attributes: attributesOf(byRuid.get(info.ruid) ?? []) },
    }));
  }

  async #insert(table: string, contact: Contact): Promise<boolean> {
    const { format, insertsOver } = this.settings;
    const row = rowOf(contact, format, this.tables);
    if (!(await this.tables.insert(table, row, insertsOver ? format.columns.ruid_column : undefined))) return false;
    return this.#insertAttributes(table, contact);
  }

  async #update(table: string, contact: Contact): Promise<boolean> {
    const { format, checksUpdates, byRuid } = this.settings;
    const values = changing(contact, format, this.tables);
    const all: Columns = byRuid ? values : [...values, [format.columns.ruid_column, contact.ruid]];
    const found = await this.tables.update(table, this.#where(contact, true), all);
    if (found === undefined) return false;
    if (found === 0 && checksUpdates) return this.#insert(table, contact);
    if (!this.settings.attributes) return true;
    return (await this.#deleteAttributes(table, contact.ruid)) && this.#insertAttributes(table, contact);
  }

  async #delete(table: string, contact: Contact): Promise<boolean> {
    if ((contact.flags & MEMORY_ONLY) !== 0) return true;
    if (this.settings.attributes) await this.#deleteAttributes(table, contact.ruid);
    return (await this.tables.delete(table, this.#where(contact, false))) !== undefined;
  }

  /** What finds the row of a contact; with an instance it is found by that when it is to be changed. */
  #where(contact: Contact, changes: boolean): Conditions {
    const { format, matching, byRuid } = this.settings;
    const { columns: name, useDomain } = format;
    if (byRuid) return [[name.ruid_column, contact.ruid]];
    const { user, domain } = splitAor(contact.aor, useDomain);
    const aor: Conditions = [[name.user_column, user], ...(useDomain ? ([[name.domain_column, domain]] as const) : [])];
    if (changes && contact.instance !== "")
      return [...aor, [name.instance_column, contact.instance], [name.reg_id_column, contact.regId]];
    if (matching === Matching.callIdOnly) return [...aor, [name.callid_column, contact.callId]];
    const found: Conditions = [...aor, [name.contact_column, contact.uri]];
    if (matching === Matching.callId) return [...found, [name.callid_column, contact.callId]];
    return matching === Matching.path ? [...found, [name.path_column, contact.path || null]] : found;
  }

  async #deleteAttributes(table: string, ruid: string): Promise<boolean> {
    return (await this.tables.delete(`${table}_attrs`, [[ATTRIBUTES.ruid, ruid]])) !== undefined;
  }

  async #insertAttributes(table: string, contact: Contact): Promise<boolean> {
    if (!this.settings.attributes) return true;
    const { useDomain } = this.settings.format;
    const { user, domain } = splitAor(contact.aor, useDomain);
    const modified = this.#time(Math.floor(this.#core.host.clock.wall() / 1000));
    for (const [name, type, value] of attributeRows(contact.attributes)) {
      const done = await this.tables.insert(`${table}_attrs`, [
        [ATTRIBUTES.user, user],
        [ATTRIBUTES.ruid, contact.ruid],
        [ATTRIBUTES.modified, modified],
        [ATTRIBUTES.name, name],
        [ATTRIBUTES.type, type],
        [ATTRIBUTES.value, value],
        ...(useDomain ? ([[ATTRIBUTES.domain, domain]] as const) : []),
      ]);
      if (!done) return false;
    }
    return true;
  }
}

/** Puts a contact that was read into memory. */
export function place(domain: Domain, { aor, info }: { readonly aor: string; readonly info: ContactInfo }): void {
  const contact = domain.insert(domain.entry(aor), info.uri, info);
  contact.stored.version = contact;
}
