/** tsilo: adds contacts that register during a call to that call (push notifications). Follows Kamailio's src/modules/tsilo. */
import type { Call } from "../../declare/call.ts";
import type { Core, Counter } from "../../declare/core.ts";
import { declare, int, RpcFault, RpcStruct, str, text } from "../../declare/module.ts";
import { type Answer, after } from "../../declare/value.ts";
import { HeaderType } from "../../sip/headers.ts";
import type { Branch } from "../../sip/message.ts";
import { parseNameAddrs } from "../../sip/nameaddr.ts";
import { parseUri } from "../../sip/uri.ts";
import { inTurn } from "../../transaction/answer.ts";
import { appendBranches } from "../../transaction/append.ts";
import { clearTargets } from "../../transaction/branch.ts";
import type { Transaction } from "../../transaction/transaction.ts";
import { targetsFor } from "../registrar/lookup.ts";
import { atRecord } from "../registrar/records.ts";
import type { Registrar } from "../registrar/state.ts";
import { Store, type StoredUri } from "./store.ts";

interface Tsilo {
  readonly core: Core;
  readonly store: Store;
  readonly slots: number;
  readonly useDomain: boolean;
  readonly added: Counter;
}
const { fn, rpc, module } = declare<Tsilo>();

/** What calls are kept under; undefined when that is no URI. */
function keyOf(uri: string, { useDomain }: Tsilo): string | undefined {
  const parsed = parseUri(uri);
  if (parsed === null) return undefined;
  return useDomain ? uri : parsed.user;
}

function store(call: Call, uri: string, state: Tsilo): 1 | -1 {
  const key = keyOf(uri || call.msg.uri, state);
  const tx = call.core.transactions.lookup(call);
  if (key === undefined || tx === undefined) return -1;
  state.store.add(key, tx);
  return 1;
}

/** Adds the contacts of the address of record to one call; with `contact` only those whose URI contains it. */
function appendTo(call: Call, tx: Transaction, table: string, uri: string, contact: string): Answer<number> {
  if (tx.isCanceled) return -2;
  if (tx.status >= 200) return -3;
  const registrar = call.core.state<Registrar>("registrar");
  if (registrar === undefined) return -4;
  return atRecord(registrar, table, uri || tx.request.uri, (domain) => {
    const targets = targetsFor(call, tx.request, domain, uri, registrar);
    return typeof targets === "number" ? -4 : appendBranches(tx.engine, tx, targets, contact);
  });
}

/** Does something with every call for the address, one after the other. */
function forEach(uri: string, state: Tsilo, append: (tx: Transaction) => Answer<number>): Answer<1 | -1 | -2> {
  const key = keyOf(uri, state);
  if (key === undefined) return -1;
  const entry = state.store.entries.get(key);
  if (entry === undefined) return -2;
  const calls = [...entry.transactions];
  const all = inTurn(calls.length, (i) =>
    after(append(calls[i]!), (added) => {
      if (added > 0) state.added.value += added;
      return true;
    }),
  );
  return after(all, () => 1);
}

/** The URI of the request's first contact; undefined when there is none. */
function firstContact({ msg }: Call): string | undefined {
  const header = msg.find(HeaderType.contact);
  if (header === undefined || msg.value(header).trim() === "*") return undefined;
  return parseNameAddrs(msg.text, header.valueStart, header.valueEnd)?.[0]?.uri;
}

const describe = (tx: Transaction): readonly [string, unknown] => [
  "Transaction",
  new RpcStruct([
    ["Tindex", tx.index],
    ["Tlabel", tx.label],
  ]),
];
const listed = ({ transactions }: StoredUri): RpcStruct => new RpcStruct([...transactions].map(describe));

function dump({ store: { entries, count }, slots }: Tsilo, brief: boolean): RpcStruct {
  const list = [...entries.values()].sort((a, b) => (a.hash % slots) - (b.hash % slots));
  const perSlot = new Map<number, number>();
  for (const { hash } of list) perSlot.set(hash % slots, (perSlot.get(hash % slots) ?? 0) + 1);
  const uris = new RpcStruct(
    list.flatMap((it): [string, unknown][] => [
      ["R-URI", it.uri],
      ["Hash", it.hash],
      ["Transactions", listed(it)],
    ]),
  );
  const stats = new RpcStruct([
    ["RURIs", list.length],
    ["Max-Slots", Math.max(0, ...perSlot.values())],
    ["Transactions", count],
  ]);
  return new RpcStruct([["Size", slots], ...(brief ? [] : [["R-URIs", uris] as const]), ["Stats", stats]]);
}

const table = text("Name of the table of registrations.", {
  check: (it) => (it === "" || it === "0" ? "a table needs a name" : undefined),
});
const uri = str("SIP URI of the address of record.");
const routes = ["request", "failure"] as const;
const APPENDED = {
  1: "the calls for it, if any are still under way, have the contacts",
  [-1]: "that is no URI, or there is no contact",
  [-2]: "there are no calls for it",
} as const;

