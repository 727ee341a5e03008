/** Serial forking by q value: t_load_contacts puts the targets away, t_next_contacts brings them back by priority. */
import type { Call } from "../../declare/call.ts";
import { int } from "../../declare/module.ts";
import type { Value } from "../../declare/value.ts";
import { XavpList as List, type XavpList, type XavpValue } from "../../declare/xavp.ts";
import type { LocalSocket } from "../../sip/address.ts";
import type { Branch } from "../../sip/message.ts";
import { clearTargets } from "../../transaction/branch.ts";
import { fn, type Tm } from "./state.ts";

type Contact = Omit<Branch, "userAgent" | "regId"> & {
  /** Last of its priority: the contacts behind it come in a later step. */
  last: boolean;
  /** Attributes that go along with it (xavp_contact). */
  attributes: XavpList | undefined;
};

const socketName = (socket: LocalSocket): string => `${socket.protocol}:${socket.address}:${socket.port}`;

/** The targets of the message, in the order of their priority, lowest first. */
function targets(call: Call, state: Tm): Contact[] {
  const { msg } = call;
  const all: Contact[] = [];
  const attributes = (index: number): XavpList | undefined =>
    state.contactAttributes === "" ? undefined : call.lists.xavps.sub(state.contactAttributes, index);
  if (!msg.uriConsumed)
    all.push({
      uri: msg.uri,
      dstUri: msg.dstUri ?? "",
      path: msg.path ?? "",
      q: msg.q,
      flags: msg.branchFlags,
      socket: msg.forceSendSocket,
      instance: msg.instance ?? "",
      ruid: msg.ruid ?? "",
      locationUa: msg.locationUa ?? "",
      last: false,
      attributes: attributes(0),
    });
  msg.branches.forEach(({ userAgent: _ua, regId: _id, ...branch }, i) => {
    const contact = { ...branch, last: false, attributes: attributes(i + 1) };
    // Of equal priority one with a path goes in front.
    const before = (it: Contact): boolean => it.q < contact.q || (it.q === contact.q && contact.path === "");
    let at = all.findIndex((it) => !before(it));
    if (at < 0) at = all.length;
    all.splice(at, 0, contact);
  });
  return all;
}

function store(call: Call, name: string, contact: Contact, atEnd: boolean): void {
  const record = new List();
  const add = (key: string, value: XavpValue): void => {
    if (value !== "") record.add(key, value);
  };
  add("uri", contact.uri);
  add("dst_uri", contact.dstUri);
  add("path", contact.path);
  add("sock", contact.socket ? socketName(contact.socket) : "");
  record.add("flags", contact.flags);
  record.add("q_flag", contact.last ? 1 : 0);
  add("instance", contact.instance);
  add("ruid", contact.ruid);
  add("ua", contact.locationUa);
  for (const it of contact.attributes?.clone().items ?? []) record.items.push(it);
  if (atEnd) call.lists.xavps.addLast(name, record);
  else call.lists.xavps.add(name, record);
}

/** Each contact alone, in an order drawn so that a higher q comes first more often; those without q come last. */
function drawn(call: Call, contacts: readonly Contact[]): Contact[] {
  const pool = contacts.filter((it) => it.q > 0);
  const order: Contact[] = [];
  while (pool.length > 0) {
    let draw = call.core.host.random.next() * pool.reduce((sum, it) => sum + it.q, 0);
    const at = pool.findIndex((it) => (draw -= it.q) < 0);
    order.push(...pool.splice(at < 0 ? pool.length - 1 : at, 1));
  }
  return [...order, ...contacts.filter((it) => it.q <= 0)].map((it) => ({ ...it, last: true }));
}

function load(call: Call, mode: number, state: Tm): 1 | -1 {
  const { msg } = call;
  if (state.contacts === "" || (mode !== 0 && mode !== 1)) return -1;
  if (msg.branches.length === 0 || (msg.branches.length === 1 && msg.uriConsumed)) return 1;
  const contacts = targets(call, state);
  if (mode === 1) for (const it of drawn(call, contacts)) store(call, state.contacts, it, true);
  else
    contacts.forEach((contact, i) => {
      const below = contacts[i - 1];
      store(call, state.contacts, { ...contact, last: below !== undefined && below.q < contact.q }, false);
    });
  clearTargets(msg);
  if (state.contactAttributes !== "") call.lists.xavps.removeAll(state.contactAttributes);
  return 1;
}

const text = (value: XavpValue | undefined): string => (typeof value === "string" ? value : "");
const number = (value: XavpValue | undefined): number => Number((value as Value) ?? 0) || 0;

