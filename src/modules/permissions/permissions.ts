/** permissions: who may send, call and register, by files and tables. Follows Kamailio's src/modules/permissions. */
import type { Call } from "../../declare/call.ts";
import { type Core, LogLevel } from "../../declare/core.ts";
import { type Fn, int, type RouteKind, type Rpc, RpcFault, str, text, variable } from "../../declare/module.ts";
import { toText } from "../../declare/variables-values.ts";
import { Tables, tableStatistics } from "../db/tables.ts";
import { type Addresses, addressesOf, type Entry, parseAddresses } from "./addresses.ts";
import { byBase, byFiles, LONGEST, none, readRules, registering, routing } from "./files.ts";
import { parameters } from "./parameters.ts";
import { search } from "./rules.ts";
import { fn, module, type Permissions, rpc } from "./state.ts";
import { PROTOCOLS, Trusted } from "./trusted.ts";

/** The group of the entry, whose tag goes to peer_tag_avp. */
function found(call: Call, entry: Entry | undefined, { tag }: Permissions): number {
  if (!entry) return -1;
  if (entry.tag !== "") tag?.set?.(call, entry.tag);
  return entry.group;
}

function readAddresses(core: Core, file: string, longest: boolean, mostSubnets: number): Addresses | string {
  const content = core.host.files.read(file);
  if (content === null) return `address_file: ${file} cannot be read`;
  const parsed = parseAddresses(content, longest, mostSubnets);
  return typeof parsed === "string" ? `address_file: ${file}: ${parsed}` : parsed;
}

/** The groups anew, from where they come. A string is the problem, and the old ones stay. */
async function loadAddresses(state: Permissions): Promise<string | undefined> {
  const { core, tables, addressTable, addressFile, longest, mostSubnets } = state;
  let addresses: Addresses | string;
  if (addressFile !== "") addresses = readAddresses(core, addressFile, longest, mostSubnets);
  else {
    if (!tables || !addressTable) return "there is neither address_file nor db_url";
    const rows = await tables.query(addressTable.name, [], addressTable.columns);
    if (!rows) return `the table ${addressTable.name} cannot be read`;
    addresses = addressesOf(rows, longest, mostSubnets);
    if (typeof addresses === "string") return `the table ${addressTable.name}: ${addresses}`;
  }
  if (typeof addresses === "string") return addresses;
  state.addresses = addresses;
  return undefined;
}

/** Reloads by command, not more often than reload_delta allows. */
async function reload(state: Permissions, load: () => Promise<string | undefined>): Promise<string> {
  const now = (): number => state.core.host.clock.wall() / 1000;
  if (state.reloading || (state.reloaded !== 0 && now() < state.reloaded + state.reloadDelta))
    throw new RpcFault(500, "ongoing reload");
  state.reloading = true;
  const problem = await load().finally(() => {
    state.reloading = false;
    state.reloaded = now();
  });
  if (problem !== undefined) throw new RpcFault(500, `Reload failed. ${problem}`);
  return "Reload OK";
}

/** Bits of load_backends. */
const Backend = { addresses: 1, trusted: 2, allow: 4, deny: 8 } as const;
/** Version of both tables in Kamailio's database. */
const TABLE_VERSION = 6;

const trustedBy = async (
  call: Call,
  trusted: Trusted | undefined,
  address: string,
  protocol: string,
  from: string | undefined,
): Promise<number> => {
  if (from === undefined) return -1;
  const name = protocol.toLowerCase();
  if (trusted && Object.hasOwn(PROTOCOLS, name)) return trusted.match(call, address, name, from);
  const problem = trusted ? `there is no protocol ${protocol}` : "allow_trusted needs db_url";
  call.core.log.write(LogLevel.err, `permissions: ${problem}\n`);
  return -1;
};
const peer = {
  address: str("Address that the request came from."),
  protocol: str("Its protocol: udp, tcp, tls, ws, wss, sctp or any."),
};
const trust: Record<number, string> = { 1: "the peer is trusted", [-1]: "it is not, or an error" };

const anywhere = "any" as const;
const inRequests: readonly RouteKind[] = ["request", "failure"];
const base = text("Name of the files without their suffixes.");
const allowFile = text("File with rules that allow.");
const denyFile = text("File with rules that deny.");
const ruled = { 1: "allowed", [-1]: "denied" } as const;
const known = { 1: "the address is in the group", [-1]: "it is not" } as const;
const groups = { [-1]: "the address is in no group" } as Record<number, string>;

const register = (doc: string, withPort: boolean): Fn<Permissions> =>
  fn({
    doc,
    in: inRequests,
    args: { base },
    returns: ruled,
    run: (call, { base }, state) => registering(call, byBase(base, state), withPort, state),
    overloads: [
      fn({
        doc,
        in: inRequests,
        args: { allowFile, denyFile },
        returns: ruled,
        run: (call, args, state) => registering(call, byFiles(args.allowFile, args.denyFile, state), withPort, state),
      }),
    ],
  });