export const tsilo = module({
  name: "tsilo",
  doc: "Adds contacts that register during a call to that call.",
  params: {
    hash_size: int("Slots of the table, as ts.dump shows them: a power of 2.", { fallback: 2048 }),
    use_domain: int("1: calls are kept under the whole URI, 0: under its user.", { fallback: 0 }),
  },
  needs: ["tm", "registrar"],
  start(params, core, old) {
    const { statistics } = core;
    const store = old?.store ?? new Store(statistics);
    statistics.gauge("tsilo", "stored_ruris", () => store.entries.size);
    statistics.gauge("tsilo", "stored_transactions", () => store.count);
    const slots = 2 ** Math.floor(Math.log2(Math.max(1, Number(params.hash_size))));
    const useDomain = Number(params.use_domain) !== 0;
    return { core, store, slots, useDomain, added: statistics.counter("tsilo", "added_branches") };
  },
  functions: {
    ts_store: fn({
      doc: "Keeps the request's transaction for the functions that add branches to it.",
      in: routes,
      args: { uri: str("SIP URI to keep it under in place of the Request-URI.", { fallback: "" }) },
      returns: { 1: "done", [-1]: "that is no URI, or there is no transaction" },
      run: (call, args, state) => store(call, args.uri, state),
    }),
    ts_append: fn({
      doc: "Adds the contacts of an address of record to the calls for it.",
      in: routes,
      args: { table, uri },
      returns: APPENDED,
      waits: true,
      run: (call, { table, uri }, state) => forEach(uri, state, (tx) => appendTo(call, tx, table, uri, "")),
    }),
    ts_append_by_contact: fn({
      doc: "Adds one contact of an address of record to the calls for it: the one given, or the request's own.",
      in: routes,
      args: { table, uri, contact: str("URI of the contact, without parameters.", { optional: true }) },
      returns: APPENDED,
      waits: true,
      run(call, { table, uri, contact }, state) {
        const wanted = contact ?? firstContact(call);
        if (wanted === undefined || parseUri(wanted) === null) return -1;
        return forEach(uri, state, (tx) => appendTo(call, tx, table, uri, wanted));
      },
    }),
    ts_append_to: fn({
      doc: "Adds the contacts of an address of record to one transaction.",
      in: routes,
      args: {
        index: int("$T(id_index) of the transaction."),
        label: int("$T(id_label) of the transaction."),
        table,
        uri: str("SIP URI of the address of record in place of the transaction's Request-URI.", { optional: true }),
      },
      returns: {
        1: "as many branches as the code says were sent",
        [-1]: "there is no such transaction, that is no URI, or nothing could be sent",
        [-2]: "it was canceled",
        [-3]: "it has been answered finally",
        [-4]: "nobody is registered there",
      },
      waits: true,
      run(call, { index, label, table, uri }) {
        if (uri !== undefined && parseUri(uri) === null) return -1;
        const tx = call.core.transactions.find(Number(index), Number(label));
        return (tx === undefined ? -1 : appendTo(call, tx, table, uri ?? "", "")) as Answer<1 | -1 | -2 | -3 | -4>;
      },
    }),
    ts_append_branches: fn({
      doc: "Adds the branches of this request to the calls for an address of record.",
      in: routes,
      args: { uri },
      returns: APPENDED,
      waits: true,
      run(call, args, state) {
        const targets: readonly Branch[] = call.msg.branches;
        const sent = forEach(args.uri, state, (tx) =>
          tx.isCanceled || tx.status >= 200 ? -1 : appendBranches(tx.engine, tx, targets),
        );
        return after(sent, (code) => {
          if (code === 1) clearTargets(call.msg);
          return code;
        });
      },
    }),
  },
  variables: {},
  commands: {
    "ts.dump": rpc({
      doc: "The calls that are kept.",
      args: { brief: str("`brief`: how many there are only.", { fallback: "" }) },
      run: ({ brief }, state) => dump(state, brief === "brief"),
    }),
    "ts.lookup": rpc({
      doc: "The calls for an address of record.",
      args: { uri: str("What they are kept under.") },
      run(args, { store }) {
        const entry = store.entries.get(args.uri);
        if (!entry) throw new RpcFault(404, "RURI not found in tsilo table");
        return listed(entry);
      },
    }),
  },
  events: {},
  statistics: {
    "tsilo.stored_ruris": "Addresses of record that calls are kept for.",
    "tsilo.stored_transactions": "Calls that are kept.",
    "tsilo.total_ruris": "Addresses of record that calls were kept for.",
    "tsilo.total_transactions": "Calls that were kept.",
    "tsilo.added_branches": "Branches that were added to calls.",
  },
});
