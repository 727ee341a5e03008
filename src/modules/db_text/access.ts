/** A folder of tables as a database. Follows Kamailio's src/modules/db_text/dbt_base.c. */
import type { Core } from "../../declare/core.ts";
import type { QueryReply } from "../../declare/host.ts";
import type { Access, Cell, Columns, Conditions } from "../db/access.ts";
import { printColumns, printRow } from "./file.ts";
import { parseOrder, parseRaw } from "./raw.ts";
import type { DbText, Options } from "./state.ts";
import { compareCells, type Table } from "./table.ts";

const SCHEME = "text://";

/** The folder of a URL, which counts from the script's; undefined when the URL names none. */
export function folderOf(url: string, { host: { files }, file }: Core): string | undefined {
  if (!url.startsWith(SCHEME) || url.length === SCHEME.length) return undefined;
  return files.resolve(files.dirname(file), url.slice(SCHEME.length));
}

export class FolderAccess implements Access {
  readonly #folder: string;
  readonly #engine: () => DbText | undefined;

  constructor(folder: string, engine: () => DbText | undefined) {
    this.#folder = folder;
    this.#engine = engine;
  }

  probe(): QueryReply {
    return this.#engine()?.isDatabase(this.#folder)
      ? changed(0)
      : { ok: false, error: "connect", message: `there is no folder ${this.#folder}` };
  }

  select(table: string, where: Conditions, columns: readonly string[], order?: string): QueryReply {
    return this.#on(table, (it, { mostRows }) => {
      const found = matching(it, where);
      if (typeof found === "string") return refuse(found);
      if (found.length > mostRows) return refuse(`${table}: there are more than max_result_rows (${mostRows}) rows`);
      const places = it.places(columns);
      if (typeof places === "string") return refuse(`${table}: ${places}`);
      const problem = order === undefined ? undefined : sort(it, found, order);
      if (problem !== undefined) return refuse(`${table}: ${problem}`);
      const rows = found.map((row) => places.map((at) => shown(row[at]!)));
      return { ok: true, columns: places.map((at) => it.columns[at]!.name), rows, affected: 0 };
    });
  }

  count(table: string, where: Conditions, distinct: readonly string[]): QueryReply {
    return this.#on(table, (it) => {
      const found = matching(it, where);
      if (typeof found === "string") return refuse(found);
      const places = it.places(distinct);
      if (typeof places === "string") return refuse(`${table}: ${places}`);
      const kinds = new Set(found.map((row) => JSON.stringify(places.map((at) => row[at]))));
      const number = places.length === 0 ? found.length : kinds.size;
      return { ok: true, columns: ["count"], rows: [[number]], affected: 0 };
    });
  }

  insert(table: string, row: Columns, unique?: string): QueryReply {
    return this.#on(table, (it) => {
      const key = unique === undefined ? undefined : row.find(([name]) => name === unique);
      if (key) {
        const done = change(it, [key], row, true);
        if (!done.ok || done.affected > 0) return done;
      }
      const cells = it.rowOf(row);
      const problem = typeof cells === "string" ? cells : it.add(cells);
      return problem === undefined ? changed(1) : refuse(`${table}: ${problem}`);
    });
  }

  update(table: string, where: Conditions, values: Columns): QueryReply {
    return this.#on(table, (it) => change(it, where, values, false));
  }

  delete(table: string, where: Conditions): QueryReply {
    return this.#on(table, (it) => {
      const fits = it.matcher(where);
      if (typeof fits === "string") return refuse(`${table}: ${fits}`);
      const kept = it.rows.filter((row) => !fits(row));
      const gone = it.rows.length - kept.length;
      it.rows = kept;
      it.changed ||= gone > 0;
      return changed(gone);
    });
  }

  query(text: string): QueryReply {
    const raw = parseRaw(text);
    if (typeof raw === "string") return refuse(raw);
    switch (raw.kind) {
      case "select":
        return this.#on(raw.table, (it) => {
          const columns = raw.columns.join() === "*" ? it.columns.map(({ name }) => name) : raw.columns;
          return this.select(raw.table, raw.where, columns, raw.order);
        });
      case "delete":
        return this.delete(raw.table, raw.where);
      case "update":
        return this.update(raw.table, raw.where, raw.values);
      case "replace": {
        const keys = raw.where.map(([column, value]) => [column, value] as const);
        return this.#on(raw.table, (it) => {
          const done = change(it, keys, [...keys, ...raw.values], true);
          return !done.ok || done.affected > 0 ? done : this.insert(raw.table, [...keys, ...raw.values]);
        });
      }
    }
  }

  /** What `db_text.query` answers: the columns, the rows as in a file, and how many there are. */
  report(text: string, delimiter: string): string | readonly string[] {
    const reply = this.query(text);
    if (!reply.ok) return "error executing sql statement";
    const raw = parseRaw(text);
    const table = typeof raw === "string" ? raw : this.#table(raw.table);
    if (reply.columns.length === 0 || typeof table === "string") return `${reply.affected} affected rows`;
    const { length } = reply.rows;
    if (length === 0) return "statement returned 0 rows";
    const columns = reply.columns.map((name) => table.columns.find((it) => it.name === name)!);
    const rows = reply.rows.map((row) => printRow(columns, row, delimiter));
    return [`${printColumns(columns)}\n`, ...rows, `\ntotal rows ${length} / ${length}`];
  }

  time(seconds: number): Cell {
    return seconds;
  }

  seconds(cell: Cell): number | undefined {
    return cell === null ? undefined : Number(cell);
  }

  async close(): Promise<void> {
    // The tables are the module's, which writes them when it stops.
  }

  /** A string is the problem. */
  #table(name: string): Table | string {
    return this.#engine()?.table(this.#folder, name) ?? "the module db_text has not started";
  }

  #on(name: string, what: (table: Table, options: Options) => QueryReply): QueryReply {
    const table = this.#table(name);
    return typeof table === "string" ? refuse(table) : what(table, this.#engine()!.options);
  }
}

const refuse = (message: string): QueryReply => ({ ok: false, error: "query", message });
const changed = (affected: number): QueryReply => ({ ok: true, columns: [], rows: [], affected });

/** Numbers that are not whole are given as text, as other databases do. */
const shown = (cell: Cell): Cell => (typeof cell === "number" && !Number.isInteger(cell) ? String(cell) : cell);

/** A string is the problem. */
function matching(table: Table, where: Conditions): Cell[][] | string {
  const fits = table.matcher(where);
  return typeof fits === "string" ? fits : table.rows.filter(fits);
}

/** Changes the rows that fit, or only the first. */
function change(table: Table, where: Conditions, values: Columns, one: boolean): QueryReply {
  const found = matching(table, where);
  if (typeof found === "string") return refuse(found);
  const rows = one ? found.slice(0, 1) : found;
  for (const row of rows) {
    const problem = table.set(row, values);
    if (problem !== undefined) return refuse(problem);
    table.changed = true;
  }
  return changed(rows.length);
}

/** A string is the problem. */
function sort(table: Table, rows: Cell[][], written: string): string | undefined {
  const order = parseOrder(written);
  if (typeof order === "string") return order;
  const places = table.places(order.map((it) => it.column));
  if (typeof places === "string") return places;
  rows.sort((a, b) => {
    for (const [i, at] of places.entries()) {
      const difference = compareCells(a[at]!, b[at]!);
      if (difference !== 0) return order[i]!.descending ? -difference : difference;
    }
    return 0;
  });
  return undefined;
}
