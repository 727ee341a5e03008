/** The registrations of a server: what modules registrar, nathelper and tsilo ask of usrloc. */
import type { Call } from "../../declare/call.ts";
import type { Core } from "../../declare/core.ts";
import { declare } from "../../declare/module.ts";
import type { Answer } from "../../declare/value.ts";
import type { XavpList } from "../../declare/xavp.ts";
import type { PingSelection, PingTarget, Registrations } from "../nathelper/pinger.ts";
import { type Contact, GIVEN_UP, isValid } from "./contact.ts";
import { type Change, Domain, type TableRules } from "./domain.ts";
import type { Ruids } from "./ruid.ts";
import { type Loaded, Mode, place, type Store } from "./store.ts";

export interface UsrlocSettings {
  /** Seconds between two searches for contacts whose time has passed; 0 for none. */
  readonly interval: number;
  /** Slots of a table, as commands show it. */
  readonly slots: number;
  /** Addresses of record have a domain. */
  readonly useDomain: boolean;
  readonly rules: TableRules;
  /** The XAVP with attributes that are kept with a contact; "" for none. */
  readonly attributes: string;
  /** Contacts whose stream connection was closed are removed. */
  readonly dropsLost: boolean;
  /** The stream connection of a contact whose time has passed is closed. */
  readonly closesExpired: boolean;
}

export type ContactListener = (domain: Domain, contact: Contact, event: "insert" | "update") => void;

export class Usrloc implements Registrations {
  readonly core: Core;
  readonly settings: UsrlocSettings;
  readonly domains: Map<string, Domain>;
  /** For contacts that a command adds. */
  readonly ruids: Ruids;
  /** Called for each contact whose time has passed, before it goes. */
  readonly onExpired: ((domain: Domain, contact: Contact) => void)[] = [];
  /** Called for each contact that was added or renewed. */
  readonly onSaved: ContactListener[] = [];
  /** Addresses of record keep their case (module registrar). */
  caseSensitive = false;
  timer: { cancel(): void } | undefined = undefined;
  /** Undefined: memory only. */
  readonly store: Store | undefined;
  /** What was read from the database, and is not served yet. */
  #loaded: readonly Loaded[] = [];
  /** It serves, or has served: what it has of contacts is to be written. */
  #serves = false;
  #flushing: Promise<void> | undefined = undefined;
  /** Copies of the tables in the database, for pings. */
  #pinged: readonly Domain[] | undefined = undefined;

  constructor(
    core: Core,
    settings: UsrlocSettings,
    ruids: Ruids,
    domains: Map<string, Domain>,
    store: Store | undefined,
  ) {
    this.core = core;
    this.settings = settings;
    this.ruids = ruids;
    this.domains = domains;
    this.store = store;
  }

  /** The database holds the contacts, and memory nothing. */
  get inDatabase(): boolean {
    return this.store?.settings.mode === Mode.only;
  }

  /** Reads the tables that nobody has read before. A string says why they cannot be used. */
  async load(): Promise<string | undefined> {
    const { store } = this;
    if (!store) return undefined;
    const loaded: Loaded[] = [];
    for (const domain of this.domains.values()) {
      const problem = await store.problemWith(domain.name);
      if (problem !== undefined) return problem;
      if (this.inDatabase || !store.settings.loads || domain.source === store.source) continue;
      const read = await store.load(domain);
      if (!read) return `the table ${domain.name} cannot be read from the database`;
      loaded.push(read);
    }
    this.#loaded = loaded;
    return undefined;
  }

  /** Its rules count from now on, and what was read is there. */
  serve(): void {
    this.#serves = true;
    for (const it of this.domains.values()) it.rules = this.settings.rules;
    for (const { domain, contacts } of this.#loaded) {
      const known = new Set([...domain.entries.values()].flatMap((it) => it.contacts.map(({ ruid }) => ruid)));
      for (const it of contacts) if (!known.has(it.info.ruid)) place(domain, it);
      domain.takeChanges();
      domain.source = this.store?.source;
    }
    this.#loaded = [];
  }

  /** Where the contacts of addresses of record are: the table, or what the database has of it. Undefined: it has failed. */
  records(domain: Domain, aors: () => readonly string[]): Answer<Domain | undefined> {
    return this.inDatabase ? this.store!.records(domain, aors()) : domain;
  }

  /** Tells the database at once, where that is the way, what has happened to a domain. The change that failed, if any. */
  write(domain: Domain): Answer<Change | undefined> {
    const changes = domain.takeChanges();
    return changes.length === 0 || !this.store ? undefined : this.store.write(domain, changes);
  }

