/** save(): takes the contacts of a REGISTER into the registrations (RFC 3261, 10.3). Follows Kamailio's save.c. */
import type { Call } from "../../declare/call.ts";
import { type Answer, after } from "../../declare/value.ts";
import { HeaderType } from "../../sip/headers.ts";
import { type NameAddr, parseNameAddrs } from "../../sip/nameaddr.ts";
import type { Nathelper } from "../nathelper/state.ts";
import type { Contact, ContactInfo } from "../usrloc/contact.ts";
import type { Domain, Entry } from "../usrloc/domain.ts";
import { type Aor, aorOf, isAor } from "./aor.ts";
import { type Contacts, contactsOf, expiryOf, hasEmptyExpires } from "./contacts.ts";
import { Describer } from "./describe.ts";
import { hasOption } from "./methods.ts";
import { FINE, type Problem, Problems } from "./problems.ts";
import { listContacts, outcomeOf, prepareReply, replyTo } from "./reply.ts";
import { configuredInt, Outbound, PathMode, type Registrar } from "./state.ts";

/** Bits of save()'s flags. */
export const SaveFlag = { memory: 1, noReply: 2, replace: 4, exact: 8, prepareReply: 16 } as const;
export const ALL_SAVE_FLAGS = 31;

/** The longest Call-ID of a registration. */
const CALL_ID_MAX = 255;

/** 1: contacts were added. 2: renewed. 3: removed. 4: only asked for. */
type Saved = 1 | 2 | 3 | 4;

interface Saving {
  readonly call: Call;
  readonly state: Registrar;
  readonly domain: Domain;
  readonly aor: Aor;
  readonly flags: number;
  readonly contacts: readonly NameAddr[];
  readonly describe: Describer;
}

export function save(
  call: Call,
  domain: Domain,
  flags: number,
  uri: string,
  state: Registrar,
): Answer<Saved | -1 | -2> {
  const { msg } = call;
  const replies = (flags & SaveFlag.noReply) === 0;
  const target = uri || msg.to?.uri;
  const aor = target === undefined ? Problems.parse : aorOf(target, state);
  if (!isAor(aor)) return -1;
  const outcome = outcomeOf(msg, state);
  outcome.problem = FINE;
  return after(kept(call, domain, flags, aor, state), (saved) => {
    if (typeof saved !== "number") {
      outcome.problem = saved;
      state.rejected.value++;
      const result = saved === Problems.tooMany ? -2 : -1;
      return replies && call.kind === "request" ? after(replyTo(call, state), () => result) : result;
    }
    state.accepted.value++;
    const done = (sent: boolean): Saved | -1 => {
      if (!sent) return -1;
      if (state.settings.usePath && state.settings.pathMode !== PathMode.off) msg.path = null;
      return saved;
    };
    if (replies && (call.kind === "request" || call.kind === "failure")) return after(replyTo(call, state), done);
    if (!replies && (flags & SaveFlag.prepareReply) !== 0) prepareReply(call, state);
    return done(true);
  });
}

/** Registers where the contacts are, and tells the database at once when that is the way. */
function kept(call: Call, table: Domain, flags: number, aor: Aor, state: Registrar): Answer<Saved | Problem> {
  const { usrloc } = state;
  return after(
    usrloc.records(table, () => [aor.aor]),
    (domain) => {
      if (!domain) return Problems.recordGet;
      const isNew = domain.find(aor.aor) === undefined;
      const saved = register(call, domain, flags, aor, state);
      return after(usrloc.write(domain), (failed): Answer<Saved | Problem> => {
        if (!failed || typeof saved !== "number") return saved;
        const problem = NOT_WRITTEN[failed.kind];
        if (!isNew) return problem;
        // Of a new address of record nothing stays; what is known of older ones is written by and by.
        domain.removeAor(aor.aor);
        outcomeOf(call.msg, state).contacts = "";
        return after(usrloc.write(domain), () => problem);
      });
    },
  );
}

const NOT_WRITTEN = {
  insert: Problems.contactInsert,
  update: Problems.contactUpdate,
  delete: Problems.contactDelete,
} as const;

function register(call: Call, domain: Domain, flags: number, aor: Aor, state: Registrar): Saved | Problem {
  const { msg } = call;
  if (msg.headersProblem !== "") return Problems.parse;
  if (hasEmptyExpires(msg)) return Problems.expires;
  const written = contactsOf(msg, state.settings);
  if (written !== "*" && "status" in written) return written;
  const contacts = written === "*" ? written : withReplaced(call, written);
  const regId = usesRegId(call, contacts, state);
  if (typeof regId === "object") return regId;
  if (contacts === "*") {
    domain.removeAor(aor.aor);
    return 3;
  }
  if (contacts.length === 0) {
    listContacts(call, domain.find(aor.aor), aor.uri.host, state);
    return 4;
  }
  if (msg.callId.length > CALL_ID_MAX) return Problems.callIdLength;
  const describe = Describer.of(call, contacts, flags & SaveFlag.memory, regId, state);
  if (!(describe instanceof Describer)) return describe;
  const saving = { call, state, domain, aor, flags, contacts, describe };
  const known = domain.find(aor.aor);
  return known === undefined ? insert(saving) : update(saving, known);
}

/** What nathelper has put in place of the first contact's URI is what is registered. */
function withReplaced({ core, msg }: Call, contacts: readonly NameAddr[]): readonly NameAddr[] {
  const [first, ...others] = contacts;
  const changed = core.state<Nathelper>("nathelper")?.replaced.get(msg);
  if (first === undefined || changed === undefined || changed.headers !== msg.headers) return contacts;
  const text = `<${changed.uri}>${msg.text.slice(first.bodyEnd, first.end)}`;
  const replaced = parseNameAddrs(text, 0, text.length)?.[0];
  return replaced === undefined ? contacts : [replaced, ...others];
}