/** A stored contact; null when its socket is not one of ours. */
function read(call: Call, record: XavpList): (Omit<Contact, "attributes" | "q"> & { q: 0 }) | null {
  const name = text(record.get("sock")?.value);
  const socket = name === "" ? undefined : call.core.sockets.parse(name);
  if (name !== "" && socket === undefined) return null;
  return {
    uri: text(record.get("uri")?.value),
    dstUri: text(record.get("dst_uri")?.value),
    path: text(record.get("path")?.value),
    q: 0,
    flags: number(record.get("flags")?.value),
    socket,
    instance: text(record.get("instance")?.value),
    ruid: text(record.get("ruid")?.value),
    locationUa: text(record.get("ua")?.value),
    last: number(record.get("q_flag")?.value) !== 0,
  };
}

/** Moves the attributes of a stored contact to where the script reads those of a branch. */
function restoreAttributes(call: Call, record: XavpList, branch: number, state: Tm): void {
  if (state.contactAttributes === "") return;
  const attributes = record.get(state.contactAttributes);
  if (attributes === undefined) return;
  const { xavps } = call.lists;
  if (branch === 0) xavps.add(attributes.name, attributes.value);
  else xavps.addLast(attributes.name, attributes.value);
}

function next(call: Call, state: Tm): 1 | -1 | -2 | -3 {
  const { msg, lists } = call;
  if (state.contacts === "") return -1;
  const first = lists.xavps.get(state.contacts);
  if (first === undefined) return -2;
  if (!(first.value instanceof List)) return -3;
  const contact = read(call, first.value);
  lists.xavps.removeItem(first);
  if (contact === null) return -1;
  restoreAttributes(call, first.value, 0, state);
  msg.newUri = contact.uri;
  msg.dstUri = contact.dstUri || null;
  msg.path = contact.path || null;
  msg.forceSendSocket = contact.socket;
  msg.branchFlags = contact.flags;
  msg.ruid = contact.ruid || undefined;
  msg.locationUa = contact.locationUa || undefined;
  if (contact.last) return 1;
  const seen = new Set<string>();
  if (contact.instance !== "") {
    msg.instance = contact.instance;
    seen.add(contact.instance);
  }
  if (state.contactFlows !== "") lists.xavps.removeAll(state.contactFlows);
  return rest(call, state, seen);
}

/** The further contacts of the same priority. A second flow of an instance is kept for t_next_contact_flow. */
function rest(call: Call, state: Tm, seen: Set<string>): 1 | -1 {
  const { msg, lists } = call;
  for (;;) {
    const item = lists.xavps.get(state.contacts);
    if (item === undefined || !(item.value instanceof List)) return 1;
    const contact = read(call, item.value);
    lists.xavps.removeItem(item);
    if (contact === null) return -1;
    const { last, ...branch } = contact;
    if (contact.instance !== "" && seen.has(contact.instance) && state.contactFlows !== "")
      store(call, state.contactFlows, { ...contact, attributes: undefined }, false);
    else {
      if (contact.instance !== "") seen.add(contact.instance);
      msg.addBranch({ ...branch, userAgent: "", regId: 0 });
      restoreAttributes(call, item.value, msg.branches.length, state);
    }
    if (last) return 1;
  }
}

function nextFlow(call: Call, state: Tm): 1 | -1 | -2 {
  const { tx, lists, msg } = call;
  if (state.contactFlows === "") return -1;
  const instance = tx?.branches[tx.picked]?.instance ?? "";
  const flows = lists.xavps.all(state.contactFlows);
  if (instance === "" || flows.length === 0) return -2;
  const item = flows.find((it) => it.value instanceof List && text(it.value.get("instance")?.value) === instance);
  if (item === undefined) return -1;
  const contact = read(call, item.value as XavpList);
  lists.xavps.removeItem(item);
  if (contact === null) return -1;
  const { last: _last, ...branch } = contact;
  msg.addBranch({ ...branch, userAgent: "", regId: 0 });
  return 1;
}

const NEXT = {
  1: "the next targets are set",
  [-1]: "a socket is not one of ours, or the parameter is not set",
  [-2]: "there are none left",
} as const;

export const contactFunctions = {
  t_load_contacts: fn({
    doc: "Puts the message's targets away, by priority, for t_next_contacts.",
    in: ["request", "failure"],
    args: { mode: int("0: by q value. 1: one by one, drawn in proportion to their q.", { fallback: 0 }) },
    returns: { 1: "done, or there is only one target", [-1]: "bad mode, or contacts_avp is not set" },
    run: (call, args, state) => load(call, Number(args.mode), state),
  }),
  t_next_contacts: fn({
    doc: "Sets the targets of the highest priority that are left.",
    in: ["request", "failure"],
    args: {},
    returns: { ...NEXT, [-3]: "contacts_avp holds something else" },
    run: (call, _args, state) => next(call, state),
  }),
  t_next_contact_flow: fn({
    doc: "Adds the next flow of the failed branch's instance as a branch.",
    in: ["request", "failure", "event", "branch-failure"],
    args: {},
    returns: NEXT,
    run: (call, _args, state) => nextFlow(call, state),
  }),
};