const dump = (doc: string, name: string, shown: (addresses: Addresses) => unknown): Rpc<Permissions> =>
  rpc({
    doc,
    args: {},
    run(_args, { addresses }) {
      if (!addresses) throw new RpcFault(500, `No ${name} table`);
      return shown(addresses);
    },
  });
const item = (it: Entry, name: string): object => ({ [name]: it.address, port: it.port, tag: it.tag || "NULL" });

const testUri: Rpc<Permissions> = rpc({
  doc: "Tells what the rules of two files say of a URI and a contact.",
  args: { base: str("Name of the files without their suffixes."), uri: str("Who."), contact: str("What.") },
  run({ base, uri, contact }, state) {
    const rules = byBase(base, state);
    if (none(rules) || search(rules.allow, uri, contact)) return "Allowed";
    return search(rules.deny, uri, contact) ? "Denied" : "Allowed";
  },
});

export const permissions = module({
  name: "permissions",
  doc: "Who may send, call and register, by files and tables.",

  params: parameters,

  start(params, core, old) {
    const backends = Number(params.load_backends);
    if (backends === 0) return "load_backends 0 leaves no backend";
    const longest = Number(params.subnet_match_mode) !== 0;
    const mostSubnets = Number(params.max_subnets);
    const mode = Number(params.db_mode);
    if (mode !== 0 && mode !== 1) return `there is no db_mode ${mode}`;
    const tables = params.db_url === "" ? undefined : Tables.open(core, "permissions", params.db_url);
    if (typeof tables === "string") return tables;
    const tag = params.peer_tag_avp ? core.variables.variable(params.peer_tag_avp) : undefined;
    if (typeof tag === "string") return `peer_tag_avp: ${tag}`;
    if (tag && tag.name !== "avp") return `peer_tag_avp: ${params.peer_tag_avp} is no AVP`;
    const usesAddresses = (backends & Backend.addresses) !== 0;
    const byFile = usesAddresses && params.address_file !== "";
    const addresses = byFile ? readAddresses(core, params.address_file, longest, mostSubnets) : undefined;
    if (typeof addresses === "string") return addresses;
    const rulesOf = (backend: number, name: string) => ((backends & backend) !== 0 ? readRules(core, name) : []);
    const { grp_col, ip_addr_col, mask_col, port_col, tag_col } = params;
    return {
      core,
      addressFile: params.address_file,
      longest,
      mostSubnets,
      tables,
      addressTable:
        usesAddresses && !byFile && tables
          ? { name: params.address_table, columns: [grp_col, ip_addr_col, mask_col, port_col, tag_col] }
          : undefined,
      addresses,
      trusted:
        (backends & Backend.trusted) !== 0 && tables
          ? new Trusted(core, tables, {
              table: params.trusted_table,
              columns: {
                source: params.source_col,
                protocol: params.proto_col,
                from: params.from_col,
                uri: params.ruri_col,
                tag: tag_col,
                priority: params.priority_col,
              },
              cached: mode === 1,
              tag,
              allTags: Number(params.peer_tag_mode) !== 0,
            })
          : undefined,
      tag,
      allBranches: Number(params.check_all_branches) !== 0,
      allowSuffix: params.allow_suffix,
      denySuffix: params.deny_suffix,
      defaults: {
        allow: rulesOf(Backend.allow, params.default_allow_file),
        deny: rulesOf(Backend.deny, params.default_deny_file),
      },
      files: new Map(),
      reloadDelta: Math.max(0, Number(params.reload_delta)),
      reloaded: old?.reloaded ?? 0,
      reloading: false,
    };
  },
  async open(state) {
    const { tables, trusted, addressTable } = state;
    const names = [trusted?.settings.table, addressTable?.name].filter((it) => it !== undefined);
    for (const name of names) {
      const problem = await tables?.problemWithVersion(name, TABLE_VERSION);
      if (problem) throw new Error(`permissions: ${problem}`);
    }
    const problem =
      (trusted?.settings.cached && (await trusted.load())) || (addressTable && (await loadAddresses(state)));
    if (problem) throw new Error(`permissions: ${problem}`);
  },
  stop: (state) => state.tables?.close(),

  functions: {
    allow_routing: fn({
      doc: "Tells by the default files whether the caller may reach the Request-URI.",
      in: anywhere,
      args: {},
      returns: ruled,
      run: (call, _args, state) => routing(call, state.defaults, state),
      overloads: [
        fn({
          doc: "By two files whose names differ in their suffix.",
          in: anywhere,
          args: { base },
          returns: ruled,
          run: (call, { base }, state) => routing(call, byBase(base, state), state),
        }),
        fn({
          doc: "By two files.",
          in: anywhere,
          args: { allowFile, denyFile },
          returns: ruled,
          run: (call, args, state) => routing(call, byFiles(args.allowFile, args.denyFile, state), state),
        }),
      ],
    }),
    allow_register: register("Tells whether the user may register these contacts; ports do not count.", false),
    allow_register_include_port: register(
      "Tells whether the user may register these contacts, with their ports.",
      true,
    ),
    allow_uri: fn({
      doc: "Tells whether the caller may reach a URI.",
      in: inRequests,
      args: { base, uri: variable("A variable with the URI.", { computed: false }) },
      returns: ruled,
      run(call, { base, uri }, state) {
        const rules = byBase(base, state);
        if (none(rules)) return 1;
        const from = call.msg.from?.uri;
        const value = uri.get(call);
        if (from === undefined || value === null || value === undefined) return -1;
        const target = toText(value);
        if (from.length > LONGEST || target.length > LONGEST) return -1;
        return search(rules.allow, from, target) || !search(rules.deny, from, target) ? 1 : -1;
      },
    }),

    allow_address: fn({
      doc: "Tells whether an address and port are in a group.",
      in: anywhere,
      args: { group: int("The group."), address: str("Address or domain name."), port: int("The port.") },
      returns: known,
      run(call, { group, address, port }, state) {
        const entry = state.addresses?.find(address, Number(port), Number(group));
        return found(call, entry, state) < 0 ? -1 : 1;
      },
    }),
    allow_source_address: fn({
      doc: "Tells whether the address that the message came from is in a group.",
      in: anywhere,
      args: { group: int("The group.", { fallback: 1 }) },
      returns: known,
      run(call, { group }, state) {
        const { srcIp, srcPort } = call.msg.received;
        return found(call, state.addresses?.find(srcIp, srcPort, Number(group)), state) < 0 ? -1 : 1;
      },
    }),
    allow_trusted: fn({
      doc: "Tells by the table of trusted peers whether the message needs no authentication.",
      in: anywhere,
      args: {},
      returns: trust,
      waits: true,
      run(call, _args, state) {
        const { srcIp, protocol } = call.msg.received;
        return trustedBy(call, state.trusted, srcIp, protocol, call.msg.from?.uri);
      },
      overloads: [
        fn({
          doc: "For an address and a protocol.",
          in: anywhere,
          args: peer,
          returns: trust,
          waits: true,
          run: (call, args, state) => trustedBy(call, state.trusted, args.address, args.protocol, call.msg.from?.uri),
        }),
        fn({
          doc: "For an address, a protocol and a URI in place of From.",
          in: anywhere,
          args: { ...peer, from: str("The URI.") },
          returns: trust,
          waits: true,
          run: (call, args, state) => trustedBy(call, state.trusted, args.address, args.protocol, args.from),
        }),
      ],
    }),
    allow_address_group: fn({
      doc: "The group of an address and port is the code.",
      in: anywhere,
      args: { address: str("Address or domain name."), port: int("The port.") },
      returns: groups,
      run: (call, { address, port }, state) => found(call, state.addresses?.find(address, Number(port)), state),
    }),
    allow_source_address_group: fn({
      doc: "The group of the address that the message came from is the code.",
      in: anywhere,
      args: {},
      returns: groups,
      run(call, _args, state) {
        const { srcIp, srcPort } = call.msg.received;
        return found(call, state.addresses?.find(srcIp, srcPort), state);
      },
    }),
  },
  variables: {},

  commands: {
    "permissions.addressReload": rpc({
      doc: "Reads the groups of addresses again; on a mistake the old ones stay.",
      args: {},
      run: (_args, state) => reload(state, () => loadAddresses(state)),
    }),
    "permissions.trustedReload": rpc({
      doc: "Reads the table of trusted peers again (db_mode 1); on a mistake the old ones stay.",
      args: {},
      run: (_args, state) =>
        reload(state, async () => {
          if (!state.trusted) return "there is no db_url";
          if (!state.trusted.settings.cached) throw new RpcFault(500, "Reload skipped (disabled cache)");
          return state.trusted.load();
        }),
    }),
    "permissions.trustedDump": rpc({
      doc: "The trusted peers in memory (db_mode 1).",
      args: {},
      run(_args, { trusted }) {
        if (!trusted?.settings.cached) throw new RpcFault(500, "No trusted table");
        return trusted.dump();
      },
    }),
    "permissions.addressDump": dump("The single addresses.", "address", ({ hosts }) =>
      hosts.map((it) => ({ table: 0, group: it.group, item: item(it, "ip") })),
    ),
    "permissions.subnetDump": dump("The subnets.", "subnet", ({ subnets }) =>
      subnets.map((it, id) => ({ id, group: it.group, item: { ...item(it, "ip"), mask: it.mask, tag: it.tag } })),
    ),
    "permissions.domainDump": dump("The domain names.", "domain list", ({ domains }) =>
      domains.map((it) => ({ table: 0, group: it.group, item: item(it, "domain_name") })),
    ),
    "permissions.testUri": testUri,
    "permissions.allowUri": testUri,
  },
  events: {},
  statistics: tableStatistics("permissions"),
});
