/** Parameters of acc, and what they mean. */
import type { Core } from "../../declare/core.ts";
import { int, type Received, text } from "../../declare/module.ts";
import type { Int } from "../../declare/value.ts";
import type { Format } from "../../declare/variable.ts";
import { Tables } from "../db/tables.ts";
import type { Newest } from "../newest.ts";
import { facilityProblem } from "../xlog.ts";
import { parseExtras, parseLegs } from "./extras.ts";
import { type Acc, type Book, rrOf } from "./state.ts";

const flag = (doc: string) => int(`${doc} -1: none.`, { fallback: -1 });
const column = (of: string, fallback: string) => text(`Column for ${of}.`, { fallback });
const ofCdr = (doc: string) => `Of call data records, which cdr_enable says more about. ${doc}`;

export const parameters = {
  early_media: int("1: provisional replies with a body are accounted, too.", { fallback: 0 }),
  failed_transaction_flag: flag("Message flag (setflag) of transactions that are accounted when they fail, too."),
  failed_filter: text("Codes of failures that are not accounted, with commas between them.", { fallback: "" }),
  report_ack: int("1: the ACK to a 2xx is accounted, too, where it can be told whose it is.", { fallback: 0 }),
  report_cancels: int("1: CANCEL transactions are accounted, too.", { fallback: 0 }),
  multi_leg_info: text("`name=$avp(x); …`: fields of each leg of a call, one value of each AVP a leg.", {
    fallback: "",
  }),
  detect_direction: int("1: From and To change places in records of requests that go from callee to caller.", {
    fallback: 0,
  }),
  acc_prepare_flag: flag("Message flag of transactions that a later route may mark."),
  acc_prepare_always: int("1: a later route may mark any transaction.", { fallback: 0 }),
  reason_from_hf: int("1: the reason is that of the reply's first Reason field, when it has one.", { fallback: 0 }),
  acc_extra_nullable: int("1: fields of db_extra without a value are NULL in the table; 0: empty.", { fallback: 0 }),
  acc_extra_size: int("The most fields that log_extra, db_extra and multi_leg_info may have each.", { fallback: 64 }),
  clone_msg: int("Kept for old scripts: a request is never changed while it is accounted.", { fallback: 1 }),
  log_flag: flag("Message flag of transactions that are accounted in the log."),
  log_missed_flag: flag("Message flag of calls that are accounted in the log when they are missed."),
  log_level: int("Level of the log lines.", { fallback: 1 }),
  log_facility: text("Syslog facility of the log lines.", { fallback: "LOG_DAEMON", check: facilityProblem }),
  log_extra: text("`name=$variable; …`: further fields of the log lines.", { fallback: "" }),
  db_url: text("The database; empty: none.", { fallback: "" }),
  db_flag: flag("Message flag of transactions that are accounted in the database."),
  db_missed_flag: flag("Message flag of calls that are accounted in the database when they are missed."),
  db_extra: text("`column=$variable; …`: further columns.", { fallback: "" }),
  db_table_acc: text("Table of transactions; may hold variables.", { fallback: "acc" }),
  db_table_missed_calls: text("Table of missed calls; may hold variables.", { fallback: "missed_calls" }),
  db_version_check: int("Kept for old scripts: only the table of call data records has a version to check.", {
    fallback: 1,
  }),
  db_insert_mode: int("1 or 2: acc_db_request() and acc_request() do not wait until the row is there.", {
    fallback: 0,
  }),
  acc_method_column: column("the method", "method"),
  acc_from_tag_column: column("the From tag", "from_tag"),
  acc_to_tag_column: column("the To tag", "to_tag"),
  acc_callid_column: column("the Call-ID", "callid"),
  acc_sip_code_column: column("the status code", "sip_code"),
  acc_sip_reason_column: column("the reason phrase", "sip_reason"),
  acc_time_column: column("the time", "time"),
  time_mode: int(
    "1: microseconds go into time_exten and, in tables, seconds into time_attr; 2: seconds with a fraction, 3: local time as time_format has it, 4: the same in UTC go into time_attr.",
    { fallback: 0 },
  ),
  time_attr: text("Name of the field or column for the time.", { fallback: "time_attr" }),
  time_exten: text("Name of the field or column for microseconds.", { fallback: "time_exten" }),
  time_format: text("How times are written, as strftime(3) has it.", { fallback: "%Y-%m-%d %H:%M:%S" }),
  cdr_enable: int("Call data records need module dialog, which there is not: only 0 is possible.", { fallback: 0 }),
  cdr_skip: text(ofCdr("A dialog with this variable has none."), { fallback: "" }),
  cdr_log_enable: int(ofCdr("0: not in the log."), { fallback: 1 }),
  cdr_start_on_confirmed: int(ofCdr("1: a call begins when it is answered."), { fallback: 0 }),
  cdr_facility: text(ofCdr("Syslog facility."), { fallback: "LOG_DAEMON" }),
  cdr_extra: text(ofCdr("Further fields."), { fallback: "" }),
  cdr_extra_nullable: int(ofCdr("1: fields without a value are NULL."), { fallback: 0 }),
  cdr_extra_size: int(ofCdr("The most further fields."), { fallback: 64 }),
  cdr_start_id: text(ofCdr("Field with the beginning."), { fallback: "start_time" }),
  cdr_end_id: text(ofCdr("Field with the end."), { fallback: "end_time" }),
  cdr_duration_id: text(ofCdr("Field with the duration."), { fallback: "duration" }),
  cdr_duration_mode: int(ofCdr("Digits of the duration."), { fallback: 1 }),
  cdr_expired_dlg_enable: int(ofCdr("1: also of dialogs that expired."), { fallback: 0 }),
  cdr_on_failed: int(ofCdr("0: not of calls that were not answered."), { fallback: 1 }),
  cdrs_table: text(ofCdr("Table."), { fallback: "" }),
};
type Params = Received<typeof parameters>;

