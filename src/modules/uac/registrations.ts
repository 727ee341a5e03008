/**
 * Registrations that this server keeps at other registrars (Kamailio's uac_reg.c). Records come from a database and
 * from control commands.
 */
import { type Core, type Counter, LogLevel } from "../../declare/core.ts";
import { Lists } from "../../declare/lists.ts";
import { after } from "../../declare/value.ts";
import type { LocalSocket } from "../../sip/address.ts";

import { HeaderType } from "../../sip/headers.ts";
import type { SipMessage } from "../../sip/message.ts";
import { parseNameAddrs } from "../../sip/nameaddr.ts";
import { parseUri, uriParam } from "../../sip/uri.ts";
import type { Timer } from "../../transaction/clock.ts";
import type { StoredReply } from "../../transaction/transaction.ts";
import { startRequest, type UacRequest } from "../../transaction/uac.ts";
import { userAgentOf } from "../tm/uac.ts";
import { authorization, challengeOf } from "./auth.ts";
import type { AccountTable } from "./database.ts";

const RegFlag = { disabled: 1, ongoing: 2, online: 4, authSent: 8, started: 16 } as const;

/** What a record is made of; an account of the local user at another registrar. */
export interface Account {
  readonly uuid: string;
  readonly localUser: string;
  readonly localDomain: string;
  readonly remoteUser: string;
  readonly remoteDomain: string;
  /** "" for any. */
  readonly realm: string;
  readonly authUser: string;
  readonly authPassword: string;
  readonly ha1: string;
  readonly proxy: string;
  expires: number;
  flags: number;
  /** Seconds from its making to the first REGISTER. */
  readonly delay: number;
  readonly socket: string;
  readonly contactAddress: string;
  readonly contactUser: string;
}

export interface Registration extends Account {
  /** Second at which it ends, or at which it is tried again. */
  until: number;
  readonly madeAt: number;
  /** Of the last 200, for `reg_keep_callid`. */
  callId: string;
  cseq: number;
}

export interface RegistrationSettings {
  readonly contactAddress: string;
  /** Seconds. */
  readonly interval: number;
  /** Seconds; 0: a registration that failed is turned off. */
  readonly retry: number;
  readonly keepCallId: boolean;
  readonly randomDelay: number;
  readonly useDomain: boolean;
  readonly socket: LocalSocket | undefined;
  /** Undefined: there is no database. */
  readonly table: AccountTable | undefined;
  /** Seconds between two reloads from it. */
  readonly reloadDelta: number;
}

const MOST_CSEQ = 2_147_483_638;
const FILTERS = {
  l_uuid: "uuid",
  l_username: "localUser",
  r_username: "remoteUser",
  auth_username: "authUser",
} as const;

const target = (it: Account): string => `sip:${it.remoteDomain}`;
const identity = (it: Account): string => `sip:${it.remoteUser}@${it.remoteDomain}`;

/** The Contact's value, or undefined when it cannot be made. */
function contactOf(it: Account): string | undefined {
  const uri = `sip:${it.contactUser || it.uuid}@${it.contactAddress}`;
  if (it.contactUser === "") return `<${uri}>`;
  const parsed = parseUri(uri);
  // The line parameter tells which of the records that share a user the calls are for.
  if (parsed === null || uriParam(parsed.sipParams, "line") !== undefined) return undefined;
  return `<${uri};line=${it.uuid}>`;
}

export class Registrations {
  readonly #core: Core;
  readonly #settings: RegistrationSettings;
  readonly #records: Map<string, Registration>;
  readonly #total: Counter;
  readonly #active: Counter;
  readonly #disabled: Counter;
  /** They have been read from the database once. */
  #loaded: boolean;
  #reloadedAt = 0;
  enabled: boolean;
  #timer: Timer | undefined;

  /** The records of `old` are taken over. */
  constructor(core: Core, settings: RegistrationSettings, enabled: boolean, old?: Registrations) {
    this.#core = core;
    this.#settings = settings;
    this.#records = old ? old.#records : new Map();
    this.#loaded = old !== undefined && (old.#loaded || settings.table === undefined);
    this.enabled = enabled;
    this.#total = core.statistics.counter("uac", "regtotal");
    this.#active = core.statistics.counter("uac", "regactive");
    this.#disabled = core.statistics.counter("uac", "regdisabled");
  }

