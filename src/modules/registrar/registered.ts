/** Questions about who is registered: registered(), reg_from_user(), lookup_xavp(), unregister(). */
import type { Call } from "../../declare/call.ts";
import { type Answer, after } from "../../declare/value.ts";
import { XavpList } from "../../declare/xavp.ts";
import { sameAddress } from "../../sip/ip.ts";
import { parseUri } from "../../sip/uri.ts";
import { socketText } from "../corex/variables.ts";
import type { Domain } from "../usrloc/domain.ts";
import { aorOf, isAor } from "./aor.ts";
import { isUsable } from "./lookup.ts";
import { addRecord } from "./record.ts";
import { configuredText, type Registrar } from "./state.ts";

/** What has to be equal to a field of the XAVP of parameter xavp_cfg, by the bit of registered()'s flags. */
const MATCHES = [
  [1, "match_callid", "callId"],
  [2, "match_received", "received"],
  [4, "match_contact", "uri"],
] as const;
/** Bits of registered()'s actions. */
const Action = { attributes: 1, noRecord: 2 } as const;

export interface Question {
  readonly uri: string;
  readonly match: number;
  readonly action: number;
}

export function registered(call: Call, domain: Domain, { uri, match, action }: Question, state: Registrar): 1 | -1 {
  const aor = aorOf(uri, state);
  if (!isAor(aor)) return -1;
  const wanted = MATCHES.filter(([bit]) => match & bit)
    .map(([, field, key]) => ({ key, value: configuredText(call, state, field) }))
    .filter(({ value }) => value !== "");
  const found = domain
    .find(aor.aor)
    ?.contacts.find((it) => isUsable(it, state) && wanted.every(({ key, value }) => it[key] === value));
  if (!found) return -1;
  if ((action & Action.noRecord) === 0) addRecord(call, found, state);
  if ((action & Action.attributes) !== 0 && found.attributes)
    call.lists.xavps.add(state.usrloc.settings.attributes, found.attributes.clone());
  return 1;
}

/** Bits of reg_from_user()'s mode. */
const Mode = { port: 1, protocol: 2 } as const;

/** Whether the request comes from where one of the contacts is. */
export function fromUser({ msg }: Call, domain: Domain, uri: string, mode: number, state: Registrar): 1 | -1 {
  const aor = aorOf(uri, state);
  if (!isAor(aor)) return -1;
  const { srcIp, srcPort, protocol } = msg.received;
  for (const it of domain.find(aor.aor)?.contacts ?? []) {
    const at = parseUri(it.received || it.uri);
    if (at === null) return -1;
    if (!sameAddress(at.bareHost, srcIp)) continue;
    if (mode & Mode.port && at.portNo !== srcPort) continue;
    if (mode & Mode.protocol && at.protocol !== protocol) continue;
    return 1;
  }
  return -1;
}

export interface XavpNames {
  readonly record: string;
  readonly contact: string;
}

/** Copies the contacts to XAVPs: one with the address of record and their number, and one for each of them. */
export function lookupXavp(call: Call, domain: Domain, uri: string, names: XavpNames, state: Registrar): 1 | -1 {
  const aor = aorOf(uri, state);
  const entry = isAor(aor) ? domain.find(aor.aor) : undefined;
  if (!isAor(aor) || !entry) return -1;
  const { xavps } = call.lists;
  let previous: ReturnType<typeof xavps.get>;
  for (const it of entry.contacts) {
    const fields = new XavpList();
    fields.add("uri", it.uri);
    if (it.socket) fields.add("socket", socketText(it.socket));
    if (it.received !== "") fields.add("dsturi", it.received);
    if (previous === undefined) previous = xavps.add(names.contact, fields);
    else {
      const at = xavps.items.indexOf(previous);
      xavps.addAfter(previous, names.contact, fields);
      previous = xavps.items[at + 1];
    }
  }
  const record = new XavpList();
  record.add("aor", aor.aor);
  record.add("count", entry.contacts.length);
  xavps.add(names.record, record);
  return 1;
}

type Unregistered = 1 | -1 | -2 | -3;

/** Removes an address of record, or with an id one of its contacts. -1: no such address. -2: it cannot be. -3: unknown. */
export function unregister(
  { msg }: Call,
  table: Domain,
  uri: string,
  ruid: string | undefined,
  state: Registrar,
): Answer<Unregistered> {
  const { usrloc } = state;
  // Without an address only the database finds the id.
  if (uri === "" && ruid !== undefined)
    return usrloc.inDatabase
      ? after(usrloc.store!.recordOf(table, ruid), (domain) => (domain ? removeOne(domain, ruid, state) : -2))
      : -2;
  const aor = aorOf(uri || (msg.to?.uri ?? ""), state);
  if (!isAor(aor)) return -1;
  return after(
    usrloc.records(table, () => [aor.aor]),
    (domain): Answer<Unregistered> => {
      if (!domain) return ruid === undefined ? -2 : -3;
      if (ruid !== undefined) return removeOne(domain, ruid, state, aor.aor);
      domain.removeAor(aor.aor);
      return after(usrloc.write(domain), (failed) => (failed ? -2 : 1));
    },
  );
}

function removeOne(domain: Domain, ruid: string, { usrloc }: Registrar, aor?: string): Answer<Unregistered> {
  for (const entry of domain.entries.values()) {
    if (aor !== undefined && entry.aor !== aor) continue;
    const contact = entry.contacts.find((it) => it.ruid === ruid);
    if (!contact) continue;
    domain.remove(entry, contact);
    domain.release(entry);
    return after(usrloc.write(domain), (failed) => (failed ? -2 : 1));
  }
  return -3;
}
