/** The DNS of a ladder: what its `dns` lines say. */
import type { SimulatedDns } from "../names.ts";
import type { DnsLine } from "./ladder.ts";
import { timeOf } from "./read-step.ts";

/** What is wrong with the line; undefined when it has been done. */
export function changeNames(dns: SimulatedDns, { type, args: all }: DnsLine): string | undefined {
  if (type === "dead" || type === "alive") {
    dns.dead = type === "dead";
    return undefined;
  }
  if (type === "delay") {
    const delay = timeOf(all.join(""));
    if (delay === undefined) return "dns delay TIME";
    dns.delay = delay;
    return undefined;
  }
  const lives = all.at(-2) === "ttl" && /^\d+$/.test(all.at(-1)!) ? Number(all.at(-1)) : undefined;
  const [name, ...rest] = lives === undefined ? all : all.slice(0, -2);
  if (name === undefined) return `dns ${type} NAME …`;
  if (lives !== undefined) dns.ttl.set(name.toLowerCase(), lives);
  if (type === "nxdomain") {
    for (const records of Object.values(dns.records)) records.delete(name.toLowerCase());
    return undefined;
  }
  return addRecord(dns, type, name, rest);
}

function addRecord(
  dns: SimulatedDns,
  type: keyof SimulatedDns["records"],
  name: string,
  rest: string[],
): string | undefined {
  const { records } = dns;
  const add = <T>(map: Map<string, readonly T[]>, ...more: T[]): void => {
    map.set(name.toLowerCase(), [...(map.get(name.toLowerCase()) ?? []), ...more]);
  };
  if (type === "srv") {
    const [priority, weight, port, target] = rest;
    if (target === undefined) return "dns srv NAME PRIORITY WEIGHT PORT TARGET";
    add(records.srv, { priority: Number(priority), weight: Number(weight), port: Number(port), target });
  } else if (type === "naptr") {
    const [order, preference, flags, service] = rest;
    const replacement = rest.at(-1);
    if (rest.length < 5 || rest.length > 6) return "dns naptr NAME ORDER PREFERENCE FLAGS SERVICE [REGEXP] REPLACEMENT";
    add(records.naptr, {
      order: Number(order),
      preference: Number(preference),
      flags: flags!,
      service: service!,
      regexp: rest.length === 6 ? rest[4]! : "",
      replacement: replacement!,
    });
  } else {
    if (rest.length === 0) return `dns ${type} NAME ${type === "txt" ? "TEXT" : type === "ptr" ? "HOST" : "ADDRESS"}…`;
    add(records[type], ...rest);
  }
  return undefined;
}