const FLAGS = [
  "failed_transaction_flag",
  "acc_prepare_flag",
  "log_flag",
  "log_missed_flag",
  "db_flag",
  "db_missed_flag",
] as const;
/** The largest value of parameters that are numbers from 0. */
const RANGES = { cdr_enable: 1, cdr_extra_nullable: 1, cdr_expired_dlg_enable: 1, cdr_duration_mode: 2 } as const;
const MOST_FILTERED = 15;

function rangeProblem(params: Params): string | undefined {
  for (const name of FLAGS)
    if (params[name] < -1 || params[name] > 31) return `${name}: there are the flags 0 to 31, not ${params[name]}`;
  for (const [name, most] of Object.entries(RANGES) as [keyof typeof RANGES, number][])
    if (params[name] < 0 || params[name] > most) return `${name}: ${params[name]} is not from 0 to ${most}`;
  if (params.cdr_enable !== 0)
    return "cdr_enable: call data records need the module dialog, which Viaduct does not have";
  return undefined;
}

/** Module rr may start after this one: it is asked once more when all have started. */
export function directionProblem(core: Core): string | undefined {
  if (!core.modules.some((it) => it.name === "rr")) return "detect_direction needs the module rr";
  return rrOf(core)?.appendFromtag === false ? "detect_direction needs parameter append_fromtag of rr" : undefined;
}

function filteredCodes(list: string): ReadonlySet<number> | string {
  const codes = list === "" ? [] : list.split(",");
  if (codes.length > MOST_FILTERED) return `failed_filter: more than ${MOST_FILTERED} codes`;
  const wrong = codes.find((it) => !/^[3-9][0-9][0-9]$/.test(it));
  return wrong === undefined ? new Set(codes.map(Number)) : `failed_filter: \`${wrong}\` is no code from 300 to 999`;
}

/** The bit of a flag; none without one. */
const bit = (number: Int): number => (number < 0 ? 0 : 1 << Number(number));

const formatOf = (name: string, core: Core): Format | string | { readonly problem: string } => {
  if (!name.includes("$")) return name;
  const format = core.variables.format(name);
  return typeof format === "string" ? { problem: format } : format;
};

function bookOf(params: Params, core: Core): Book | string {
  const extras = params.db_extra === "" ? [] : parseExtras(params.db_extra, Number(params.acc_extra_size), core);
  if (typeof extras === "string") return `db_extra: ${extras}`;
  const answered = formatOf(params.db_table_acc, core);
  if (typeof answered === "object" && "problem" in answered) return `db_table_acc: ${answered.problem}`;
  const missed = formatOf(params.db_table_missed_calls, core);
  if (typeof missed === "object" && "problem" in missed) return `db_table_missed_calls: ${missed.problem}`;
  const tables = Tables.open(core, "acc", params.db_url);
  if (typeof tables === "string") return tables;
  return {
    tables,
    extras,
    answered,
    missed,
    columns: {
      method: params.acc_method_column,
      fromTag: params.acc_from_tag_column,
      toTag: params.acc_to_tag_column,
      callId: params.acc_callid_column,
      code: params.acc_sip_code_column,
      reason: params.acc_sip_reason_column,
      time: params.acc_time_column,
    },
    nullable: Number(params.acc_extra_nullable) === 1,
    inBackground: Number(params.db_insert_mode) === 1 || Number(params.db_insert_mode) === 2,
    writing: new Set(),
  };
}

/** A string is the problem. */
export function settingsOf(params: Params, core: Core, newest: Newest<Acc>): Acc | string {
  const most = Number(params.acc_extra_size);
  const detectDirection = Number(params.detect_direction) !== 0;
  const problem = rangeProblem(params) ?? (detectDirection ? directionProblem(core) : undefined);
  if (problem !== undefined) return problem;
  const filtered = filteredCodes(params.failed_filter);
  if (typeof filtered === "string") return filtered;
  const legs = params.multi_leg_info === "" ? [] : parseLegs(params.multi_leg_info, most, core);
  if (typeof legs === "string") return `multi_leg_info: ${legs}`;
  const extras = params.log_extra === "" ? [] : parseExtras(params.log_extra, most, core);
  if (typeof extras === "string") return `log_extra: ${extras}`;
  const book = params.db_url === "" ? undefined : bookOf(params, core);
  if (typeof book === "string") return book;
  return {
    core,
    flags: {
      log: bit(params.log_flag),
      logMissed: bit(params.log_missed_flag),
      db: book === undefined ? 0 : bit(params.db_flag),
      dbMissed: book === undefined ? 0 : bit(params.db_missed_flag),
      failed: bit(params.failed_transaction_flag),
      prepare: bit(params.acc_prepare_flag),
    },
    earlyMedia: Number(params.early_media) !== 0,
    reportAck: Number(params.report_ack) !== 0,
    reportCancels: Number(params.report_cancels) !== 0,
    prepareAlways: Number(params.acc_prepare_always) !== 0,
    reasonFromField: Number(params.reason_from_hf) !== 0,
    detectDirection,
    filtered,
    legs,
    time: {
      mode: Number(params.time_mode),
      attribute: params.time_attr,
      extension: params.time_exten,
      format: params.time_format,
    },
    log: { level: Number(params.log_level), facility: params.log_facility.toUpperCase(), extras },
    book,
    newest,
  };
}