/** Whether `reg-id` counts (RFC 5626): not when an edge proxy in between does not know of it. */
function usesRegId(call: Call, contacts: Contacts, { settings }: Registrar): boolean | Problem {
  const { msg } = call;
  const supported = hasOption(msg, HeaderType.supported, "outbound");
  if (!supported && settings.outbound === Outbound.required) return Problems.outboundUnsupported;
  if (settings.outbound === Outbound.none)
    return hasOption(msg, HeaderType.require, "outbound") ? Problems.outboundRequired : true;
  if (msg.via2 === undefined || contacts === "*" || contacts.length === 0) return true;
  const path = msg.find(HeaderType.path);
  if (path !== undefined) {
    const first = parseNameAddrs(msg.text, path.valueStart, path.valueEnd)?.[0]?.parsed;
    if (!first) return Problems.path;
    if (first.param("ob") !== undefined) return true;
  }
  if (settings.regIdAlways) return true;
  return supported && contacts[0]!.param("reg-id") ? Problems.outboundAtEdge : false;
}

const mostContacts = (call: Call, state: Registrar): number =>
  configuredInt(call, state, "max_contacts") ?? state.settings.maxContacts;

/** The address of record had no contacts. */
function insert(saving: Saving): 1 | Problem {
  const { call, state, domain, aor, contacts, describe, flags } = saving;
  const most = mostContacts(call, state);
  const entry = domain.entry(aor.aor);
  const fail = (problem: Problem): Problem => {
    domain.removeAor(aor.aor);
    return problem;
  };
  let added = 0;
  for (const it of contacts) {
    const expires = expiryOf(call, it, (flags & SaveFlag.exact) !== 0, state);
    if (expires === "brief") return fail(Problems.brief);
    if (expires === 0) continue;
    if (most > 0 && added >= most) return fail(Problems.tooMany);
    added++;
    const info = describe.info(it, expires);
    if ("status" in info) return fail(info);
    // One address several times in a request: the last one counts. Its CSeq must not make it look repeated.
    const found = domain.match(entry, it.uri, { ...info, cseq: info.cseq + 1 });
    if (typeof found === "string") tell(saving, domain.insert(entry, it.uri, info), "insert");
    else tell(saving, domain.update(entry, found, info), "update");
  }
  listContacts(call, entry, aor.uri.host, state);
  domain.release(entry);
  return 1;
}

const tell = ({ state, domain }: Saving, contact: Contact, event: "insert" | "update"): void => {
  for (const it of state.usrloc.onSaved) it(domain, contact, event);
};

function update(saving: Saving, entry: Entry): Saved | Problem {
  const { call, state, domain, aor } = saving;
  const saved = updateContacts(saving, entry);
  listContacts(call, entry, aor.uri.host, state);
  domain.release(entry);
  return saved;
}

function updateContacts(saving: Saving, entry: Entry): Saved | Problem {
  const { call, state, domain, contacts, describe, flags } = saving;
  const replaces = (flags & SaveFlag.replace) !== 0;
  const most = replaces ? 0 : mostContacts(call, state);
  // Kamailio describes the first contact beforehand, and so finds its faults, even if it is to be removed.
  const first = describe.info(contacts[0]!, 0);
  if ("status" in first) return first;
  if (most > 0) {
    const problem = tooMany(saving, entry, first, most);
    if (problem) return problem;
  }
  let saved: Saved = 1;
  for (const it of contacts) {
    const expires = expiryOf(call, it, (flags & SaveFlag.exact) !== 0, state);
    if (expires === "brief") return Problems.brief;
    const info = describe.info(it, expires);
    if ("status" in info) return info;
    const found = domain.match(entry, it.uri, info);
    if (found === "stale") return Problems.cseq;
    if (found === "repeated") {
      if (expires !== 0 && replaces) break;
      continue;
    }
    if (found === "none") {
      if (expires === 0) continue;
      const contact = domain.insert(entry, it.uri, info);
      saved = 1;
      if (replaces) removeOthers(domain, entry, (it) => it === contact);
      tell(saving, contact, "insert");
      if (replaces) break;
      continue;
    }
    if (expires === 0) {
      domain.remove(entry, found);
      saved = 3;
      continue;
    }
    if (replaces) removeOthers(domain, entry, (it) => it === found);
    const moved = info.instance !== "" && info.callId !== found.callId;
    // A device that has started anew: what it had registered before is gone.
    if (moved) removeOthers(domain, entry, (it) => it === found || it.instance !== found.instance);
    tell(saving, domain.update(entry, found, info), "update");
    saved = 2;
    if (replaces || moved) break;
  }
  return saved;
}

function removeOthers(domain: Domain, entry: Entry, stays: (contact: Contact) => boolean): void {
  for (const it of entry.contacts) if (!stays(it)) domain.remove(entry, it);
}

/** Counts the contacts that there would be. Whether one is known is asked with the first contact's instance. */
function tooMany(
  { call, state, domain, contacts }: Saving,
  entry: Entry,
  first: ContactInfo,
  most: number,
): Problem | undefined {
  const { now } = state.usrloc;
  let count = entry.contacts.filter((it) => it.expires > now || it.expires === 0).length;
  for (const it of contacts) {
    const expires = expiryOf(call, it, false, state);
    const found = domain.match(entry, it.uri, first);
    if (found === "stale") return Problems.cseq;
    if (found === "none") count += expires === 0 ? 0 : 1;
    else if (found !== "repeated" && expires === 0) count--;
  }
  return count > most ? Problems.tooMany : undefined;
}
