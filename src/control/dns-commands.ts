/** The control commands about names: `dns.*`. Follows Kamailio's dns_cache.c. */
import type { Core } from "../declare/core.ts";
import { declare, int, RpcArray, RpcFault, str } from "../declare/module.ts";
import { type AnyRecord, type NameEntry, NameFlag, type Names, type RecordType } from "../declare/names.ts";
import type { Int } from "../declare/value.ts";

const { rpc } = declare<unknown>();

/** Kamailio's numbers of record types, which are those of DNS. */
const TYPES: Readonly<Record<RecordType, number>> = { a: 1, aaaa: 28, srv: 33, naptr: 35 };
/** Types that Kamailio keeps, too, and that never come here: the resolver follows CNAMEs, and texts are not kept. */
const OTHERS = ["cname", "txt", "ebl", "ptr"];

function namesOf({ config, names }: Core): Names {
  if (!names || config.int("use_dns_cache") === 0)
    throw new RpcFault(500, "dns cache support disabled (see use_dns_cache)");
  return names;
}

const yes = (flags: number, flag: number): string => (flags & flag ? "yes" : "no");

const seconds = (core: Core, { until, flags }: NameEntry): number => {
  if (flags & NameFlag.permanent) return 0;
  const left = until - core.host.clock.now();
  return left < 0 ? -1 : Math.trunc(left / 1000);
};

const age = (core: Core, entry: NameEntry): number => Math.trunc((core.host.clock.now() - entry.lastUsed) / 1000);

function entryOf(core: Core, entry: NameEntry): object {
  const expires = seconds(core, entry);
  const tail = { rr_permanent: yes(entry.flags, NameFlag.permanent), rr_expires: expires };
  const records = entry.records.map((it, i) => ({ rr_idx: i, ...fieldsOf(it), ...tail }));
  return {
    name: entry.name,
    type: entry.type.toUpperCase(),
    size_bytes: entry.size,
    reference_counter: 1,
    permanent: yes(entry.flags, NameFlag.permanent),
    expires,
    last_used: age(core, entry),
    negative_entry: yes(entry.flags, NameFlag.bad),
    ...(records.length > 0 && { records: new RpcArray(records) }),
  };
}

/** The part of a record that dns.debug_all shows. */
const shown = (it: AnyRecord): string => (typeof it === "string" ? it : "target" in it ? it.target : it.flags);

function fieldsOf(it: AnyRecord): object {
  if (typeof it === "string") return { rr_ip: it };
  if ("target" in it) return { rr_name: it.target, rr_port: it.port, rr_priority: it.priority, rr_weight: it.weight };
  return {
    rr_order: it.order,
    rr_preference: it.preference,
    rr_skip_record: "no",
    rr_flags: it.flags,
    rr_service: it.service,
    rr_regexp: it.regexp,
    rr_replacement: it.replacement,
  };
}

const name = str("The name.");
const ttl = int("Seconds for which the record holds.");
const flags = int("1: the name does not exist. 2: the record stays until it is removed by force.");

/** Adds a record to what is known of a name (dns_cache_add_record). */
function add(core: Core, type: RecordType, key: string, record: AnyRecord, holds: Int, given: Int): undefined {
  const names = namesOf(core);
  const wanted = Number(given) & (NameFlag.bad | NameFlag.permanent);
  const old = names.find(type, key);
  const fail = (): never => {
    throw new RpcFault(400, "Failed to add the entry to the cache");
  };
  if (key === "" || key.length > 255) fail();
  // What is permanent and what is not do not mix, nor what exists and what does not.
  const mixes = old && old.flags === wanted && !(wanted & NameFlag.bad);
  const records =
    wanted & NameFlag.bad ? [] : mixes ? [...old.records.filter((it) => !same(it, record)), record] : [record];
  if (!names.put(type, key, records, Number(holds), wanted)) fail();
  return undefined;
}

const same = (a: AnyRecord, b: AnyRecord): boolean =>
  typeof a === "string" || typeof b === "string"
    ? a === b
    : "target" in a && "target" in b && a.target === b.target && a.port === b.port;

