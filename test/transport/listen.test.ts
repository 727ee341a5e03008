/** Listen lines as scripts write them, and the sockets and names that come of them. */
import { expect, test } from "vitest";
import type { Protocol } from "../../src/sip/address.ts";
import { parseHostPort } from "../../src/transport/hostport.ts";
import { type ListenLine, type ListenPlan, parseListen, resolveListens } from "../../src/transport/listen.ts";
import type { Family } from "../../src/transport/socket.ts";

const net = {
  interfaces: () => [
    { name: "lo", address: "127.0.0.1", family: 4 as Family, internal: true },
    { name: "lo", address: "::1", family: 6 as Family, internal: true },
    { name: "eth0", address: "10.0.0.5", family: 4 as Family, internal: false },
    { name: "eth0", address: "2001:db8::5", family: 6 as Family, internal: false },
    { name: "eth0", address: "fe80::5", family: 6 as Family, internal: false },
  ],
  lookup: async (name: string) => (name === "sip.example" ? [{ address: "10.0.0.5", family: 4 as Family }] : []),
  reverse: async (address: string) => (address === "127.0.0.1" ? "localhost" : undefined),
};

const plan = (lines: readonly ListenLine[], more: Partial<ListenPlan> = {}): ListenPlan => ({
  lines,
  port: 5060,
  tlsPort: 5061,
  tcp: true,
  tls: false,
  autoAliases: false,
  autoBindIpv6: false,
  aliases: [],
  ...more,
});

/** `proto:address:port`, with what else there is to say. */
const sockets = async (lines: readonly ListenLine[], more: Partial<ListenPlan> = {}): Promise<string[]> => {
  const { sockets, problems } = await resolveListens(plan(lines, more), net);
  return [
    ...sockets.map(
      (s) =>
        `${s.protocol}:${s.address}:${s.port}${s.advertise ? ` as ${s.advertise.host}:${s.advertise.port ?? "-"}` : ""}${s.name ? ` ${s.name}` : ""}`,
    ),
    ...problems.map((p) => `! ${p}`),
  ];
};
const line = (text: string): ListenLine => parseListen(text)!;

test("without a listen line every IPv4 address is used, UDP and TCP", async () => {
  expect(await sockets([])).toEqual([
    "udp:127.0.0.1:5060",
    "udp:10.0.0.5:5060",
    "tcp:127.0.0.1:5060",
    "tcp:10.0.0.5:5060",
  ]);
  expect(await sockets([], { tcp: false, port: 5070 })).toEqual(["udp:127.0.0.1:5070", "udp:10.0.0.5:5070"]);
});

test("auto_bind_ipv6 adds the IPv6 addresses, link-local ones apart", async () => {
  expect(await sockets([], { tcp: false, autoBindIpv6: true })).toEqual([
    "udp:127.0.0.1:5060",
    "udp:::1:5060",
    "udp:10.0.0.5:5060",
    "udp:2001:db8::5:5060",
  ]);
});

test("a line without a protocol means every enabled one", async () => {
  expect(await sockets([line("127.0.0.1:5070")])).toEqual(["udp:127.0.0.1:5070", "tcp:127.0.0.1:5070"]);
  expect(await sockets([line("127.0.0.1:5070")], { tls: true })).toEqual([
    "udp:127.0.0.1:5070",
    "tcp:127.0.0.1:5070",
    "tls:127.0.0.1:5071",
  ]);
});

test("lines of protocols that are off are ignored", async () => {
  expect(await sockets([line("tls:127.0.0.1"), line("udp:127.0.0.1"), line("sctp:127.0.0.1")])).toEqual([
    "udp:127.0.0.1:5060",
  ]);
});

test("a line without a port takes the script's, wherever that stands", async () => {
  expect(await sockets([line("udp:127.0.0.1"), line("tls:127.0.0.1")], { port: 5099, tls: true })).toEqual([
    "udp:127.0.0.1:5099",
    "tls:127.0.0.1:5061",
  ]);
});

test("interfaces, names, lists and ranges", async () => {
  expect(await sockets([line("udp:eth0:5080")])).toEqual(["udp:10.0.0.5:5080"]);
  expect(await sockets([line("udp:sip.example:5080")])).toEqual(["udp:10.0.0.5:5080"]);
  expect(await sockets([line("udp:(127.0.0.1, lo, eth0):5080")])).toEqual(["udp:127.0.0.1:5080", "udp:10.0.0.5:5080"]);
  expect(await sockets([line("udp:[2001:db8::5]:5080")])).toEqual(["udp:2001:db8::5:5080"]);
  const range = { protocol: "udp", hosts: ["127.0.0.1"], port: 5060, lastPort: 5062, name: "s", virtual: false };
  expect(await sockets([{ ...range, advertise: { host: "1.2.3.4", port: 6000 } }])).toEqual([
    "udp:127.0.0.1:5060 as 1.2.3.4:6000 s5060",
    "udp:127.0.0.1:5061 as 1.2.3.4:6001 s5061",
    "udp:127.0.0.1:5062 as 1.2.3.4:6002 s5062",
  ]);
});

test("a name that does not resolve is a problem", async () => {
  expect(await sockets([line("udp:nowhere.example")])).toEqual(["! could not resolve nowhere.example"]);
});

test("the same address twice is one socket, and the second name an alias", async () => {
  const { sockets, aliases } = await resolveListens(plan([line("udp:10.0.0.5"), line("udp:sip.example")]), net);
  expect(sockets).toHaveLength(1);
  expect(aliases).toEqual([{ protocol: "udp", host: "sip.example", port: 5060 }]);
});

test("auto_aliases asks for the names of the addresses", async () => {
  const { aliases } = await resolveListens(plan([line("127.0.0.1"), line("udp:10.0.0.5")], { autoAliases: true }), net);
  expect(aliases).toEqual([
    { protocol: "udp", host: "localhost", port: 5060 },
    { protocol: "tcp", host: "localhost", port: 5060 },
  ]);
});

test.each<[string, [Protocol | undefined, string, number] | undefined]>([
  ["a.example", [undefined, "a.example", 0]],
  ["a.example:5062", [undefined, "a.example", 5062]],
  ["TCP:a.example", ["tcp", "a.example", 0]],
  ["udp:[::1]:5060", ["udp", "[::1]", 5060]],
  ["[::1]", [undefined, "[::1]", 0]],
  ["nix:a.example", undefined],
  ["udp:a:b", undefined],
  ["udp:a:1:2", undefined],
  ["udp:a:", undefined],
  ["[[::1]", undefined],
  ["a:70000", undefined],
  ["", undefined],
])("host and port of `%s`", (text, expected) => {
  const it = parseHostPort(text);
  expect(it && [it.protocol, it.host, it.port]).toEqual(expected);
});

test.each<[string, Partial<ListenLine> | undefined]>([
  ["udp:127.0.0.1:5080/1.2.3.4:5060", { protocol: "udp", port: 5080, advertise: { host: "1.2.3.4", port: 5060 } }],
  ["127.0.0.1/sip.example", { hosts: ["127.0.0.1"], advertise: { host: "sip.example" } }],
  ["(eth0, eth1, 127.0.0.1):5065", { hosts: ["eth0", "eth1", "127.0.0.1"], port: 5065 }],
  ["tcp:(eth0)", { protocol: "tcp", hosts: ["eth0"] }],
  ["nix:a", undefined],
  ["()", undefined],
])("-l %s", (text, expected) => {
  const it = parseListen(text);
  if (expected) expect(it).toMatchObject(expected);
  else expect(it).toBeUndefined();
});
