/** permissions: who may send, call and register, by files. Follows Kamailio's src/modules/permissions, without databases. */
import type { Call } from "../../declare/call.ts";
import { type Core, LogLevel } from "../../declare/core.ts";
import {
  declare,
  type Fn,
  int,
  type RouteKind,
  type Rpc,
  RpcFault,
  str,
  text,
  variable,
} from "../../declare/module.ts";
import type { VariableRef } from "../../declare/variable.ts";
import { toText } from "../../declare/variables-values.ts";
import { HeaderType } from "../../sip/headers.ts";
import { parseNameAddrs } from "../../sip/nameaddr.ts";
import { parseUri } from "../../sip/uri.ts";
import { Addresses, type Entry, parseAddresses } from "./addresses.ts";
import { parseRules, type Rule, search } from "./rules.ts";

interface Rules {
  readonly allow: readonly Rule[];
  readonly deny: readonly Rule[];
}
interface Permissions {
  readonly core: Core;
  readonly addressFile: string;
  readonly longest: boolean;
  readonly mostSubnets: number;
  addresses: Addresses;
  readonly tag: VariableRef | undefined;
  readonly allBranches: boolean;
  readonly allowSuffix: string;
  readonly denySuffix: string;
  readonly defaults: Rules;
  /** Rules by file name, read once. */
  readonly files: Map<string, readonly Rule[]>;
  /** Seconds that must pass between two reloads, and when the last was. */
  readonly reloadDelta: number;
  reloaded: number;
}
const { fn, rpc, module } = declare<Permissions>();

/** Longest URI that rules are tried on, as in Kamailio. */
const LONGEST = 256;

// ── Rules ────────────────────────────────────────────────────────────────────

/** A name without a slash stands beside the script. */
const pathOf = ({ host, file }: Core, name: string): string =>
  name.includes("/") ? name : host.files.resolve(host.files.dirname(file), name);

function readRules(core: Core, name: string): readonly Rule[] {
  const path = pathOf(core, name);
  const content = core.host.files.read(path);
  if (content === null) {
    core.log.write(LogLevel.info, `permissions: the file ${path} cannot be read\n`);
    return [];
  }
  return parseRules(
    content,
    (source) => core.regex(source, { icase: true }),
    (problem) => core.log.write(LogLevel.err, `permissions: ${path}: ${problem}\n`),
  );
}
function fileOf(name: string, state: Permissions): readonly Rule[] {
  let rules = state.files.get(name);
  if (!rules) state.files.set(name, (rules = readRules(state.core, name)));
  return rules;
}
const byBase = (base: string, state: Permissions): Rules => ({
  allow: fileOf(base + state.allowSuffix, state),
  deny: fileOf(base + state.denySuffix, state),
});
const byFiles = (allow: string, deny: string, state: Permissions): Rules => ({
  allow: fileOf(allow, state),
  deny: fileOf(deny, state),
});
const none = ({ allow, deny }: Rules): boolean => allow.length === 0 && deny.length === 0;

/** `sip:user@host`, and the port when it counts; undefined for a malformed or long URI. */
function plain(uri: string, withPort: boolean): string | undefined {
  const parsed = parseUri(uri);
  if (!parsed) return undefined;
  const port = withPort && parsed.port !== "" ? `:${parsed.port}` : "";
  const shown = `sip:${parsed.user && `${parsed.user}@`}${parsed.host}${port}`;
  return shown.length > LONGEST ? undefined : shown;
}

function routing({ msg }: Call, rules: Rules, { allBranches }: Permissions): 1 | -1 {
  if (none(rules)) return 1;
  const from = msg.from?.uri ?? "";
  const uri = msg.parsedUri;
  if (!msg.from || !uri || from.length > LONGEST) return -1;
  const allowed = search(rules.allow, from, `sip:${uri.user}@${uri.host}`);
  if (!allowed && search(rules.deny, from, `sip:${uri.user}@${uri.host}`)) return -1;
  if (!allBranches) return 1;
  for (const branch of msg.branches) {
    const shown = plain(branch.uri, false);
    if (shown === undefined) return -1;
    if (!search(rules.allow, from, shown) && search(rules.deny, from, shown)) return -1;
  }
  return 1;
}

function registering({ msg }: Call, rules: Rules, withPort: boolean, { allBranches }: Permissions): 1 | -1 {
  if (none(rules)) return 1;
  const to = msg.to?.uri;
  if (to === undefined || to.length > LONGEST) return -1;
  for (const header of msg.headers) {
    if (header.type !== HeaderType.contact) continue;
    if (msg.value(header).trim() === "*") return 1;
    const contacts = parseNameAddrs(msg.text, header.valueStart, header.valueEnd);
    if (!contacts) return -1;
    for (const { uri } of contacts) {
      const shown = plain(uri, withPort);
      if (shown === undefined) return -1;
      // Kamailio passes an allowed contact over only when all branches are to be checked.
      if (search(rules.allow, to, shown) && allBranches) continue;
      if (search(rules.deny, to, shown)) return -1;
    }
  }
  return 1;
}

