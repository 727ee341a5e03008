/** The registrations of a server: what modules registrar, nathelper and tsilo ask of usrloc. */
import type { Call } from "../../declare/call.ts";
import type { Core } from "../../declare/core.ts";
import { declare } from "../../declare/module.ts";
import type { XavpList } from "../../declare/xavp.ts";
import type { PingSelection, PingTarget, Registrations } from "../nathelper/pinger.ts";
import { type Contact, GIVEN_UP, isValid } from "./contact.ts";
import { Domain, type TableRules } from "./domain.ts";
import type { Ruids } from "./ruid.ts";

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

  constructor(core: Core, settings: UsrlocSettings, ruids: Ruids, domains: Map<string, Domain>) {
    this.core = core;
    this.settings = settings;
    this.ruids = ruids;
    this.domains = domains;
    for (const it of domains.values()) it.rules = settings.rules;
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
    const { statistics } = this.core;
    statistics.gauge("usrloc", `${name}-users`, () => domain.entries.size);
    statistics.gauge("usrloc", `${name}-contacts`, () => domain.contacts);
    statistics.gauge("usrloc", `${name}-expires`, () => domain.expired);
    return domain;
  }

  /** The attributes that the run has set for the contact that it registers. */
  attributesOf(call: Call): XavpList | undefined {
    const { attributes } = this.settings;
    return attributes === "" ? undefined : call.lists.xavps.sub(attributes)?.clone();
  }

  /** Removes what has expired, and what lost its connection when that is asked for. */
  expire(): void {
    const open = this.settings.dropsLost ? new Set(this.core.connections?.().map((it) => it.id)) : undefined;
    for (const domain of this.domains.values()) {
      if (open !== undefined)
        for (const entry of [...domain.entries.values()]) {
          for (const it of entry.contacts) if (it.connection > 0 && !open.has(it.connection)) domain.remove(entry, it);
          domain.release(entry);
        }
      for (const { entry, contact } of domain.overdue()) {
        for (const tell of this.onExpired) tell(domain, contact);
        domain.remove(entry, contact);
        domain.expired++;
        domain.release(entry);
      }
    }
  }

  *pingTargets({ natOnly, ownOnly, part, parts }: PingSelection): Iterable<PingTarget> {
    const { natFlag } = this.settings.rules;
    const own = this.core.config.int("server_id");
    for (const { entries } of this.domains.values())
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
