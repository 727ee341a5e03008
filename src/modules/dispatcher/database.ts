/** Destinations that are kept in a database (parameter db_url). Follows ds_load_db in Kamailio's dispatch.c. */
import type { Core } from "../../declare/core.ts";
import { splitParams } from "../../sip/compare.ts";
import { Tables } from "../db/tables.ts";
import type { Line } from "./destination.ts";

export interface Source {
  readonly tables: Tables;
  readonly table: string;
  /** Columns for set, URI, flags, priority and attributes: as many of them as the table's version has. */
  readonly columns: readonly string[];
  /** Further columns that become attributes. */
  readonly extra: readonly { readonly attribute: string; readonly column: string }[];
}

export interface SourceParameters {
  readonly db_url: string;
  readonly table_name: string;
  readonly setid_col: string;
  readonly destination_col: string;
  readonly flags_col: string;
  readonly priority_col: string;
  readonly attrs_col: string;
  readonly ds_db_extra_attrs: string;
}

const NEWEST_VERSION = 4;
/** Most characters of the attributes of a row with further columns. */
const LONGEST = 1023;

/** A string is the problem; undefined: destinations are in a file. */
export function sourceOf(params: SourceParameters, core: Core): Source | string | undefined {
  if (params.db_url === "") return undefined;
  const tables = Tables.open(core, "dispatcher", params.db_url);
  if (typeof tables === "string") return tables;
  const extra = splitParams(params.ds_db_extra_attrs.replace(/;$/, "")).filter((it) => it.name !== "");
  if (extra.some((it) => it.value === "")) return "ds_db_extra_attrs is `attribute=column;attribute=column`";
  return {
    tables,
    table: params.table_name,
    columns: [params.setid_col, params.destination_col, params.flags_col, params.priority_col, params.attrs_col],
    extra: extra.map((it) => ({ attribute: it.name, column: it.value })),
  };
}

/** The rows; a string is the problem. */
export async function readTable({ tables, table, columns, extra }: Source): Promise<readonly Line[] | string> {
  const [row] = (await tables.query("version", [["table_name", table]], ["table_version"])) ?? [];
  if (row === undefined) return `the version of the table ${table} cannot be read from the database`;
  const version = Number(row[0]);
  if (!(version >= 1 && version <= NEWEST_VERSION)) return `the table ${table} has the version ${version}, not 1 to 4`;
  // Each version has had a column more; the first has two.
  const known = columns.slice(0, version + 1);
  const further = version === NEWEST_VERSION ? extra : [];
  const rows = await tables.query(table, [], [...known, ...further.map((it) => it.column)]);
  if (!rows) return `the table ${table} cannot be read`;
  const lines: Line[] = [];
  for (const [set, uri, flags = 0, priority = 0, attributes = "", ...values] of rows) {
    let text = attributes === null ? "" : String(attributes);
    for (const [i, { attribute }] of further.entries()) {
      const value = values[i];
      if (value === null || value === undefined || value === "") continue;
      text = `${text === "" || text.endsWith(";") ? text : `${text};`}${attribute}=${value};`;
      if (text.length > LONGEST) return `the attributes of ${uri} are too long`;
    }
    lines.push({
      set: Number(set),
      uri: String(uri ?? ""),
      flags: Number(flags),
      priority: Number(priority),
      attributes: text,
    });
  }
  return lines;
}
