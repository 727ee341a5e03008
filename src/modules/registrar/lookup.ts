/** lookup(): makes the contacts of an address of record the targets of a request. Follows Kamailio's lookup.c. */
import type { Call } from "../../declare/call.ts";
import type { XavpList } from "../../declare/xavp.ts";
import type { Branch, SipMessage } from "../../sip/message.ts";
import { methodNumber } from "../pv/methods.ts";
import { bareInstance, type Contact, isValid } from "../usrloc/contact.ts";
import type { Domain } from "../usrloc/domain.ts";
import { type Aor, aorOf, isAor } from "./aor.ts";
import { type NextHop, nextHop } from "./path.ts";
import { addRecord } from "./record.ts";
import { configuredInt, type Registrar } from "./state.ts";

/** 1: found. -1: nobody is registered. -2: no contact takes the method. -3: an error. */
export type Looked = 1 | -1 | -2 | -3;

/** Bits of lookup_filter_mode. */
const Filter = { branchFlags: 1, connection: 2 } as const;

/** Whether a contact may be a target of the request at all. */
type Test = (contact: Contact) => boolean;

export const isUsable = (contact: Contact, { settings, usrloc }: Registrar): boolean =>
  settings.useExpired || isValid(contact, usrloc.now);

function takesMethod(msg: SipMessage, { settings }: Registrar): Test {
  if (!settings.methodFiltering || msg.to?.tag) return () => true;
  const bit = methodNumber(msg.method);
  return (it) => (it.methods & bit) !== 0;
}

/** The filter of lookup_filter_mode: branch flags that the script wants, and connections that are still there. */
function passesFilter(call: Call, state: Registrar): Test {
  const mode = state.settings.lookupFilter;
  const flags = mode & Filter.branchFlags ? (configuredInt(call, state, "rlf_bflags") ?? 0) : 0;
  const byConnection = (mode & Filter.connection) !== 0;
  if (flags === 0 && !byConnection) return () => true;
  const open = new Set((call.core.connections?.() ?? []).filter((it) => it.state === "open").map((it) => it.id));
  return (it) =>
    (flags === 0 || (it.cflags & flags) !== 0) && (!byConnection || it.connection <= 0 || open.has(it.connection));
}

interface Selection {
  /** The contact that takes the place of the Request-URI. */
  readonly first: Contact;
  readonly others: readonly Contact[];
}

/** `toBranches`: the Request-URI stays, and every contact is a branch. */
export function lookup(call: Call, domain: Domain, uri: string, toBranches: boolean, state: Registrar): Looked {
  const aor = aorOf(uri || call.msg.uri, state);
  if (!isAor(aor)) return -3;
  const selected = select(call, call.msg, domain, aor, state);
  if (typeof selected === "number") return selected;
  const { first, others } = selected;
  if (!toBranches) {
    if (!useContact(call, first, state)) return -3;
    if (first.attributes) placeAttributes(call, first.attributes, 0, state);
  }
  for (const it of toBranches ? [first, ...others] : others) addBranch(call, it, state);
  return 1;
}

/** The contacts as branches for another request than the run's own. */
export function targetsFor(
  call: Call,
  request: SipMessage,
  domain: Domain,
  uri: string,
  state: Registrar,
): Branch[] | Exclude<Looked, 1> {
  const aor = aorOf(uri || request.uri, state);
  if (!isAor(aor)) return -3;
  const selected = select(call, request, domain, aor, state);
  if (typeof selected === "number") return selected;
  return [selected.first, ...selected.others].flatMap((it) => {
    const hop = nextHop(it.path, state);
    return hop === null ? [] : [branchOf(it, hop)];
  });
}

function select(
  call: Call,
  request: SipMessage,
  domain: Domain,
  { aor, uri }: Aor,
  state: Registrar,
): Selection | Exclude<Looked, 1> {
  const gruu = uri.param("gr");
  const takes = takesMethod(request, state);
  if (gruu === "") {
    const found = byTemporaryGruu(domain, uri.user);
    if (typeof found === "number") return found;
    if (!isUsable(found, state)) return -1;
    return takes(found) ? { first: found, others: [] } : -2;
  }
  const usable = (domain.find(aor)?.contacts ?? []).filter((it) => isUsable(it, state));
  const taking = usable.filter(takes);
  if (gruu !== undefined) {
    const wanted = bareInstance(gruu);
    const first = taking.find((it) => it.instance !== "" && bareInstance(it.instance) === wanted);
    return first ? { first, others: [] } : taking.length < usable.length ? -2 : -1;
  }
  const passing = taking.filter(passesFilter(call, state));
  const [first, ...others] = passing;
  if (!first) return taking.length < usable.length ? -2 : -1;
  return { first, others: state.settings.appendBranches ? others : [] };
}

