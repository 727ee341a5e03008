/** Parameters of usrloc that tell how registrations are kept in a database. */
import { type Core, LogLevel } from "../../declare/core.ts";
import { int, type Received, text } from "../../declare/module.ts";
import { DEFAULT_URL, Tables } from "../db/tables.ts";
import type { TableFormat } from "./columns.ts";
import { Mode, Store } from "./store.ts";

const inert = (doc: string, fallback: number) => int(`${doc} Nothing depends on it here.`, { fallback });

export const storeParameters = {
  db_url: text("The database, when db_mode wants one.", { fallback: DEFAULT_URL }),
  db_mode: int(
    "0: memory only; 1: memory, and the database at once; 2: memory, and the database every timer_interval; 3: the database only; 4: memory, read from the database at the start.",
    { fallback: 0 },
  ),
  db_load: int("0: the tables are not read at the start.", { fallback: 1 }),
  db_insert_update: int("1: an insert changes the row that has the same ruid.", { fallback: 0 }),
  db_update_as_insert: int("1: a change of a contact is written as a new row.", { fallback: 0 }),
  db_check_update: int("1: a change that no row was found for is written as a new row.", { fallback: 0 }),
  db_ops_ruid: int("0: rows are found by address of record and contact, not by ruid.", { fallback: 1 }),
  db_insert_null: int("1: columns that hold nothing are written as NULL in new rows.", { fallback: 0 }),
  db_timer_clean: int("1: every timer_interval rows whose time has passed are removed (db_mode 1 and 2).", {
    fallback: 0,
  }),
  db_clean_tcp: int("1: rows of stream connections are removed before the tables are read.", { fallback: 0 }),
  expires_type: int("1: times are whole seconds in the tables, 0: times of the database.", { fallback: 0 }),
  server_id_filter: int("1: only rows with the server_id of this server are read and removed.", { fallback: 0 }),
  skip_remote_socket: int("1: rows with a socket of another server are not read.", { fallback: 0 }),
  rm_expired_delay: int("Seconds that rows are kept after their time has passed (db_mode 3).", { fallback: 0 }),
  version_table: int("0: the version of the tables is not checked.", { fallback: 1 }),
  fetch_rows: inert("Rows that are read at a time.", 2000),
  db_raw_fetch_type: inert("How rows are read.", 0),
  load_rank: inert("The process that reads the tables.", 1),
};

type Params = Received<typeof storeParameters> & { readonly xavp_contact: string };

/** Undefined: memory only. A string is the problem. */
export function storeOf(
  params: Params,
  { useDomain, matching, columns }: Pick<TableFormat, "useDomain" | "columns"> & { readonly matching: number },
  core: Core,
): Store | string | undefined {
  const is = (it: keyof Params): boolean => Number(params[it]) !== 0;
  const mode = Number(params.db_mode);
  if (mode < Mode.memory || mode > Mode.readOnly) return `there is no db_mode ${mode}`;
  const delay = Number(params.rm_expired_delay);
  if (delay !== 0 && mode !== Mode.only) return "rm_expired_delay needs db_mode 3";
  if (delay < 0) core.log.write(LogLevel.warn, `usrloc: rm_expired_delay ${delay} is taken for 0\n`);
  if (mode === Mode.memory) return undefined;
  if (Number(params.fetch_rows) <= 0) return `fetch_rows ${params.fetch_rows} must be above 0`;
  const tables = Tables.open(core, "usrloc", params.db_url);
  if (typeof tables === "string") return tables;
  return new Store(core, tables, {
    mode,
    format: { columns, useDomain, wholeSeconds: Number(params.expires_type) === 1, writesNull: is("db_insert_null") },
    matching,
    loads: mode === Mode.readOnly || is("db_load"),
    checksVersion: is("version_table"),
    insertsOver: is("db_insert_update"),
    updatesAsInsert: is("db_update_as_insert"),
    checksUpdates: Number(params.db_check_update) === 1,
    byRuid: is("db_ops_ruid"),
    ownOnly: is("server_id_filter"),
    skipsRemote: is("skip_remote_socket"),
    dropsConnections: is("db_clean_tcp"),
    cleans: is("db_timer_clean") && (mode === Mode.through || mode === Mode.back),
    keepsExpired: Math.max(0, delay),
    attributes: params.xavp_contact !== "",
  });
}
