/** A table of registrations: addresses of record and their contacts. Follows Kamailio's udomain.c and urecord.c. */
import { coreHash } from "../core-hash.ts";
import {
  bareInstance,
  type Contact,
  type ContactInfo,
  GIVEN_UP,
  isValid,
  Matching,
  newContact,
  renewed,
} from "./contact.ts";

export interface TableRules {
  readonly matching: number;
  /** Newer contacts go in front whatever their q. */
  readonly newestFirst: boolean;
  /** Seconds in which a registration with the same CSeq counts as a retransmission. */
  readonly cseqDelay: number;
  readonly natFlag: number;
  readonly now: () => number;
  /** What happens to contacts is told in `changes`. */
  readonly tellsChanges: boolean;
  /** Contacts that have a row stay, given up, until the row is gone. */
  readonly keepsRemoved: boolean;
}

/** What a database still has to be told. */
export interface Change {
  readonly kind: "insert" | "update" | "delete";
  readonly contact: Contact;
}

/** An address of record. Its contacts stand in the order in which they are tried. */
export interface Entry {
  readonly aor: string;
  readonly hash: number;
  contacts: readonly Contact[];
}

/** "stale": the CSeq is too old. "repeated": a retransmission, nothing to do. */
export type Found = Contact | "none" | "stale" | "repeated";

export class Domain {
  readonly name: string;
  readonly entries = new Map<string, Entry>();
  /** Contacts that have expired since the start. */
  expired = 0;
  /** The database that its contacts were read from. */
  source: string | undefined;
  #changes: Change[] = [];
  /** The last write for each address of record that has one under way. */
  readonly #writes = new Map<string, Promise<unknown>>();
  /** The rules of the newest generation. */
  rules: TableRules;

  constructor(name: string, rules: TableRules) {
    this.name = name;
    this.rules = rules;
  }

  get contacts(): number {
    let sum = 0;
    for (const { contacts } of this.entries.values()) sum += contacts.length;
    return sum;
  }

  find(aor: string): Entry | undefined {
    return this.entries.get(aor);
  }

  /** The entry, made when it is missing. One that stays empty has to be released. */
  entry(aor: string): Entry {
    let entry = this.entries.get(aor);
    if (entry === undefined) {
      entry = { aor, hash: coreHash(aor, "", 0), contacts: [] };
      this.entries.set(aor, entry);
    }
    return entry;
  }

  /** Forgets an entry without contacts. */
  release(entry: Entry): void {
    if (entry.contacts.length === 0) this.entries.delete(entry.aor);
  }

  removeAor(aor: string): void {
    const entry = this.entries.get(aor);
    if (entry === undefined) return;
    for (const it of entry.contacts) this.remove(entry, it);
    this.release(entry);
  }

  insert(entry: Entry, uri: string, info: ContactInfo): Contact {
    const { now, natFlag } = this.rules;
    const contact = newContact(entry.aor, uri, info, now(), natFlag);
    const at = this.rules.newestFirst ? 0 : entry.contacts.findIndex((it) => it.q < contact.q);
    entry.contacts = insertedAt(entry.contacts, at, contact);
    if (this.rules.tellsChanges) this.#changes.push({ kind: "insert", contact });
    return contact;
  }

  /** A contact that no longer fits where it stands by its q goes in front of the first whose q is not smaller. */
  update(entry: Entry, old: Contact, info: ContactInfo): Contact {
    const { now, newestFirst } = this.rules;
    const contact = renewed(old, info, now());
    const at = entry.contacts.indexOf(old);
    const before = entry.contacts[at - 1];
    const behind = entry.contacts[at + 1];
    const others = entry.contacts.filter((it) => it !== old);
    const fits = newestFirst
      ? at === 0
      : (before === undefined || contact.q <= before.q) && (behind === undefined || contact.q >= behind.q);
    if (fits) entry.contacts = insertedAt(others, at, contact);
    else entry.contacts = insertedAt(others, newestFirst ? 0 : others.findIndex((it) => it.q >= contact.q), contact);
    if (this.rules.tellsChanges) this.#changes.push({ kind: "update", contact });
    return contact;
  }

  remove(entry: Entry, contact: Contact): void {
    if (this.rules.keepsRemoved && contact.stored.version !== undefined) {
      contact.expires = GIVEN_UP;
      return;
    }
    this.drop(entry, contact);
    if (this.rules.tellsChanges) this.#changes.push({ kind: "delete", contact });
  }

  /** Forgets a contact, whatever the database has of it. */
  drop(entry: Entry, contact: Contact): void {
    entry.contacts = entry.contacts.filter((it) => it !== contact);
  }

  /** What has happened since it was last asked. */
  takeChanges(): readonly Change[] {
    const changes = this.#changes;
    if (changes.length > 0) this.#changes = [];
    return changes;
  }

  /** Does some writing after what is under way for the same address of record. */
  inTurn<T>(aor: string, write: () => Promise<T>): Promise<T> {
    const before = this.#writes.get(aor);
    const mine = before === undefined ? write() : before.then(write);
    this.#writes.set(aor, mine);
    return mine.finally(() => {
      if (this.#writes.get(aor) === mine) this.#writes.delete(aor);
    });
  }

  /** The contact by its instance when the registration has one, else by its address as matching_mode says. */
  match(entry: Entry, uri: string, info: Pick<ContactInfo, "instance" | "regId" | "callId" | "path" | "cseq">): Found {
    const { instance, regId } = info;
    if (instance === "") return this.matchAddress(entry, uri, info);
    const wanted = bareInstance(instance);
    return (
      entry.contacts.find((it) => it.instance !== "" && it.regId === regId && bareInstance(it.instance) === wanted) ??
      "none"
    );
  }

  matchAddress(entry: Entry, uri: string, info: Pick<ContactInfo, "callId" | "path" | "cseq">): Found {
    const { matching, cseqDelay, now } = this.rules;
    const found = entry.contacts.find((it) => {
      if (matching === Matching.callIdOnly) return it.callId === info.callId;
      if (it.uri !== uri) return false;
      if (matching === Matching.callId) return it.callId === info.callId;
      return matching !== Matching.path || info.path === "" || it.path === info.path;
    });
    if (found === undefined) return "none";
    if (matching !== Matching.callId && found.callId !== info.callId) return found;
    if (info.cseq < found.cseq) return "stale";
    if (info.cseq > found.cseq) return found;
    return found.modified + cseqDelay > now() ? "repeated" : "stale";
  }

  /** A contact by its id, among the addresses of record with that hash. */
  byRuid(hash: number, ruid: string): { readonly entry: Entry; readonly contact: Contact } | undefined {
    for (const entry of this.entries.values()) {
      if (entry.hash !== hash) continue;
      const contact = entry.contacts.find((it) => it.ruid === ruid);
      if (contact) return { entry, contact };
    }
    return undefined;
  }

  /** Contacts whose time has passed. */
  *overdue(): Iterable<{ readonly entry: Entry; readonly contact: Contact }> {
    const now = this.rules.now();
    for (const entry of [...this.entries.values()])
      for (const contact of entry.contacts) if (!isValid(contact, now)) yield { entry, contact };
  }
}

/** The list with an item more; at its end where `at` is negative. */
function insertedAt(list: readonly Contact[], at: number, contact: Contact): Contact[] {
  return at < 0 ? [...list, contact] : [...list.slice(0, at), contact, ...list.slice(at)];
}