/** The user part of a temporary GRUU: id of the contact, and hash of the address with its lowest digit first. */
function byTemporaryGruu(domain: Domain, user: string): Contact | -1 | -3 {
  const at = user.lastIndexOf("-");
  const digits = user.slice(at + 1);
  if (at < 0 || !/^[0-9A-Fa-f]*$/.test(digits)) return -3;
  const hash = digits === "" ? 0 : Number.parseInt([...digits].reverse().join("").slice(-8), 16);
  return domain.byRuid(hash, user.slice(0, at))?.contact ?? -1;
}

/** Puts the contact in place of the Request-URI. False when its path is malformed. */
function useContact(call: Call, contact: Contact, state: Registrar): boolean {
  const { msg } = call;
  msg.newUri = contact.uri;
  msg.dstUri = null;
  addRecord(call, contact, state);
  const hop = nextHop(contact.path, state);
  if (hop === null) return false;
  if (hop.target !== "") msg.path = hop.path;
  const target = hop.target || contact.received;
  if (target !== "") msg.dstUri = target;
  if (contact.instance !== "") msg.instance = contact.instance;
  msg.regId = contact.regId;
  if (contact.ruid !== "") msg.ruid = contact.ruid;
  if (contact.userAgent !== "") msg.locationUa = contact.userAgent;
  msg.q = contact.q;
  msg.branchFlags = (msg.branchFlags | contact.cflags) >>> 0;
  if (contact.socket) msg.forceSendSocket = contact.socket;
  return true;
}

/** A contact as a branch of a request. */
function branchOf(contact: Contact, hop: NextHop): Branch {
  return {
    uri: contact.uri,
    dstUri: hop.target || contact.received,
    path: hop.target === "" ? "" : hop.path,
    q: contact.q,
    flags: contact.cflags,
    socket: contact.socket,
    userAgent: contact.userAgent,
    instance: contact.instance,
    ruid: contact.ruid,
    locationUa: contact.userAgent,
    regId: contact.instance === "" ? 0 : contact.regId,
  };
}

function addBranch(call: Call, contact: Contact, state: Registrar): void {
  const { msg } = call;
  const hop = nextHop(contact.path, state);
  // One place is the Request-URI's.
  if (hop === null || msg.branches.length >= call.core.config.int("max_branches") - 1) return;
  msg.addBranch(branchOf(contact, hop));
  if (contact.attributes) placeAttributes(call, contact.attributes, msg.branches.length, state);
}

/** Puts a contact's attributes where the script reads those of that branch; branches without any have null. */
function placeAttributes({ lists }: Call, attributes: XavpList, index: number, { usrloc }: Registrar): void {
  const name = usrloc.settings.attributes;
  const { xavps } = lists;
  const there = xavps.get(name, index);
  if (index === 0 && (there === undefined || there.value !== null)) xavps.add(name, attributes.clone());
  else if (there !== undefined && there.value === null) xavps.set(name, index, attributes.clone());
  else {
    while (xavps.count(name) < index) xavps.addLast(name, null);
    const before = xavps.get(name, index - 1);
    if (before) xavps.addAfter(before, name, attributes.clone());
  }
}

type Target = Pick<
  SipMessage,
  "newUri" | "dstUri" | "path" | "q" | "forceSendSocket" | "branchFlags" | "instance" | "regId" | "ruid" | "locationUa"
>;

const targetOf = (msg: SipMessage): Target => ({
  newUri: msg.newUri,
  dstUri: msg.dstUri,
  path: msg.path,
  q: msg.q,
  forceSendSocket: msg.forceSendSocket,
  branchFlags: msg.branchFlags,
  instance: msg.instance,
  regId: msg.regId,
  ruid: msg.ruid,
  locationUa: msg.locationUa,
});

const NO_TARGET: Omit<Target, "newUri"> = {
  dstUri: null,
  path: null,
  q: -1,
  forceSendSocket: undefined,
  branchFlags: 0,
  instance: undefined,
  regId: 0,
  ruid: undefined,
  locationUa: undefined,
};

/** Looks up the Request-URI, and then each branch that the script has added and not directed anywhere. */
export function lookupBranches(call: Call, domain: Domain, state: Registrar): Looked {
  const { msg } = call;
  const count = msg.branches.length;
  const first = lookup(call, domain, "", false, state);
  if (count === 0) return first;
  let result = first;
  let found = first > 0;
  const kept = targetOf(msg);
  for (const branch of msg.branches.slice(0, count)) {
    if (branch.dstUri !== "" || branch.path !== "" || branch.socket !== undefined || branch.flags !== 0) continue;
    Object.assign(msg, NO_TARGET);
    msg.newUri = branch.uri;
    result = lookup(call, domain, "", false, state);
    if (result <= 0) continue;
    found = true;
    branch.uri = msg.uri;
    branch.dstUri = msg.dstUri ?? "";
    branch.path = msg.path ?? "";
    branch.q = msg.q;
    branch.socket = msg.forceSendSocket;
    branch.flags = msg.branchFlags;
  }
  Object.assign(msg, kept);
  return found ? 1 : result;
}
