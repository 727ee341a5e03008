/** registrar: takes REGISTER requests, and finds the contacts of users. Follows Kamailio's src/modules/registrar. */
import type { Call } from "../../declare/call.ts";
import { int, str, text } from "../../declare/module.ts";
import { type Answer, after } from "../../declare/value.ts";
import { HeaderType } from "../../sip/headers.ts";
import { socketText } from "../corex/variables.ts";
import { Ruids } from "../usrloc/ruid.ts";
import type { Usrloc } from "../usrloc/state.ts";
import { type Looked, lookup, lookupBranches } from "./lookup.ts";

import { exposeSettings, parameters, settingsOf } from "./parameters.ts";
import { EXPIRED, fetchContacts, freeContacts, keepProfile, ulc } from "./profiles.ts";
import { atRecord, atRecords } from "./records.ts";
import { fromUser, lookupXavp, registered, unregister } from "./registered.ts";
import { replyTo } from "./reply.ts";
import { ALL_SAVE_FLAGS, SaveFlag, save } from "./save.ts";
import { domainOf, fn, module, type Registrar } from "./state.ts";

const table = text("Name of the table.");
const named = str("Name of the table.");
const uri = str("SIP URI of the address of record.", { optional: true });
const saving = ["request", "failure", "onreply"] as const;
const routing = ["request", "failure"] as const;

/** Decimal, or hexadecimal with `0x`. A string is the problem. */
function saveFlags(literal: string): string | undefined {
  const flags = /^(0x[0-9a-f]+|\d+)$/i.test(literal) ? Number(literal) : Number.NaN;
  return flags <= ALL_SAVE_FLAGS ? undefined : `\`${literal}\` are no flags of save()`;
}

/** An address that is written may not turn out empty. */
const isMissing = (uri: string | undefined): boolean => uri === "";

const LOOKED = {
  1: "the contacts are the targets of the request",
  [-1]: "nobody is registered there",
  [-2]: "no contact takes the method",
  [-3]: "an error",
} as const;

/** What lookup() and lookup_to_dset() do with an address of record. */
const lookedUp = (call: Call, table: string, uri: string, toBranches: boolean, state: Registrar): Answer<Looked> =>
  uri === "" ? -1 : atRecord(state, table, uri, (domain) => lookup(call, domain, uri, toBranches, state));