  get now(): number {
    return Math.floor(this.#core.host.clock.wall() / 1000);
  }

  all(): Iterable<Registration> {
    return this.#records.values();
  }

  byUuid(uuid: string): Registration | undefined {
    return this.#records.get(uuid);
  }

  byUri(text: string): Registration | undefined {
    const uri = parseUri(text);
    return uri === null ? undefined : this.byUser(uri.user, uri.host);
  }

  /** By user, or by URI where the domain counts; null when that is none. */
  byKey(key: string): Registration | undefined | null {
    if (!this.#settings.useDomain) return this.byUser(key, "");
    const uri = parseUri(key);
    return uri === null ? null : this.byUser(uri.user, uri.host);
  }

  byUser(user: string, domain: string): Registration | undefined {
    for (const it of this.#records.values())
      if (it.localUser === user && (!this.#settings.useDomain || it.localDomain === domain)) return it;
    return undefined;
  }

  /** Null: there is no such attribute to look for. */
  find(attribute: string, value: string): Registration | undefined | null {
    const field = Object.hasOwn(FILTERS, attribute) ? FILTERS[attribute as keyof typeof FILTERS] : undefined;
    if (field === undefined) return null;
    if (field === "uuid") return this.byUuid(value);
    for (const it of this.#records.values()) if (it[field] === value) return it;
    return undefined;
  }

  /** False: there is a record of that uuid. */
  add(account: Account): boolean {
    if (this.#records.has(account.uuid)) return false;
    const { randomDelay, contactAddress } = this.#settings;
    const random = randomDelay > 0 ? Number.parseInt(this.#core.host.random.hex(4), 16) % randomDelay : 0;
    this.#records.set(account.uuid, {
      ...account,
      contactAddress: account.contactAddress || contactAddress,
      delay: account.delay || random,
      until: 0,
      madeAt: this.now,
      callId: "",
      cseq: 0,
    });
    this.#total.value++;
    return true;
  }

  remove(uuid: string): boolean {
    const it = this.#records.get(uuid);
    if (it === undefined) return false;
    this.#records.delete(uuid);
    this.#total.value--;
    if (it.flags & RegFlag.disabled) this.#disabled.value--;
    return true;
  }

  turn(it: Registration, on: boolean): void {
    if (((it.flags & RegFlag.disabled) !== 0) === on) this.#disabled.value += on ? -1 : 1;
    it.flags = on ? it.flags & ~RegFlag.disabled : it.flags | RegFlag.disabled;
    it.until = this.now + 1;
  }

  /** Reads the records, unless another generation has, and looks at each of them from now on. */
  async open(): Promise<void> {
    if (!this.#loaded) for (const it of (await this.#settings.table?.all()) ?? []) this.add(it);
    this.#loaded = true;
    this.#look(0);
  }

  /** Looks at every record in so many seconds, and each `reg_timer_interval` seconds from then on. */
  #look(seconds: number): void {
    this.#timer = this.#core.host.clock.after(seconds * 1000, () => {
      const { now } = this;
      for (const it of this.#records.values()) this.#update(it, now);
      this.#look(Math.max(this.#settings.interval, 1));
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  async close(): Promise<void> {
    this.stop();
    await this.#settings.table?.close();
  }

  /** Puts what the database has in the place of all records. A string is the problem. */
  async reload(): Promise<string | undefined> {
    const { table, reloadDelta } = this.#settings;
    if (this.#reloadedAt > this.now - reloadDelta) return "Failed to shift records - check log messages";
    this.#reloadedAt = this.now;
    for (const uuid of [...this.#records.keys()]) this.remove(uuid);
    const accounts = await table?.all();
    for (const it of accounts ?? []) this.add(it);
    return accounts ? undefined : "Failed to reload records - check log messages";
  }

  /** Reads one record anew. False: the database does not have it. Undefined: it could not be read. */
  async refresh(uuid: string): Promise<boolean | undefined> {
    const account = await this.#settings.table?.find(uuid);
    if (account === null) return false;
    if (account === undefined) return undefined;
    const known = this.#records.get(uuid);
    this.remove(uuid);
    return this.add({
      ...account,
      flags: account.flags | ((known?.flags ?? 0) & (RegFlag.ongoing | RegFlag.authSent)),
    });
  }

  #update(it: Registration, now: number): void {
    const { interval, retry } = this.#settings;
    if (it.expires === 0) return;
    if (it.flags & RegFlag.ongoing) {
      if (it.until > now - retry) return;
      it.flags &= ~(RegFlag.online | RegFlag.authSent);
    }
    if (!this.enabled || it.flags & RegFlag.disabled) return;
    if ((it.flags & RegFlag.started) === 0) {
      if (it.delay > 0 && now < it.madeAt + it.delay) return;
      it.flags |= RegFlag.started;
    }
    // What ends before the timer comes by again is renewed now.
    if (it.until <= now + interval + 3) this.register(it);
  }

  /** Sends a REGISTER. */
  register(it: Registration): void {
    const { now } = this;
    it.until = now;
    it.flags |= RegFlag.ongoing;
    if (it.flags & RegFlag.online) this.#active.value--;
    const contact = contactOf(it);
    if (contact === undefined) {
      this.#complain(`failed to build contact uri for [${it.uuid}]`);
      it.flags &= ~(RegFlag.ongoing | RegFlag.online);
      this.turn(it, false);
      return;
    }
    const again = this.#settings.keepCallId && it.flags & RegFlag.online && it.cseq > 0 && it.cseq < MOST_CSEQ;
    it.flags &= ~RegFlag.online;
    this.#send(it, contact, "", again ? { callId: it.callId, cseq: it.cseq + 1 } : {});
  }

  #send(it: Registration, contact: string, credentials: string, further: Partial<UacRequest>): void {
    const core = this.#core;
    const request: UacRequest = {
      method: "REGISTER",
      requestUri: target(it),
      nextHop: it.proxy,
      socket: (it.socket === "" ? undefined : core.sockets.parse(it.socket)) ?? this.#settings.socket,
      from: identity(it),
      to: identity(it),
      headers: `Contact: ${contact}\r\nExpires: ${it.expires}\r\n${credentials}`,
      userAgent: userAgentOf(core),
      lists: new Lists(),
      ...further,
      // The record may have been removed, or replaced, in the meantime.
      onEnd: (code, reply) => {
        if (this.#records.get(it.uuid) === it) this.#ended(it, contact, code, reply);
      },
    };
    void after(startRequest(core.transactions.engine, { ...request, owner: core.owner }), (result) => {
      if (typeof result !== "number") return;
      this.#complain(`failed to send request for [${it.uuid}]`);
      this.#failed(it);
    });
  }

  #ended(it: Registration, contact: string, code: number, reply: StoredReply): void {
    if (code === 200 && typeof reply === "object") return this.#registered(it, reply);
    if ((code === 401 || code === 407) && typeof reply === "object") return this.#answer(it, contact, code, reply);
    if (code !== 423) {
      this.#complain(`got sip response ${code} while registering [${it.uuid}]`);
      return this.#failed(it);
    }
    // The interval is too brief: the timer tries again with a longer one.
    const least =
      typeof reply === "object" ? Number.parseInt(reply.first(HeaderType.minExpires) ?? "", 10) : Number.NaN;
    it.expires = Number.isNaN(least) ? it.expires * 2 : least;
    this.#done(it);
  }

  /** The registrar lists our Contact with the time that it grants. */
  #registered(it: Registration, reply: SipMessage): void {
    const fields = reply.headers.filter((header) => header.type === HeaderType.contact);
    if (fields.length === 0) {
      this.#complain("no Contact found");
      return this.#failed(it);
    }
    for (const { valueStart, valueEnd } of fields)
      for (const contact of parseNameAddrs(reply.text, valueStart, valueEnd) ?? []) {
        const uri = contact.parsed;
        if (uri === null) continue;
        const line = it.contactUser === "" ? undefined : uriParam(uri.sipParams, "line");
        if (uri.user !== it.uuid && line !== it.uuid) continue;
        const granted = contact.param("expires")?.value ?? reply.first(HeaderType.expires) ?? "";
        it.until += Number.parseInt(granted, 10) || 0;
        it.flags |= RegFlag.online;
        this.#active.value++;
        if (this.#settings.keepCallId) {
          it.callId = reply.callId;
          it.cseq = reply.cseq?.number ?? 0;
        }
        return this.#done(it);
      }
    this.#done(it);
  }

  #answer(it: Registration, contact: string, code: number, reply: SipMessage): void {
    if (it.flags & RegFlag.authSent) {
      this.#complain(`authentication failed for <${it.uuid}>`);
      return this.#failed(it);
    }
    const challenge = challengeOf(reply);
    if (challenge === undefined || (it.realm !== "" && challenge.realm !== it.realm)) {
      this.#complain(challenge ? `realms do not match. requested realm: [${challenge.realm}]` : "no usable challenge");
      return this.#failed(it);
    }
    const credential = {
      user: it.authUser,
      realm: challenge.realm,
      password: it.ha1 || it.authPassword,
      ha1: it.ha1 !== "",
    };
    const field = authorization(this.#core, code, "REGISTER", target(it), credential, challenge);
    it.flags |= RegFlag.authSent;
    this.#send(it, contact, field, {
      callId: reply.callId,
      fromTag: reply.from?.tag ?? "",
      cseq: (reply.cseq?.number ?? 0) + 1,
    });
  }

  #failed(it: Registration): void {
    const { retry } = this.#settings;
    if (retry > 0) it.until = this.now + retry;
    else if ((it.flags & RegFlag.disabled) === 0) {
      it.flags |= RegFlag.disabled;
      this.#disabled.value++;
    }
    it.cseq = 0;
    this.#done(it);
  }

  #done(it: Registration): void {
    it.flags &= ~(RegFlag.ongoing | RegFlag.authSent);
  }

  /** Kamailio's answer to uac_reg_status. */
  status(it: Registration): 1 | -2 | -3 | -99 {
    if (it.flags & RegFlag.online && it.until > this.now) return 1;
    if (it.flags & RegFlag.ongoing) return -2;
    return it.flags & RegFlag.disabled ? -3 : -99;
  }

  #complain(problem: string): void {
    this.#core.log.write(LogLevel.err, `uac: ${problem}\n`);
  }
}
