/** ipops: IP addresses and DNS queries. Follows Kamailio's src/modules/ipops. */
import { declare, str, variable } from "../../declare/module.ts";
import { parseIp, sameAddress } from "../../sip/ip.ts";
import {
  type AnswerKind,
  type Answers,
  bindAnswer,
  type DnsAnswer,
  keep,
  matches,
  queryAddresses,
  queryName,
  queryPointers,
  queryServices,
} from "./dns.ts";
import { addressType, ipv4Kind, ipv6Kind, isInSubnets, isRfc1918 } from "./ranges.ts";

interface Ipops {
  readonly answers: Answers;
}
const { fn, pv, module } = declare<Ipops>();

const yes = { 1: "yes", [-1]: "no" } as const;
const ip = str("The address.");
const name = str("The name to look up.");
const id = str("Name under which the answer is kept.");
const result = variable("Where the kind is stored.");
const stored = { 1: "the kind was stored", [-1]: "it is no such address" } as const;

/** A test of one address by its type: 1 IPv4, 2 IPv6, 3 IPv6 in brackets. */
const test = (doc: string, types: readonly number[]) =>
  fn({
    doc,
    in: "any",
    args: { ip },
    returns: yes,
    run: (_call, args) => (types.includes(addressType(args.ip)) ? 1 : -1),
  });

/** A function that stores the kind of an address. */
const kind = (doc: string, of: (address: string) => string | null) =>
  fn({
    doc,
    in: "any",
    args: { ip, result },
    returns: stored,
    run(call, args) {
      const found = of(args.ip);
      return found !== null && args.result.set?.(call, found) ? 1 : -1;
    },
  });

const DNS_KEYS = ["addr", "type", "ipv4", "ipv6", "count", "hostname"];
const answer = (doc: string, of: AnswerKind, keys: readonly string[]) =>
  pv({ doc, bind: (text, _core, state, variables) => bindAnswer(of, keys, text, variables, () => state().answers) });

const EMPTY: DnsAnswer = { count: 0, single: {}, records: [] };

const matchIp = fn({
  doc: "Tells whether an address is one of a name's.",
  in: "any",
  waits: true,
  args: { name, ip },
  returns: { 1: "it is", [-1]: "it is not", [-3]: "it is no address", [-4]: "the name has no address" },
  run(call, args) {
    if (parseIp(args.ip) === null) return -3;
    return matches(call.core, args.name, args.ip).then((it) => (it === null ? -4 : it ? 1 : -1));
  },
});