export const registrar = module({
  name: "registrar",
  doc: "Takes REGISTER requests, and finds the contacts of users.",
  params: parameters,
  needs: ["sl", "usrloc"],
  start(params, core, old) {
    const usrloc = core.state<Usrloc>("usrloc");
    if (!usrloc) return "the module usrloc must be loaded before registrar";
    const settings = settingsOf(params, core);
    if (typeof settings === "string") return settings;
    const { statistics } = core;
    const state: Registrar = {
      core,
      usrloc,
      settings,
      ruids: old?.ruids ?? new Ruids("uloc", core),
      accepted: statistics.counter("registrar", "accepted_regs"),
      rejected: statistics.counter("registrar", "rejected_regs"),
      outcomes: new WeakMap(),
      profiles: new WeakMap(),
    };
    const share = (): void => {
      usrloc.caseSensitive = settings.caseSensitive;
    };
    share();
    exposeSettings(settings, core, share);
    statistics.gauge("registrar", "max_expires", () => settings.maxExpires);
    statistics.gauge("registrar", "max_contacts", () => settings.maxContacts);
    statistics.gauge("registrar", "default_expire", () => settings.defaultExpires);
    statistics.gauge("registrar", "default_expires_range", () => settings.defaultExpiresRange);
    statistics.gauge("registrar", "expires_range", () => settings.expiresRange);
    usrloc.onExpired.push((domain, contact) => {
      const entry = domain.find(contact.aor);
      if (!entry) return;
      void core.runEvent("usrloc:contact-expired", undefined, (call) =>
        keepProfile(call, EXPIRED, domain.name, { ...entry, contacts: [contact] }, state),
      );
    });
    return state;
  },
  functions: {
    save: fn({
      doc: "Takes the contacts of a REGISTER into the registrations, and answers it.",
      in: saving,
      args: {
        table,
        flags: text(
          "1 memory only, 2 no reply, 4 one contact only, 8 no variation of lifetimes, 16 with 2: prepares the reply.",
          {
            fallback: "0",
            check: saveFlags,
          },
        ),
        uri: str("Address of record in place of To.", { optional: true }),
      },
      returns: {
        1: "contacts were added, or there was nothing to do",
        2: "contacts were renewed",
        3: "contacts were removed",
        4: "the contacts were only asked for",
        [-1]: "an error, which the reply tells of",
        [-2]: "there would be too many contacts",
      },
      waits: true,
      check([name, flags = "0"], state) {
        if (name !== undefined) domainOf(state, name);
        const memoryOnly = state.usrloc.inDatabase && (Number(flags) & SaveFlag.memory) !== 0;
        return memoryOnly ? "flag 1 keeps contacts in memory, where db_mode 3 has none" : undefined;
      },
      run: (call, args, state) =>
        isMissing(args.uri) ? -1 : save(call, domainOf(state, args.table), Number(args.flags), args.uri ?? "", state),
    }),
    lookup: fn({
      doc: "Replaces the Request-URI by the first contact, and makes the others branches.",
      in: routing,
      args: { table, uri },
      returns: LOOKED,
      waits: true,
      run: (call, { table, uri = call.msg.uri }, state) => lookedUp(call, table, uri, false, state),
    }),
    lookup_to_dset: fn({
      doc: "Makes every contact a branch, and leaves the Request-URI as it is.",
      in: routing,
      args: { table, uri },
      returns: LOOKED,
      waits: true,
      run: (call, { table, uri = call.msg.uri }, state) => lookedUp(call, table, uri, true, state),
    }),
    lookup_branches: fn({
      doc: "Looks up the Request-URI and every branch that has no destination yet.",
      in: routing,
      args: { table },
      returns: LOOKED,
      waits: true,
      run: (call, { table }, state) => {
        const uris = () => [call.msg.uri, ...call.msg.branches.map((it) => it.uri)];
        return atRecords(state, table, uris, (domain) => lookupBranches(call, domain, state));
      },
    }),
    lookup_xavp: fn({
      doc: "Copies the contacts of an address of record to XAVPs.",
      in: "any",
      args: {
        table: named,
        uri: str("SIP URI of the address of record."),
        record: str("XAVP for the address and the number of contacts."),
        contact: str("XAVP for each contact."),
      },
      returns: { 1: "done", [-1]: "nobody is registered there" },
      waits: true,
      run(call, args, state) {
        const table = state.usrloc.domains.get(args.table);
        if (!table) return -1;
        return atRecord(state, table, args.uri, (domain) => lookupXavp(call, domain, args.uri, args, state));
      },
    }),
    registered: fn({
      doc: "Whether an address of record has contacts: that of the Request-URI, of To in a reply, or the one given.",
      in: "any",
      args: {
        table,
        uri,
        match: int("What has to match the XAVP of xavp_cfg: 1 match_callid, 2 match_received, 4 match_contact.", {
          fallback: 0,
        }),
        action: int("1: sets the contact's attributes; 2: does not set the XAVP of xavp_rcd.", { fallback: 0 }),
      },
      returns: { 1: "yes", [-1]: "no" },
      waits: true,
      run(call, { table, uri: given, match, action }, state) {
        if (isMissing(given)) return -1;
        const { msg } = call;
        const uri = given ?? (msg.isRequest ? msg.uri : (msg.to?.uri ?? ""));
        const question = { uri, match: Number(match), action: Number(action) };
        return atRecord(state, table, uri, (domain) => registered(call, domain, question, state));
      },
    }),
    unregister: fn({
      doc: "Removes an address of record, or one of its contacts.",
      in: "any",
      args: {
        table,
        uri: str("SIP URI of the address of record."),
        ruid: str("Id of the contact.", { optional: true }),
      },
      arities: [2, 3],
      returns: {
        1: "done",
        [-1]: "that is no address",
        [-2]: "it cannot be removed",
        [-3]: "there is no such contact",
      },
      waits: true,
      run(call, { table, uri, ruid }, state) {
        if (ruid === undefined ? uri === "" : ruid === "") return -1;
        return unregister(call, domainOf(state, table), uri, ruid, state);
      },
    }),
    reg_from_user: fn({
      doc: "Whether the request comes from the address of one of the contacts.",
      in: "any",
      args: {
        table: named,
        uri: str("SIP URI of the address of record."),
        mode: int("1: the port has to match, too; 2: the protocol."),
      },
      returns: { 1: "yes", [-1]: "no" },
      waits: true,
      run(call, { table: name, uri, mode }, state) {
        const table = state.usrloc.domains.get(name);
        if (!table) return -1;
        return atRecord(state, table, uri, (domain) => fromUser(call, domain, uri, Number(mode), state));
      },
    }),
    reg_send_reply: fn({
      doc: "Sends the reply of a save() that was told not to.",
      in: routing,
      args: {},
      returns: { 1: "sent", [-1]: "not sent" },
      waits: true,
      run: (call, _args, state) => after(replyTo(call, state), (sent) => (sent ? 1 : -1)),
    }),
    reg_fetch_contacts: fn({
      doc: "Copies the contacts of an address of record for `$ulc(profile=>…)`.",
      in: routing,
      args: { table, uri: str("SIP URI of the address of record."), profile: text("Name of the copy.") },
      returns: { 1: "done", [-1]: "nobody is registered there" },
      waits: true,
      run: (call, { table, uri, profile }, state) =>
        atRecord(state, table, uri, (domain) => fetchContacts(call, domain, uri, profile, state)),
    }),
    reg_free_contacts: fn({
      doc: "Forgets what reg_fetch_contacts() has copied.",
      in: routing,
      args: { profile: text("Name of the copy.") },
      returns: { 1: "done" },
      run: (call, args, state) => freeContacts(call, args.profile, state),
    }),
    add_sock_hdr: fn({
      doc: "Adds a field that names the socket that the request came in on.",
      in: ["request"],
      args: { name: str("Name of the field.") },
      returns: { 1: "done", [-1]: "there is no name" },
      run({ msg }, { name }) {
        if (name === "") return -1;
        const field = `${name}: ${socketText(msg.received.socket)}\r\n`;
        msg.edits.insertBefore(msg.edits.anchor(msg.headersEnd, HeaderType.other), field);
        return 1;
      },
    }),
  },
  variables: { ulc },
  commands: {},
  events: { "usrloc:contact-expired": "The time of a contact has passed; `$ulc(exp=>…)` gives it." },
  statistics: {
    "registrar.accepted_regs": "Registrations that were accepted.",
    "registrar.rejected_regs": "Registrations that were refused.",
    "registrar.max_expires": "Parameter max_expires.",
    "registrar.max_contacts": "Parameter max_contacts.",
    "registrar.default_expire": "Parameter default_expires.",
    "registrar.default_expires_range": "Parameter default_expires_range.",
    "registrar.expires_range": "Parameter expires_range.",
  },
});
