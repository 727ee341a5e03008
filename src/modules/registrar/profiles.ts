/** `$ulc(profile=>field)`: contacts that reg_fetch_contacts() has copied, or the one that has expired. */
import type { Call } from "../../declare/call.ts";
import type { Bound, Pv } from "../../declare/module.ts";
import type { Read } from "../../declare/value.ts";
import { socketText } from "../corex/variables.ts";
import { indexNow, isProblem, parseIndex } from "../pv/binding.ts";
import type { Contact } from "../usrloc/contact.ts";
import type { Domain, Entry } from "../usrloc/domain.ts";
import { aorOf, isAor } from "./aor.ts";
import { pv, type Registrar } from "./state.ts";

export interface Profile {
  readonly aor: string;
  readonly hash: number;
  readonly domain: string;
  readonly contacts: readonly Contact[];
}

/** The profile that event_route[usrloc:contact-expired] reads. */
export const EXPIRED = "exp";

const orNull = (text: string): Read => text || null;

const FIELDS: Readonly<Record<string, (profile: Profile, contact: Contact) => Read>> = {
  aor: (it) => it.aor,
  domain: (it) => it.domain,
  aorhash: (it) => it.hash,
  count: (it) => it.contacts.length,
  addr: (_, it) => it.uri,
  path: (_, it) => it.path,
  received: (_, it) => it.received,
  expires: (_, it) => it.expires,
  callid: (_, it) => it.callId,
  q: (_, it) => it.q,
  cseq: (_, it) => it.cseq,
  flags: (_, it) => it.flags,
  cflags: (_, it) => it.cflags,
  user_agent: (_, it) => it.userAgent,
  socket: (_, it) => (it.socket ? socketText(it.socket) : null),
  modified: (_, it) => it.modified,
  methods: (_, it) => it.methods,
  ruid: (_, it) => it.ruid,
  regid: (_, it) => it.regId,
  instance: (_, it) => orNull(it.instance),
  conid: (_, it) => (it.connection > 0 || (it.socket && it.socket.protocol !== "udp") ? it.connection : null),
  server_id: (_, it) => it.serverId,
};

function profilesOf({ lists }: Call, { profiles }: Registrar): Map<string, Profile> {
  let known = profiles.get(lists);
  if (!known) {
    known = new Map();
    profiles.set(lists, known);
  }
  return known;
}

export function keepProfile(call: Call, name: string, domain: string, entry: Entry, state: Registrar): void {
  const { aor, hash, contacts } = entry;
  profilesOf(call, state).set(name, { aor, hash, domain, contacts });
}

/** Copies the contacts of an address of record. -1: nobody is registered there. */
export function fetchContacts(call: Call, domain: Domain, uri: string, name: string, state: Registrar): 1 | -1 {
  profilesOf(call, state).delete(name);
  const aor = aorOf(uri, state);
  const entry = isAor(aor) ? domain.find(aor.aor) : undefined;
  if (!entry) return -1;
  keepProfile(call, name, domain.name, entry, state);
  return 1;
}

export function freeContacts(call: Call, name: string, state: Registrar): 1 {
  profilesOf(call, state).delete(name);
  return 1;
}

export const ulc: Pv<Registrar> = pv({
  doc: `A field of a contact that was fetched, \`$ulc(profile=>field)\`: ${Object.keys(FIELDS).join(", ")}.`,
  bind({ inner, index }, _core, state, variables): Bound | string {
    const parts = /^(.+?)=>(\w+)$/s.exec(inner ?? "");
    if (parts === null) return "$ulc needs `profile=>field` in parentheses";
    const [, name, field] = parts as unknown as [string, string, string];
    const read = Object.hasOwn(FIELDS, field) ? FIELDS[field]! : undefined;
    if (!read) return `a contact has no field \`${field}\``;
    const at = parseIndex(index, variables);
    if (isProblem(at)) return at.problem;
    return {
      get(call) {
        const profile = profilesOf(call, state()).get(name);
        if (!profile) return null;
        const position = indexNow(at, call);
        if (position === undefined) return undefined;
        const contact = profile.contacts[position === "all" ? 0 : Math.max(0, position)];
        return contact ? read(profile, contact) : null;
      },
    };
  },
});