  /** The end of the generation: what memory has that the database has not is written. */
  async stop(): Promise<void> {
    this.timer?.cancel();
    await this.#flushing;
    if (this.#serves) await this.flush();
    await this.store?.tables.close();
  }

  /** Seconds since 1970. */
  get now(): number {
    return this.settings.rules.now();
  }

  /** The table of that name, made when it is new. */
  domain(name: string): Domain {
    const known = this.domains.get(name);
    if (known) return known;
    const domain = new Domain(name, this.settings.rules);
    this.domains.set(name, domain);
    const { statistics, config } = this.core;
    const prefix = `${name}${config.str("stats_name_separator").slice(0, 1)}`;
    statistics.gauge("usrloc", `${prefix}users`, () => domain.entries.size);
    statistics.gauge("usrloc", `${prefix}contacts`, () => domain.contacts);
    statistics.gauge("usrloc", `${prefix}expires`, () => domain.expired);
    return domain;
  }

  /** The attributes that the run has set for the contact that it registers. */
  attributesOf(call: Call): XavpList | undefined {
    const { attributes } = this.settings;
    return attributes === "" ? undefined : call.lists.xavps.sub(attributes)?.clone();
  }

  /** Removes what has expired, and brings the database up to date. One such round at a time. */
  async flush(): Promise<void> {
    this.#flushing ??= this.#synchronise().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  async #synchronise(): Promise<void> {
    const { store } = this;
    const gone = this.inDatabase ? [] : this.#expire();
    if (!store || store.settings.mode === Mode.readOnly) return;
    for (const domain of this.domains.values()) {
      if (this.inDatabase) await this.#tellExpired(domain);
      else {
        await this.write(domain);
        await store.flush(domain, this.now);
      }
    }
    await Promise.all(gone.map(({ domain, contact }) => store.forget(domain, contact)));
    if (this.inDatabase || store.settings.cleans)
      for (const domain of this.domains.values()) await store.clean(domain, this.now);
  }

  /** Removes what has expired, and what lost its connection when that is asked for. */
  #expire(): { readonly domain: Domain; readonly contact: Contact }[] {
    const gone: { readonly domain: Domain; readonly contact: Contact }[] = [];
    const open = this.settings.dropsLost ? new Set(this.core.connections?.().map((it) => it.id)) : undefined;
    for (const domain of this.domains.values()) {
      if (open !== undefined)
        for (const entry of [...domain.entries.values()]) {
          for (const it of entry.contacts) if (it.connection > 0 && !open.has(it.connection)) domain.remove(entry, it);
          domain.release(entry);
        }
      for (const { entry, contact } of domain.overdue()) {
        for (const tell of this.onExpired) tell(domain, contact);
        if (this.settings.closesExpired && contact.connection > 0) this.core.streams?.shut(contact.connection);
        domain.drop(entry, contact);
        domain.expired++;
        domain.release(entry);
        gone.push({ domain, contact });
      }
    }
    return gone;
  }

  /** Rows whose time has passed go all at once; only those who want to know of them are told of each. */
  async #tellExpired(domain: Domain): Promise<void> {
    if (this.onExpired.length === 0) return;
    for (const it of await this.store!.expired(domain, this.now)) {
      const own = new Domain(domain.name, domain.rules);
      place(own, it);
      const contact = own.find(it.aor)?.contacts[0];
      if (contact) for (const tell of this.onExpired) tell(own, contact);
    }
  }

  pingTargets(which: PingSelection): Answer<Iterable<PingTarget>> {
    return this.inDatabase ? this.#targetsInDatabase(which) : this.#targets(this.domains.values(), which);
  }

  /** The tables are read once for all the parts. */
  async #targetsInDatabase(which: PingSelection): Promise<Iterable<PingTarget>> {
    if (which.part === 0 || this.#pinged === undefined) {
      const copies: Domain[] = [];
      for (const domain of this.domains.values()) {
        const copy = new Domain(domain.name, domain.rules);
        for (const it of (await this.store!.valid(domain, this.now)) ?? []) place(copy, it);
        copy.takeChanges();
        copies.push(copy);
      }
      this.#pinged = copies;
    }
    return this.#targets(this.#pinged, which);
  }

  *#targets(domains: Iterable<Domain>, { natOnly, ownOnly, part, parts }: PingSelection): Iterable<PingTarget> {
    const { natFlag } = this.settings.rules;
    const own = this.core.config.int("server_id");
    for (const { entries } of domains)
      for (const { hash, contacts } of entries.values()) {
        if (hash % parts !== part) continue;
        for (const it of contacts) {
          if (!isValid(it, this.now) || it.expires === GIVEN_UP) continue;
          if ((natOnly && (it.cflags & natFlag) === 0) || (ownOnly && it.serverId !== own)) continue;
          const { uri, received, path, socket, cflags, ruid } = it;
          yield { contact: uri, received, path, socket, flags: cflags, ruid, aorHash: hash };
        }
      }
  }

  refreshKeepalive(aorHash: number, ruid: string): void {
    for (const domain of this.domains.values()) {
      const found = domain.byRuid(aorHash, ruid);
      if (found) found.contact.lastKeepalive = this.now;
    }
  }
}

export const { rpc, module } = declare<Usrloc>();
