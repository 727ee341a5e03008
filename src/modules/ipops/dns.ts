/** Answers of DNS queries, kept for a worker under names of the script's choice, and the variables that read them. */
import type { Call } from "../../declare/call.ts";
import type { Core } from "../../declare/core.ts";
import type { Bound, PvText } from "../../declare/module.ts";
import type { Read, Value } from "../../declare/value.ts";
import type { Variables } from "../../declare/variable.ts";
import { parseIp, sameAddress } from "../../sip/ip.ts";

/** One answer: values that stand for all of it, and lists with a value for each record. */
export interface DnsAnswer {
  readonly count: number;
  readonly single: Readonly<Record<string, Value>>;
  readonly records: readonly Readonly<Record<string, Value>>[];
}
export type AnswerKind = "dns" | "ptr" | "srv" | "naptr";

/** The worker is known by its `$var`s. */
export type Answers = WeakMap<Value[], Map<string, DnsAnswer>>;

export function keep(answers: Answers, call: Call, kind: AnswerKind, name: string, answer: DnsAnswer): void {
  let own = answers.get(call.vars);
  if (!own) answers.set(call.vars, (own = new Map()));
  own.set(`${kind} ${name}`, answer);
}

/** Binds `$dns(name=>key[index])` and its like. */
export function bindAnswer(
  kind: AnswerKind,
  keys: readonly string[],
  { inner }: PvText,
  variables: Variables,
  answers: () => Answers,
): Bound | string {
  const found = /^\s*([^=\s]+)\s*=>\s*([a-z0-9]+)\s*(?:\[\s*(-?\d+|\$.+)\s*\])?\s*$/.exec(inner ?? "");
  const [, name = "", key = "", at] = found ?? [];
  if (found === null || !keys.includes(key)) return `expected name=>${keys.join(" or name=>")}, with an [index]`;
  const single = ["count", "ipv4", "ipv6", "hostname"].includes(key);
  if (!single && at === undefined && kind !== "dns" && kind !== "ptr") return `${key} needs an [index]`;
  const variable = at?.startsWith("$") ? variables.variable(at) : undefined;
  if (typeof variable === "string") return variable;
  return {
    get(call): Read {
      const answer = answers().get(call.vars)?.get(`${kind} ${name}`);
      if (!answer) return kind === "srv" || kind === "naptr" ? (key === "count" ? 0 : null) : null;
      if (key === "count" && kind !== "dns" && kind !== "ptr") return answer.count;
      const value = variable ? variable.get(call) : Number(at ?? 0);
      if (typeof value !== "number") return null;
      const index = value < 0 ? answer.count + value : value;
      const record = answer.records[index];
      if (record === undefined) return null;
      return key === "count" ? answer.count : single ? (answer.single[key] ?? null) : (record[key] ?? null);
    },
  };
}

/** IPv4 and IPv6 addresses of a name; an address is its own. Null when it has none or nobody answered. */
export async function addressesOf(core: Core, name: string): Promise<string[] | null> {
  if (parseIp(name) !== null) return [name];
  const { dns } = core.host;
  const none = { records: [] as readonly string[] };
  const [v4, v6] = await Promise.all([dns.a(name).catch(() => none), dns.aaaa(name).catch(() => none)]);
  const all = [...v4.records, ...v6.records];
  return all.length > 0 ? all : null;
}

export async function queryAddresses(core: Core, name: string): Promise<DnsAnswer | null> {
  const found = name.length > 255 ? null : await addressesOf(core, name);
  if (found === null) return null;
  const records = found.map((addr) => ({ addr, type: addr.includes(":") ? 6 : 4 }));
  const has = (type: number): number => (records.some((it) => it.type === type) ? 1 : 0);
  return { count: records.length, single: { ipv4: has(4), ipv6: has(6), hostname: name }, records };
}

export async function queryName(core: Core, address: string): Promise<DnsAnswer | null> {
  const names = await core.host.dns.ptr(address).then(
    (answer) => answer.records,
    () => [],
  );
  const [hostname] = names;
  if (hostname === undefined) return null;
  const type = address.includes(":") ? 6 : 4;
  return {
    count: 1,
    single: { ipv4: type === 4 ? 1 : 0, ipv6: type === 6 ? 1 : 0, hostname },
    records: [{ addr: address, type }],
  };
}

/** At most 32 records by priority, those of equal priority drawn by weight (RFC 2782). */
export async function queryServices(core: Core, name: string): Promise<DnsAnswer> {
  const found = await core.host.dns.srv(name).then(
    (answer) => answer.records.slice(0, 32),
    () => [],
  );
  const left = [...found].sort((a, b) => a.priority - b.priority);
  const records: Record<string, Value>[] = [];
  while (left.length > 0) {
    const same = left.filter((it) => it.priority === left[0]!.priority);
    let draw = core.host.random.next() * (same.reduce((sum, it) => sum + it.weight, 0) + 1);
    const next = same.find((it) => (draw -= it.weight) <= 0) ?? same[0]!;
    left.splice(left.indexOf(next), 1);
    records.push({ port: next.port, priority: next.priority, target: next.target, weight: next.weight });
  }
  return { count: records.length, single: {}, records };
}

/** At most 32 records by order and preference. */
export async function queryPointers(core: Core, name: string): Promise<DnsAnswer> {
  const found = await core.host.dns.naptr(name).then(
    (answer) => answer.records.slice(0, 32),
    () => [],
  );
  const records = [...found]
    .sort((a, b) => a.order - b.order || a.preference - b.preference)
    .map((it) => ({
      order: it.order,
      pref: it.preference,
      flags: it.flags,
      services: it.service,
      regex: it.regexp,
      replace: it.replacement,
    }));
  return { count: records.length, single: {}, records };
}

/** True when the address is one of a name's; null when the name has none. */
export async function matches(core: Core, name: string, address: string): Promise<boolean | null> {
  const found = await addressesOf(core, name);
  return found === null ? null : found.some((it) => sameAddress(it, address));
}
