/** Records of names that a script brings along: the parameters `dns_cache` and `dns_file`. */
import type { Core } from "../../declare/core.ts";
import { type AnyRecord, NameFlag, type RecordType } from "../../declare/names.ts";
import { parseParamList } from "../pv/transformations/param-list.ts";

export interface GivenRecord {
  readonly type: RecordType;
  readonly name: string;
  readonly record: AnyRecord;
  readonly seconds: number;
  readonly flags: number;
}

const TYPES: Readonly<Record<string, RecordType>> = { a: "a", aaaa: "aaaa", srv: "srv" };
const V4 = /^\d{1,3}(\.\d{1,3}){3}$/;
const V6 = /^[\da-f:.]*:[\da-f:.]*$/i;

/** `type=A;name=example.com;addr=192.0.2.1;ttl=3600;flags=0`. A string is the problem. */
export function parseRecord(text: string): GivenRecord | string {
  const wrong = (what: string): string => `${what} in the DNS record ${text}`;
  const params = parseParamList(text.replace(/;$/, ""), ";");
  if (!params) return wrong("a mistake");
  const given: Record<string, string> = {};
  for (const { name, body } of params) given[name.toLowerCase()] ??= body;
  const number: Record<string, number> = {};
  for (const field of ["ttl", "flags", "priority", "weight", "port"]) {
    const digits = given[field] ?? "0";
    if (!/^-?\d+$/.test(digits)) return wrong(`no number for ${field}`);
    number[field] = Number(digits);
  }
  const type = TYPES[given["type"]?.toLowerCase() ?? ""];
  if (!type) return wrong("no type A, AAAA or SRV");
  const name = given["name"]?.toLowerCase() ?? "";
  if (name === "" || name.length > 255) return wrong("no name");
  const flags = number["flags"]! & (NameFlag.bad | NameFlag.permanent);
  const address = given["addr"] ?? "";
  if ((flags & NameFlag.bad) === 0) {
    if (type === "srv" ? address === "" : !(type === "a" ? V4 : V6).test(address)) return wrong("no address");
  }
  const { priority = 0, weight = 0, port = 0 } = number;
  const record = type === "srv" ? { priority, weight, port, target: address } : address;
  return { type, name, record, seconds: number["ttl"]!, flags };
}

/** Every record of a file: one a line, with lines that are empty or begin with `#` between. A string is the problem. */
export function readRecords({ host }: Core, path: string): GivenRecord[] | string {
  const text = host.files.read(path);
  if (text === null) return `cannot read the file of DNS records ${path}`;
  const records: GivenRecord[] = [];
  for (const line of text.split(/\r?\n/)) {
    const written = line.trim();
    if (written === "" || written.startsWith("#")) continue;
    const record = parseRecord(written);
    if (typeof record === "string") return `${record} (${path})`;
    records.push(record);
  }
  return records;
}

/** Records of one name and type stand together. */
export function putRecords({ names }: Core, given: readonly GivenRecord[]): void {
  const sets = new Map<string, GivenRecord[]>();
  for (const it of given) {
    const key = `${it.type} ${it.name}`;
    const set = sets.get(key);
    // What exists and what does not, what is permanent and what is not, do not mix: the last one counts.
    if (set && set[0]!.flags === it.flags && (it.flags & NameFlag.bad) === 0) set.push(it);
    else sets.set(key, [it]);
  }
  for (const set of sets.values()) {
    const { type, name, flags } = set[0]!;
    const records = (flags & NameFlag.bad) !== 0 ? [] : set.map((it) => it.record);
    names?.put(type, name, records, Math.max(...set.map((it) => it.seconds)), flags);
  }
}
