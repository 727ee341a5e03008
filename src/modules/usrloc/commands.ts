/** Commands on the registrations: ul.dump, ul.lookup, ul.add, ul.rm and their kin. */
import { int, type Rpc, RpcArray, RpcDouble, RpcFault, RpcStruct, str } from "../../declare/module.ts";
import { type Answer, after } from "../../declare/value.ts";
import { socketText } from "../corex/variables.ts";
import { type Contact, type ContactInfo, GIVEN_UP, isValid } from "./contact.ts";
import type { Domain, Entry } from "./domain.ts";
import { rpc, type Usrloc } from "./state.ts";
import type { Store } from "./store.ts";

/** Call-ID, CSeq and User-Agent of a contact that a command has added. */
const CALL_ID = "dfjrewr12386fd6-343@kamailio.rpc";
const CSEQ = 1;
/** The Path by which a command looks for a contact under matching_mode 2. */
const PATH = "dummypath";
const USER_AGENT = "kamailio SIP Router - RPC Server";

const table = str("Name of the table.");
const aor = str("Address of record.");
const shown = (text: string): string => text || "[not set]";

function find(state: Usrloc, name: string): Domain {
  const domain = state.domains.get(name);
  if (!domain) throw new RpcFault(500, "Domain table not found");
  return domain;
}

/** Works on an address of record where it is kept, and tells the database at once where that is the way. */
function work<T>(state: Usrloc, name: string, aor: string, then: (domain: Domain, aor: string) => T): Answer<T> {
  const table = find(state, name);
  const key = keyOf(state, aor);
  return after(
    state.records(table, () => [key]),
    (domain) => {
      if (!domain) throw new RpcFault(500, "Database not available");
      const result = then(domain, key);
      return after(state.write(domain), (failed) => {
        if (failed) throw new RpcFault(500, "Database not available");
        return result;
      });
    },
  );
}

/** A number that the database tells of a table. */
async function counted(
  state: Usrloc,
  name: string,
  what: "AoR" | "contact",
  count: (store: Store) => Promise<number | undefined>,
): Promise<number> {
  if (!state.store) throw new RpcFault(500, "Command is not supported in db_mode=0");
  if (!state.domains.has(name)) throw new RpcFault(500, "Failed to use table");
  const number = await count(state.store);
  if (number === undefined) throw new RpcFault(500, `Failed to query ${what} count`);
  return number;
}

/** The address as it is kept. */
function keyOf(state: Usrloc, text: string): string {
  const at = text.indexOf("@");
  if (state.settings.useDomain && at < 0) throw new RpcFault(500, "Domain missing in AOR");
  const key = state.settings.useDomain || at < 0 ? text : text.slice(0, at);
  return state.caseSensitive ? key : key.toLowerCase();
}

function expiry(expires: number, now: number): string | number {
  if (expires === 0) return "permanent";
  if (expires === GIVEN_UP) return "deleted";
  return now > expires ? "expired" : expires - now;
}

/** What the database knows of it. */
function stateOf(it: Contact): string {
  const { version } = it.stored;
  return version === undefined ? "CS_NEW" : version === it ? "CS_SYNC" : "CS_DIRTY";
}

function describe(it: Contact, now: number): RpcStruct {
  const fields: [string, unknown][] = [
    ["Address", it.uri],
    ["Expires", expiry(it.expires, now)],
    ["Q", new RpcDouble(it.q === -1 ? -1 : it.q / 1000)],
    ["Call-ID", it.callId],
    ["CSeq", it.cseq],
    ["User-Agent", shown(it.userAgent)],
    ["Received", shown(it.received)],
    ["Path", shown(it.path)],
    ["State", stateOf(it)],
    ["Flags", it.flags],
    ["CFlags", it.cflags],
    ["Socket", it.socket ? socketText(it.socket) : "[not set]"],
    ["Methods", it.methods],
    ["Ruid", shown(it.ruid)],
    ["Instance", shown(it.instance)],
    ["Reg-Id", it.regId],
    ["Server-Id", it.serverId],
    ["Tcpconn-Id", it.connection],
    ["Keepalive", it.keepalive],
    ["Last-Keepalive", it.lastKeepalive],
    ["KA-Roundtrip", 0],
    ["Last-Modified", it.modified],
  ];
  return new RpcStruct([["Contact", new RpcStruct(fields)]]);
}

/** The entries slot by slot, as Kamailio's hash table holds them, and how many the fullest slot has. */
function slotted({ entries }: Domain, slots: number): { readonly list: Entry[]; readonly fullest: number } {
  const bySlot = new Map<number, Entry[]>();
  for (const it of entries.values()) {
    const slot = it.hash % slots;
    bySlot.set(slot, [...(bySlot.get(slot) ?? []), it]);
  }
  const ordered = [...bySlot].sort(([a], [b]) => a - b).map(([, it]) => it);
  return { list: ordered.flat(), fullest: Math.max(0, ...ordered.map((it) => it.length)) };
}

function dump(state: Usrloc, brief: boolean): RpcStruct {
  const domains = [...state.domains.values()].map((domain) => {
    const { list, fullest } = slotted(domain, state.settings.slots);
    const entries = list.map((it) =>
      brief
        ? new RpcStruct([["AoR", it.aor]])
        : new RpcStruct([
            [
              "Info",
              new RpcStruct([
                ["AoR", it.aor],
                ["HashID", it.hash],
                ["Contacts", new RpcArray(it.contacts.map((contact) => describe(contact, state.now)))],
              ]),
            ],
          ]),
    );
    const stats = new RpcStruct([
      ["Records", list.length],
      ["Max-Slots", fullest],
    ]);
    const fields = new RpcStruct([
      ["Domain", domain.name],
      ["Size", state.settings.slots],
      ["AoRs", new RpcArray(entries)],
      ["Stats", stats],
    ]);
    return new RpcStruct([["Domain", fields]]);
  });
  return new RpcStruct([["Domains", new RpcArray(domains)]]);
}

