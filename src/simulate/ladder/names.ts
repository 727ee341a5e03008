/** The DNS of a ladder: what its `dns` lines say. */
import type { SimulatedDns } from "../host.ts";
import type { DnsLine } from "./read.ts";

/** What is wrong with the line; undefined when its record has been added. */
export function addRecord(dns: SimulatedDns, step: DnsLine): string | undefined {
  const { type, args } = step;
  if (type === "dead") {
    dns.dead = true;
    return undefined;
  }
  const [name = "", ...rest] = args;
  const key = name.toLowerCase();
  const { records } = dns;
  if (type === "a" || type === "aaaa") {
    if (rest.length === 0) return `dns ${type} NAME ADDRESS…`;
    records[type].set(key, [...(records[type].get(key) ?? []), ...rest]);
  } else if (type === "srv") {
    const [priority, weight, port, target] = rest;
    if (target === undefined) return "dns srv NAME PRIORITY WEIGHT PORT TARGET";
    const record = { priority: Number(priority), weight: Number(weight), port: Number(port), target };
    records.srv.set(key, [...(records.srv.get(key) ?? []), record]);
  } else {
    const [order, preference, flags, service, replacement] = rest;
    if (replacement === undefined) return "dns naptr NAME ORDER PREFERENCE FLAGS SERVICE REPLACEMENT";
    const record = {
      order: Number(order),
      preference: Number(preference),
      flags: flags!,
      service: service!,
      regexp: "",
      replacement,
    };
    records.naptr.set(key, [...(records.naptr.get(key) ?? []), record]);
  }
  return undefined;
}
