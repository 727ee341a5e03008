/** Names to places, with the parameters of the core: weights by chance, memory, preferences, what is slow (RFC 2782, RFC 3263). */
import { expect, test } from "vitest";
import type { Config } from "../../src/declare/core.ts";
import type { Host } from "../../src/declare/host.ts";
import type { Answer } from "../../src/declare/value.ts";
import { dnsParameters } from "../../src/modules/core/parameters-dns.ts";
import { Blocklist } from "../../src/run/names/blocklist.ts";
import { type Reach, Resolver, type Target } from "../../src/run/names/resolver.ts";
import { SimulatedHost } from "../../src/simulate/host.ts";
import type { Protocol } from "../../src/sip/address.ts";

const UDP: Reach = { ipv6: false, protocols: new Set<Protocol>(["udp"]) };

/** The parameters' own values, but for those given. */
function config(given: Readonly<Record<string, number>> = {}): Config {
  const value = (name: string): number => given[name] ?? Number(dnsParameters[name]?.fallback ?? 0);
  return { int: value, str: String, has: () => true } as unknown as Config;
}

function rig(given: Readonly<Record<string, number>> = {}) {
  const host = new SimulatedHost();
  const resolver = new Resolver(host as Host);
  const settings = config(given);
  const find = (name: string, port = 0): Answer<readonly Target[]> =>
    resolver.targets(name, port, "udp", false, settings, UDP);
  return { host, resolver, find, settings, records: host.dns.records };
}

const pass = (host: SimulatedHost, ms: number): Promise<void> => host.clock.runUntil(host.clock.now() + ms);

const srv = (priority: number, weight: number, target: string) => ({ priority, weight, port: 5060, target });

test("dns_srv_lb shares the calls by weight, within the lowest priority", async () => {
  const { find, records } = rig({ dns_srv_lb: 1 });
  records.srv.set("_sip._udp.lb", [
    srv(10, 75, "heavy"),
    srv(10, 25, "light"),
    srv(10, 0, "seldom"),
    srv(20, 9, "spare"),
  ]);
  for (const [i, name] of ["heavy", "light", "seldom", "spare"].entries()) records.a.set(name, [`192.0.2.${i}`]);
  const counts: Record<string, number> = {};
  for (let i = 0; i < 2000; i++) {
    const [first] = await find("lb");
    counts[first!.ip] = (counts[first!.ip] ?? 0) + 1;
  }
  expect(counts["192.0.2.0"]).toBeGreaterThan(1400);
  expect(counts["192.0.2.0"]).toBeLessThan(1600);
  expect(counts["192.0.2.1"]).toBeGreaterThan(400);
  expect(counts["192.0.2.2"] ?? 0).toBeLessThan(5);
  expect(counts["192.0.2.3"]).toBeUndefined();
});

test("with failover every place is told, each once, by priority", async () => {
  const { find, records } = rig({ dns_srv_lb: 1, use_dns_failover: 1 });
  records.srv.set("_sip._udp.all", [srv(20, 1, "c"), srv(10, 1, "a"), srv(10, 1, "b")]);
  for (const name of ["a", "b", "c"]) records.a.set(name, [`192.0.2.${name.charCodeAt(0)}`]);
  const ips = (await find("all")).map((it) => it.ip);
  expect([...ips].sort()).toEqual(["192.0.2.97", "192.0.2.98", "192.0.2.99"]);
  expect(ips[2]).toBe("192.0.2.99");
});

test("one question at a time for a name; several calls wait for the same answer", async () => {
  const { find, host, records } = rig();
  records.a.set("one", ["192.0.2.1"]);
  let asked = 0;
  const ask = host.dns.a;
  host.dns.a = (name) => {
    asked++;
    return ask(name);
  };
  await Promise.all([find("one", 5060), find("one", 5060), find("ONE", 5060)]);
  expect(asked).toBe(1);
});

test("dns_cache_mem bounds what is kept: the name not used for longest goes, if it may", async () => {
  for (const [may, kept] of [
    [0, ["n0", "n1", "n2"]],
    [1, ["n7", "n8", "n9"]],
  ] as const) {
    const { find, host, records, resolver } = rig({ dns_cache_mem: 1, dns_cache_del_nonexp: may });
    for (let i = 0; i < 10; i++) {
      records.a.set(`n${i}`, ["192.0.2.1"]);
      await find(`n${i}`, 5060);
      await pass(host, 10);
    }
    expect(resolver.cache.bytes).toBeLessThanOrEqual(1024);
    const names = [...resolver.cache.entries()].map((it) => it.name);
    expect(names).toEqual(expect.arrayContaining([...kept]));
  }
});

test("without a cache the hosts file goes first, and every call asks anew", async () => {
  const { find, host, records, resolver } = rig({ use_dns_cache: 0 });
  records.a.set("both", ["192.0.2.1"]);
  Object.assign(host.dns, { hosts: (name: string) => (name === "both" ? ["::1", "127.0.0.9"] : []) });
  expect(await find("both", 5060)).toEqual([{ protocol: "udp", ip: "127.0.0.9", port: 5060 }]);
  expect(resolver.cache.bytes).toBe(0);
});

test("a question that takes longer than dns_slow_query_ms is told", async () => {
  const { find, host, resolver } = rig({ dns_slow_query_ms: 100 });
  const told: string[] = [];
  resolver.cache.onSlow = (name, took) => told.push(`${name} ${took}`);
  host.dns.delay = 250;
  const found = find("slow", 5060);
  await pass(host, 250);
  await found;
  expect(told).toEqual(["slow 250"]);
});

test("the blocklist keeps to dst_blocklist_mem, and permanent entries stay", () => {
  const host = new SimulatedHost();
  const list = new Blocklist(host.clock);
  const settings = config({ dst_blocklist_mem: 1 });
  const place = (i: number) => ({ protocol: "udp" as const, ip: `192.0.2.${i}`, port: 5060 });
  let added = 0;
  for (let i = 0; i < 100; i++) if (list.add(place(i), i === 0 ? 128 : 2, 60, settings)) added++;
  expect(list.bytes).toBeLessThanOrEqual(1024);
  expect(added).toBe(list.entries().length);
  list.flush();
  expect(list.entries().map((it) => it.ip)).toEqual(["192.0.2.0"]);
});
