/** How the tables of a database are reached by columns, whether it speaks SQL or is a folder of text files. */
import type { Core } from "../../declare/core.ts";
import type { QueryReply } from "../../declare/host.ts";
import type { Answer } from "../../declare/value.ts";
import { FolderAccess, folderOf } from "../db_text/access.ts";
import type { DbText } from "../db_text/state.ts";
import { SqlAccess } from "./sql.ts";

/** What a column holds; see `Access.time` for times. */
export type Cell = string | number | bigint | null;
export type Row = readonly Cell[];
export type Columns = readonly (readonly [column: string, value: Cell])[];
/** Compared for equality when no operator is given; nothing but null equals null. */
export type Condition = readonly [column: string, value: Cell, operator?: "=" | "<" | ">" | "<=" | ">=" | "!="];
/** All of them hold; of those in `any` one does. */
export type Conditions = readonly (Condition | { readonly any: readonly Condition[] })[];

export interface Access {
  /** Fails when the database does not answer at all. */
  probe(): Answer<QueryReply>;
  /** The rows, their columns in the order asked for. */
  select(table: string, where: Conditions, columns: readonly string[], order?: string): Answer<QueryReply>;
  /** One row of one number: how many rows there are, or with `distinct` how many combinations of those columns. */
  count(table: string, where: Conditions, distinct: readonly string[]): Answer<QueryReply>;
  /** `unique`: a row that has the same value in that column is changed instead. */
  insert(table: string, row: Columns, unique?: string): Answer<QueryReply>;
  update(table: string, where: Conditions, values: Columns): Answer<QueryReply>;
  delete(table: string, where: Conditions): Answer<QueryReply>;
  /** A query as somebody wrote it. */
  query(text: string): Answer<QueryReply>;
  /** Seconds since 1970 as a column for times holds them. */
  time(seconds: number): Cell;
  /** Seconds since 1970 of what such a column gave; undefined when it is no time. */
  seconds(cell: Cell): number | undefined;
  close(): Promise<void>;
}

/** By URL; nothing is connected yet. A string says why no such database can be used. */
export function openAccess(core: Core, url: string): Access | string {
  if (url.startsWith("text:")) {
    if (!core.modules.some((it) => it.name === "db_text")) return "a URL text:// needs the module db_text";
    const folder = folderOf(url, core);
    // It may be loaded behind the module that uses it.
    return folder === undefined
      ? `\`${url}\` is not text://FOLDER`
      : new FolderAccess(folder, () => core.state<DbText>("db_text"));
  }
  const database = core.host.databases.open(url);
  return typeof database === "string" ? database : new SqlAccess(url, database);
}