// ── Addresses ────────────────────────────────────────────────────────────────

/** The group of the entry, whose tag goes to peer_tag_avp. */
function found(call: Call, entry: Entry | undefined, { tag }: Permissions): number {
  if (!entry) return -1;
  if (entry.tag !== "") tag?.set?.(call, entry.tag);
  return entry.group;
}

function load(core: Core, file: string, longest: boolean, mostSubnets: number): Addresses | string {
  if (file === "") return new Addresses(longest);
  const content = core.host.files.read(file);
  if (content === null) return `address_file: ${file} cannot be read`;
  const parsed = parseAddresses(content, longest, mostSubnets);
  return typeof parsed === "string" ? `address_file: ${file}: ${parsed}` : parsed;
}

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

const dump = (doc: string, shown: (addresses: Addresses) => unknown): Rpc<Permissions> =>
  rpc({ doc, args: {}, run: (_args, { addresses }) => shown(addresses) });
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
  doc: "Who may send, call and register, by files.",

  params: {
    default_allow_file: text("Rules that allow, for allow_routing() without files.", { fallback: "permissions.allow" }),
    default_deny_file: text("Rules that deny, for allow_routing() without files.", { fallback: "permissions.deny" }),
    check_all_branches: int("0: allow_routing looks at the Request-URI alone.", { fallback: 1 }),
    allow_suffix: text("Suffix of files with rules that allow.", { fallback: ".allow" }),
    deny_suffix: text("Suffix of files with rules that deny.", { fallback: ".deny" }),
    address_file: text("File with groups of addresses: `group address mask port tag`.", { fallback: "" }),
    peer_tag_avp: text("Variable for the tag of an address that was found.", { fallback: "" }),
    max_subnets: int("Most subnets in the file.", { fallback: 512 }),
    subnet_match_mode: int("0: the first subnet that fits counts; 1: the longest.", { fallback: 0 }),
    reload_delta: int("Seconds that must pass between two reloads by command.", { fallback: 5 }),
  },

  start(params, core, old) {
    const longest = Number(params.subnet_match_mode) !== 0;
    const mostSubnets = Number(params.max_subnets);
    const addresses = load(core, params.address_file, longest, mostSubnets);
    if (typeof addresses === "string") return addresses;
    const tag = params.peer_tag_avp ? core.variables.variable(params.peer_tag_avp) : undefined;
    if (typeof tag === "string") return `peer_tag_avp: ${tag}`;
    return {
      core,
      addressFile: params.address_file,
      longest,
      mostSubnets,
      addresses,
      tag,
      allBranches: Number(params.check_all_branches) !== 0,
      allowSuffix: params.allow_suffix,
      denySuffix: params.deny_suffix,
      defaults: { allow: readRules(core, params.default_allow_file), deny: readRules(core, params.default_deny_file) },
      files: new Map(),
      reloadDelta: Number(params.reload_delta),
      reloaded: old?.reloaded ?? 0,
    };
  },

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
        const entry = state.addresses.find(address, Number(port), Number(group));
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
        return found(call, state.addresses.find(srcIp, srcPort, Number(group)), state) < 0 ? -1 : 1;
      },
    }),
    allow_address_group: fn({
      doc: "The group of an address and port is the code.",
      in: anywhere,
      args: { address: str("Address or domain name."), port: int("The port.") },
      returns: groups,
      run: (call, { address, port }, state) => found(call, state.addresses.find(address, Number(port)), state),
    }),
    allow_source_address_group: fn({
      doc: "The group of the address that the message came from is the code.",
      in: anywhere,
      args: {},
      returns: groups,
      run(call, _args, state) {
        const { srcIp, srcPort } = call.msg.received;
        return found(call, state.addresses.find(srcIp, srcPort), state);
      },
    }),
  },
  variables: {},

  commands: {
    "permissions.addressReload": rpc({
      doc: "Reads address_file again; on a mistake in it the old groups stay.",
      args: {},
      run(_args, state, core) {
        const now = core.host.clock.wall() / 1000;
        if (state.reloaded !== 0 && now < state.reloaded + state.reloadDelta) throw new RpcFault(500, "ongoing reload");
        state.reloaded = now;
        const addresses = load(core, state.addressFile, state.longest, state.mostSubnets);
        if (typeof addresses === "string") throw new RpcFault(500, `Reload failed. ${addresses}`);
        state.addresses = addresses;
        return "Reload OK";
      },
    }),
    "permissions.addressDump": dump("The single addresses.", ({ hosts }) =>
      hosts.map((it) => ({ group: it.group, item: item(it, "ip") })),
    ),
    "permissions.subnetDump": dump("The subnets.", ({ subnets }) =>
      subnets.map((it, id) => ({ id, group: it.group, item: { ...item(it, "ip"), mask: it.mask, tag: it.tag } })),
    ),
    "permissions.domainDump": dump("The domain names.", ({ domains }) =>
      domains.map((it) => ({ group: it.group, item: item(it, "domain_name") })),
    ),
    "permissions.testUri": testUri,
    "permissions.allowUri": testUri,
  },
  events: {},
});