function lookup(state: Usrloc, domain: Domain, key: string): RpcStruct {
  const entry = domain.find(key);
  if (!entry) throw new RpcFault(500, "AOR not found in location table");
  const valid = entry.contacts.filter((it) => isValid(it, state.now));
  if (valid.length === 0) throw new RpcFault(500, "AOR has no contacts");
  return new RpcStruct([
    ["AoR", key],
    ["Contacts", new RpcArray(valid.map((it) => describe(it, state.now)))],
  ]);
}

/** An optional parameter may be given as "." or "0". */
const given = (text: string | undefined): string => (text === undefined || text === "." || text === "0" ? "" : text);

export const commands: Readonly<Record<string, Rpc<Usrloc>>> = {
  "ul.dump": rpc({
    doc: "Every table with its addresses of record and their contacts.",
    args: { brief: str("`brief`: the addresses only.", { fallback: "" }) },
    run: ({ brief }, state) => dump(state, brief === "brief"),
  }),
  "ul.lookup": rpc({
    doc: "The contacts of an address of record.",
    args: { table, aor },
    run: (args, state) => work(state, args.table, args.aor, (domain, key) => lookup(state, domain, key)),
  }),
  "ul.rm": rpc({
    doc: "Removes an address of record with its contacts.",
    args: { table, aor },
    run: (args, state) => work(state, args.table, args.aor, (domain, key) => domain.removeAor(key)),
  }),
  "ul.rm_contact": rpc({
    doc: "Removes a contact of an address of record.",
    args: { table, aor, contact: str("URI of the contact.") },
    run: (args, state) =>
      work(state, args.table, args.aor, (domain, key) => {
        const entry = domain.find(key);
        if (!entry) throw new RpcFault(404, "AOR not found");
        const found = domain.matchAddress(entry, args.contact, { callId: CALL_ID, path: PATH, cseq: CSEQ + 1 });
        if (found === "none") throw new RpcFault(404, "Contact not found");
        if (typeof found === "string") throw new RpcFault(500, "Internal error (can't get contact)");
        domain.remove(entry, found);
        domain.release(entry);
      }),
  }),
  "ul.flush": rpc({
    doc: "Removes the contacts whose time has passed now, and brings the database up to date.",
    args: {},
    run: (_args, state) => state.flush(),
  }),
  "ul.add": rpc({
    doc: "Adds a contact to an address of record, or renews it.",
    args: {
      table,
      aor,
      contact: str("URI of the contact."),
      expires: int("Seconds; 0: it never expires."),
      q: str("Its q value."),
      path: str("Path; `.` or `0` for none."),
      flags: int("Flags."),
      cflags: int("Branch flags."),
      methods: int("A bit for each method that it takes."),
      received: str("Where requests for it are sent; `.` or `0` for the contact itself.", { optional: true }),
      socket: str("The local socket to use.", { optional: true }),
    },
    run: (args, state) => {
      const expires = Number(args.expires);
      const q = Number(args.q);
      if (Number.isNaN(q)) throw new RpcFault(500, "Not enough parameters or wrong format");
      const socket = given(args.socket);
      const info: ContactInfo = {
        uri: args.contact,
        received: given(args.received),
        path: given(args.path),
        expires: expires === 0 ? 0 : state.now + expires,
        q: q < 0 ? -1 : Math.min(1000, Math.round(q * 1000)),
        callId: CALL_ID,
        cseq: CSEQ,
        flags: Number(args.flags),
        cflags: Number(args.cflags),
        userAgent: USER_AGENT,
        socket: socket === "" ? undefined : state.core.sockets.parse(socket),
        methods: Number(args.methods) >>> 0,
        instance: "",
        regId: 0,
        ruid: state.ruids.next(),
        connection: -1,
        serverId: state.core.config.int("server_id"),
        modified: state.now,
        attributes: undefined,
      };
      return work(state, args.table, args.aor, (domain, key) => {
        const known = domain.find(key);
        const query = { callId: CALL_ID, path: PATH, cseq: CSEQ + 1 };
        const found = known ? domain.matchAddress(known, args.contact, query) : "none";
        if (found === "stale" || found === "repeated") throw new RpcFault(500, "Can't get record");
        const entry = domain.entry(key);
        if (found === "none") domain.insert(entry, args.contact, info);
        else domain.update(entry, found, info);
      });
    },
  }),
  "ul.db_users": rpc({
    doc: "The number of addresses of record in a table of the database that have contacts.",
    args: { table },
    run: (args, state) => counted(state, args.table, "AoR", (store) => store.users(args.table, state.now)),
  }),
  "ul.db_contacts": rpc({
    doc: "The number of contacts in a table of the database whose time has not passed.",
    args: { table },
    run: (args, state) => counted(state, args.table, "contact", (store) => store.contacts(args.table, state.now)),
  }),
  "ul.db_expired_contacts": rpc({
    doc: "The number of contacts in a table of the database whose time has passed.",
    args: { table },
    run: (args, state) =>
      counted(state, args.table, "contact", (store) => store.expiredContacts(args.table, state.now)),
  }),
};