export const ipops = module({
  name: "ipops",
  doc: "Tests of IP addresses, and DNS queries.",
  params: {},
  start: () => ({ answers: new WeakMap() }),
  functions: {
    is_ip: test("Tells whether a text is an IP address, in brackets or not.", [1, 2, 3]),
    is_pure_ip: test("Tells whether a text is an IP address without brackets.", [1, 2]),
    is_ipv4: test("Tells whether a text is an IPv4 address.", [1]),
    is_ipv6: test("Tells whether a text is an IPv6 address without brackets.", [2]),
    is_ipv6_reference: test("Tells whether a text is an IPv6 address in brackets.", [3]),
    ip_type: fn({
      doc: "Tells what an address is.",
      in: "any",
      args: { ip },
      returns: { 1: "an IPv4 address", 2: "an IPv6 address", 3: "an IPv6 address in brackets", [-1]: "no address" },
      run: (_call, args) => addressType(args.ip) || -1,
    }),
    detailed_ip_type: kind("Stores what an address is for: PUBLIC, PRIVATE, LOOPBACK and so on.", (it) =>
      addressType(it) === 0 ? null : it.includes(":") ? ipv6Kind(it) : ipv4Kind(it),
    ),
    detailed_ipv4_type: kind("Stores what an IPv4 address is for.", ipv4Kind),
    detailed_ipv6_type: kind("Stores what an IPv6 address is for.", ipv6Kind),
    compare_ips: fn({
      doc: "Tells whether two addresses are the same, in brackets or not.",
      in: "any",
      args: { a: ip, b: ip },
      returns: yes,
      run: (_call, args) => (addressType(args.a) && addressType(args.b) && sameAddress(args.a, args.b) ? 1 : -1),
    }),
    compare_pure_ips: fn({
      doc: "Tells whether two addresses without brackets are the same.",
      in: "any",
      args: { a: ip, b: ip },
      returns: yes,
      run(_call, args) {
        const pure = (it: string): boolean => addressType(it) === 1 || addressType(it) === 2;
        return pure(args.a) && pure(args.b) && sameAddress(args.a, args.b) ? 1 : -1;
      },
    }),
    is_ip_rfc1918: fn({
      doc: "Tells whether an address is a private IPv4 address (RFC 1918).",
      in: "any",
      args: { ip },
      returns: yes,
      run: (_call, args) => (isRfc1918(args.ip) ? 1 : -1),
    }),
    is_in_subnet: fn({
      doc: "Tells whether an address lies in one of several networks.",
      in: "any",
      args: { ip, networks: str("Networks in CIDR notation, with commas between them.") },
      returns: yes,
      run: (_call, args) => (isInSubnets(args.ip, args.networks) ? 1 : -1),
    }),
    dns_sys_match_ip: matchIp,
    dns_int_match_ip: matchIp,
    dns_query: fn({
      doc: "Looks the addresses of a name up, for $dns.",
      in: "any",
      waits: true,
      args: { name, id },
      returns: { 1: "they were found", [-4]: "there are none" },
      run: (call, args, state) =>
        queryAddresses(call.core, args.name).then((found) => {
          keep(state.answers, call, "dns", args.id, found ?? EMPTY);
          return found ? 1 : -4;
        }),
    }),
    ptr_query: fn({
      doc: "Looks the name of an address up, for $ptrquery.",
      in: "any",
      waits: true,
      args: { ip, id },
      returns: { 1: "it was found", [-4]: "it is no address", [-6]: "it has no name" },
      run(call, args, state) {
        if (addressType(args.ip) === 0) return -4;
        return queryName(call.core, args.ip).then((found) => {
          keep(state.answers, call, "ptr", args.id, found ?? EMPTY);
          return found ? 1 : -6;
        });
      },
    }),
    srv_query: fn({
      doc: "Looks the SRV records of a name up, for $srvquery.",
      in: "any",
      waits: true,
      args: { name, id },
      returns: { 1: "they were looked up; there may be none", [-2]: "there is no name" },
      run(call, args, state) {
        if (args.name === "") return -2;
        return queryServices(call.core, args.name).then((found) => {
          keep(state.answers, call, "srv", args.id, found);
          return 1;
        });
      },
    }),
    naptr_query: fn({
      doc: "Looks the NAPTR records of a name up, for $naptrquery.",
      in: "any",
      waits: true,
      args: { name, id },
      returns: { 1: "they were looked up; there may be none", [-2]: "there is no name" },
      run(call, args, state) {
        if (args.name === "") return -2;
        return queryPointers(call.core, args.name).then((found) => {
          keep(state.answers, call, "naptr", args.id, found);
          return 1;
        });
      },
    }),
  },
  variables: {
    dns: answer("Addresses that dns_query() has found: $dns(id=>addr[0]).", "dns", DNS_KEYS),
    ptrquery: answer("The name that ptr_query() has found: $ptrquery(id=>hostname).", "ptr", DNS_KEYS),
    srvquery: answer("Records that srv_query() has found: $srvquery(id=>target[0]).", "srv", [
      "count",
      "port",
      "priority",
      "target",
      "weight",
    ]),
    naptrquery: answer("Records that naptr_query() has found: $naptrquery(id=>replace[0]).", "naptr", [
      "count",
      "order",
      "pref",
      "flags",
      "services",
      "regex",
      "replace",
    ]),
    HN: pv({
      doc: "This machine's name.",
      keys: { n: "up to the first dot", f: "whole", d: "its domain", i: "its first address" },
      get({ core }, key) {
        const { hostname } = core.host.process;
        const dot = hostname.indexOf(".");
        if (key === "f") return hostname || null;
        if (key === "n") return (dot < 0 ? hostname : hostname.slice(0, dot)) || null;
        if (key === "d") return dot < 0 ? null : hostname.slice(dot + 1) || null;
        const own = core.host.process.interfaces();
        return (own.find((it) => !it.internal) ?? own[0])?.address ?? null;
      },
    }),
  },
  commands: {},
  events: {},
});