function address(type: "a" | "aaaa") {
  const v6 = type === "aaaa";
  return rpc({
    doc: `Adds an ${type.toUpperCase()} record to what is known of a name.`,
    args: { name, ttl, ip: str("The address."), flags },
    run(args, _, core) {
      const bad = (Number(args.flags) & NameFlag.bad) !== 0;
      const fits = v6 ? /^[\da-f:.]*:[\da-f:.]*$/i.test(args.ip) : /^\d{1,3}(\.\d{1,3}){3}$/.test(args.ip);
      if (!bad && !fits) throw new RpcFault(400, "Failed to add the entry to the cache");
      return add(core, type, args.name.toLowerCase(), args.ip, args.ttl, args.flags);
    },
  });
}

function deletion(type: string) {
  return rpc({
    doc: `Removes the ${type.toUpperCase()} records of a name.`,
    args: { name },
    run(args, _, core) {
      const names = namesOf(core);
      const key = args.name.toLowerCase();
      const entry = type in TYPES ? names.find(type as RecordType, key) : undefined;
      if (!entry) throw new RpcFault(400, "Not found");
      if (entry.flags & NameFlag.permanent) throw new RpcFault(400, "Permanent entries cannot be deleted");
      names.delete(type as RecordType, key);
      return undefined;
    },
  });
}

const clearing = (doc: string, force: boolean) =>
  rpc({
    doc,
    args: {},
    run(_, __, core) {
      namesOf(core).clear(force);
      return { status: "ok" };
    },
  });

export const dnsCommands = {
  "dns.mem_info": rpc({
    doc: "Bytes that answers take, and may take.",
    args: {},
    run: (_, __, core) => [namesOf(core).bytes, core.config.int("dns_cache_mem") * 1024],
  }),
  "dns.view": rpc({
    doc: "Everything that is known of names.",
    args: {},
    run: (_, __, core) => [...namesOf(core).entries()].map((it) => entryOf(core, it)),
  }),
  "dns.debug": rpc({
    doc: "Everything that is known of names, a few numbers each: type, size, references, seconds left, seconds since it was used, flags.",
    args: {},
    run: (_, __, core) =>
      [...namesOf(core).entries()].flatMap((it) => [
        ...[it.name, TYPES[it.type], it.size, 1],
        ...[seconds(core, it), age(core, it), it.flags],
      ]),
  }),
  "dns.debug_all": rpc({
    doc: "The same for each record, with its number, its value and its seconds left.",
    args: {},
    run: (_, __, core) =>
      [...namesOf(core).entries()].flatMap((it) =>
        it.records.flatMap((record, i) => [
          ...[it.name, TYPES[it.type], i, it.size, 1],
          ...[seconds(core, it), age(core, it), it.flags],
          ...[typeof record === "string" ? "ip" : "target" in record ? "srv" : "naptr ", shown(record)],
          seconds(core, it),
        ]),
      ),
  }),
  "dns.lookup": rpc({
    doc: "Looks a name up, as a call would.",
    args: { type: str("a, aaaa, srv or naptr."), name },
    async run(args, _, core) {
      const names = namesOf(core);
      const type = args.type.toLowerCase();
      if (!(type in TYPES) && !OTHERS.includes(type)) throw new RpcFault(400, "Invalid type");
      const entry = type in TYPES ? await names.lookup(type as RecordType, args.name.toLowerCase()) : undefined;
      if (!entry || entry.flags & NameFlag.bad) throw new RpcFault(400, "Not found");
      return entryOf(core, entry);
    },
  }),
  "dns.delete_all": clearing("Forgets every answer but those that are permanent.", false),
  "dns.delete_all_force": clearing("Forgets every answer.", true),
  "dns.add_a": address("a"),
  "dns.add_aaaa": address("aaaa"),
  "dns.add_srv": rpc({
    doc: "Adds an SRV record to what is known of a name.",
    args: {
      name,
      ttl,
      priority: int("Its priority: the lowest is tried first."),
      weight: int("Its weight among those of one priority."),
      port: int("The port."),
      target: str("The host."),
      flags,
    },
    run({ target, port, priority, weight, ...args }, _, core) {
      const record = { target, port: Number(port), priority: Number(priority), weight: Number(weight) };
      return add(core, "srv", args.name.toLowerCase(), record, args.ttl, args.flags);
    },
  }),
  "dns.delete_a": deletion("a"),
  "dns.delete_aaaa": deletion("aaaa"),
  "dns.delete_srv": deletion("srv"),
  "dns.delete_naptr": deletion("naptr"),
  "dns.delete_cname": deletion("cname"),
  "dns.delete_txt": deletion("txt"),
  "dns.delete_ebl": deletion("ebl"),
  "dns.delete_ptr": deletion("ptr"),
};
