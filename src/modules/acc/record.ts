/** A record of accounting: what it holds, and how it is written to the log and to a table. */
import type { Call } from "../../declare/call.ts";
import { LogLevel } from "../../declare/core.ts";
import type { Read } from "../../declare/value.ts";
import type { Format } from "../../declare/variable.ts";
import { toText } from "../../declare/variables-values.ts";
import type { NameAddr } from "../../sip/nameaddr.ts";
import type { Cell } from "../db/tables.ts";
import { strftime, timeOf } from "../pv/strftime.ts";
import type { Extra } from "./extras.ts";
import { type Acc, type Book, complain, type TimeFields } from "./state.ts";

/** What is accounted, and what the message itself does not say of it. */
export interface Entry {
  /** The run on the request in which variables are read. */
  readonly call: Call;
  /** The To that counts: of the reply where there is one. */
  readonly to: NameAddr | null;
  /** To tag for when `to` has none. */
  readonly toTag: string;
  readonly code: string;
  readonly reason: string;
}

/** What stands before the text of a line; who reads Kamailio's log finds the lines of acc by it. */
const PREFIX = "acc [acc.c:288]: acc_log_request(): ";
/** The longest line, in bytes. */
const LONGEST_LINE = 65_534;
/** A time that is formatted has to be shorter; else it is left out. */
const LONGEST_TIME = 128;
/** Names of tables have to be shorter. */
const LONGEST_TABLE = 64;
/** Mark of a request that goes from callee to caller, whose From and To change places in records. */
export const UPSTREAM = "acc-upstream";

const CORE_NAMES = ["method", "from_tag", "to_tag", "call_id", "code", "reason"];

function coreValues({ call: { msg }, to, toTag, code, reason }: Entry): readonly string[] {
  const upstream = msg.marked(UPSTREAM);
  const from = upstream ? to : msg.from;
  const other = upstream ? msg.from : to;
  return [msg.cseqMethod, from?.tag ?? "", other?.tag || toTag, msg.callId, code, reason];
}

function read(call: Call, { name, variable }: Extra, acc: Acc): Read {
  const value = variable.get(call);
  if (value === undefined) complain(acc.core, `${name}: ${variable.text} cannot be read`);
  return value ?? null;
}

/** The values of each leg, at least of one: the first may have none. */
function legsOf(call: Call, { legs }: Acc): readonly (readonly Read[])[] {
  const found: (readonly Read[])[] = [];
  if (legs.length === 0) return found;
  for (let n = 0; ; n++) {
    const values = legs.map((it) => it.value(call, n) ?? null);
    if (n > 0 && values.every((it) => it === null)) return found;
    found.push(values);
  }
}

function formatted(ms: number, { mode, format }: TimeFields): string {
  const text = strftime(format, timeOf(ms, mode === 4));
  return text.length < LONGEST_TIME ? text : "";
}
/** Whole seconds, and microseconds of the rest. */
const split = (ms: number): readonly [seconds: number, micros: number] => {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.floor((ms - seconds * 1000) * 1000)];
};

function timeText(ms: number, time: TimeFields): string {
  const [seconds, micros] = split(ms);
  const stamp = `timestamp=${seconds}`;
  if (time.mode === 1) return `${stamp};${time.extension}=${micros}`;
  if (time.mode === 2) return `${stamp};${time.attribute}=${(seconds + micros / 1e6).toFixed(3)}`;
  if (time.mode === 3 || time.mode === 4) return `${stamp};${time.attribute}=${formatted(ms, time)}`;
  return stamp;
}

/** Writes a line that begins with `title`. */
export function writeLine(title: string, entry: Entry, acc: Acc): void {
  const { core, log } = acc;
  if (!core.log.enabled(log.level)) return;
  const { call } = entry;
  let fields = "";
  let whole = true;
  const add = (name: string, value: string): void => {
    whole &&= fields.length + 2 + name.length + value.length < LONGEST_LINE;
    if (whole) fields += `;${name}=${value}`;
  };
  for (const [i, value] of coreValues(entry).entries()) add(CORE_NAMES[i]!, value);
  for (const it of log.extras) add(it.name, toText(read(call, it, acc)));
  for (const values of legsOf(call, acc)) for (const [i, it] of acc.legs.entries()) add(it.name, toText(values[i]));
  if (!whole) complain(core, "the line is too long and was cut", LogLevel.warn);
  const now = core.host.clock.wall();
  core.log.write(log.level, `ACC: ${title}: ${timeText(now, acc.time)}${fields}\n`, PREFIX, log.facility);
}

/** The name of a table that may hold variables; undefined when it is too long. */
export function tableName(name: Format | string, call: Call): string | undefined {
  const found = typeof name === "string" ? name : name.expand(call);
  if (found.length < LONGEST_TABLE) return found;
  complain(call.core, `the name of a table is shorter than ${LONGEST_TABLE} bytes: ${found}`);
  return undefined;
}

function timeCells(ms: number, time: TimeFields): (readonly [string, Cell])[] {
  const [seconds, micros] = split(ms);
  switch (time.mode) {
    case 1:
      return [
        [time.attribute, seconds],
        [time.extension, micros],
      ];
    case 2:
      return [[time.attribute, seconds + micros / 1e6]];
    case 3:
    case 4:
      return [[time.attribute, formatted(ms, time)]];
    default:
      return [];
  }
}

/** Writes a row, or one for each leg. Values are read at once. False when one could not be written. */
export function writeRows(table: string, entry: Entry, acc: Acc, book: Book): Promise<boolean> {
  const { columns, tables } = book;
  const [method, fromTag, toTag, callId, code, reason] = coreValues(entry) as [string, ...string[]];
  const now = acc.core.host.clock.wall();
  const cell = (value: Read): Cell => (book.nullable && value === null ? null : toText(value));
  const row: (readonly [string, Cell])[] = [
    [columns.method, method],
    [columns.fromTag, fromTag!],
    [columns.toTag, toTag!],
    [columns.callId, callId!],
    [columns.code, code!],
    [columns.reason, reason!],
    [columns.time, tables.time(Math.floor(now / 1000))],
    ...timeCells(now, acc.time),
    ...book.extras.map((it) => [it.name, cell(read(entry.call, it, acc))] as const),
  ];
  const legs = legsOf(entry.call, acc);
  const rows =
    legs.length === 0
      ? [row]
      : legs.map((values) => [...row, ...acc.legs.map((it, i) => [it.name, cell(values[i])] as const)]);
  const written = insertAll(book, table, rows);
  book.writing.add(written);
  void written.then(() => book.writing.delete(written));
  return written;
}

async function insertAll(book: Book, table: string, rows: readonly (readonly (readonly [string, Cell])[])[]) {
  for (const row of rows) if (!(await book.tables.insert(table, row))) return false;
  return true;
}
