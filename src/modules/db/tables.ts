/**
 * Tables of a database by columns, as Kamailio's modules use them (its lib/srdb1): no module that keeps its data in
 * tables writes SQL. A query that fails is a log line, a count and undefined.
 */
import { type Core, type Counter, LogLevel } from "../../declare/core.ts";
import type { Database, QueryReply } from "../../declare/host.ts";
import { type Dialect, dialectOf } from "./dialect.ts";

/** What a column holds; see `Tables.time` for times. */
export type Cell = string | number | bigint | null;
export type Row = readonly Cell[];
export type Columns = readonly (readonly [column: string, value: Cell])[];
/** Compared for equality when no operator is given; nothing but null equals null. */
export type Condition = readonly [column: string, value: Cell, operator?: "=" | "<" | ">" | "<=" | ">=" | "!="];
/** All of them hold; of those in `any` one does. */
export type Conditions = readonly (Condition | { readonly any: readonly Condition[] })[];

export class Tables {
  readonly url: string;
  readonly #module: string;
  readonly #core: Core;
  readonly #database: Database;
  readonly #dialect: Dialect;
  readonly #queries: Counter;
  readonly #failures: Counter;

  private constructor(core: Core, module: string, url: string, database: Database) {
    this.url = url;
    this.#module = module;
    this.#core = core;
    this.#database = database;
    this.#dialect = dialectOf(url);
    this.#queries = core.statistics.counter(module, "db_queries");
    this.#failures = core.statistics.counter(module, "db_failures");
  }

  /** Connects to nothing yet. A string says why there is no such database. */
  static open(core: Core, module: string, url: string): Tables | string {
    const database = core.host.databases.open(url);
    return typeof database === "string" ? `db_url: ${database}` : new Tables(core, module, url, database);
  }

  /** The rows, their columns in the order asked for. */
  async query(
    table: string,
    where: Conditions,
    columns: readonly string[],
    order?: string,
  ): Promise<readonly Row[] | undefined> {
    const parameters: Cell[] = [];
    const text =
      `SELECT ${columns.map((it) => this.#name(it)).join(", ")} FROM ${this.#name(table)}` +
      `${this.#where(where, parameters)}${order === undefined ? "" : ` ORDER BY ${this.#name(order)}`}`;
    const reply = await this.#ask(text, parameters);
    return reply?.rows;
  }

  /** How many rows there are; with `distinct` how many combinations of those columns. */
  async count(table: string, where: Conditions, distinct: readonly string[] = []): Promise<number | undefined> {
    const parameters: Cell[] = [];
    const from = `FROM ${this.#name(table)}${this.#where(where, parameters)}`;
    const text =
      distinct.length === 0
        ? `SELECT COUNT(*) ${from}`
        : `SELECT COUNT(*) FROM (SELECT DISTINCT ${distinct.map((it) => this.#name(it)).join(", ")} ${from}) AS t`;
    const reply = await this.#ask(text, parameters);
    return reply && Number(reply.rows[0]?.[0] ?? 0);
  }

  /** Adds a row. `unique`: where a row with that column's value is there already, it is changed instead. */
  async insert(table: string, row: Columns, unique?: string): Promise<boolean> {
    const names = row.map(([it]) => this.#name(it));
    let text = `INSERT INTO ${this.#name(table)} (${names.join(", ")}) VALUES (${row.map(() => "?").join(", ")})`;
    if (unique !== undefined) text += this.#dialect.insteadOfInsert(this.#name(unique), names);
    const values = row.map(([, value]) => value);
    return (await this.#ask(text, values)) !== undefined;
  }

  /** The number of rows that it was found in. */
  async update(table: string, where: Conditions, values: Columns): Promise<number | undefined> {
    const parameters = values.map(([, value]) => value);
    const set = values.map(([it]) => `${this.#name(it)} = ?`).join(", ");
    const text = `UPDATE ${this.#name(table)} SET ${set}${this.#where(where, parameters)}`;
    return (await this.#ask(text, parameters))?.affected;
  }

  /** The number of rows that are gone. */
  async delete(table: string, where: Conditions): Promise<number | undefined> {
    const parameters: Cell[] = [];
    const text = `DELETE FROM ${this.#name(table)}${this.#where(where, parameters)}`;
    return (await this.#ask(text, parameters))?.affected;
  }

  /**
   * Compares the version that the table `version` has for a table with the one that the module knows. Undefined: they
   * are the same. A string is the problem, for whoever starts the server.
   */
  async problemWithVersion(table: string, version: number): Promise<string | undefined> {
    const rows = await this.query("version", [["table_name", table]], ["table_version"]);
    if (rows === undefined) return `the version of the table ${table} cannot be read from the database`;
    if (rows.length !== 1) return `the database does not know the version of the table ${table}`;
    const found = Number(rows[0]![0]);
    return found === version ? undefined : `the table ${table} has version ${found}, but ${version} is needed`;
  }

  /** Whether the database answers at all: a string is the problem, for whoever starts the server. */
  async problem(): Promise<string | undefined> {
    const reply = await this.#database.query("SELECT 1");
    return reply.ok ? undefined : `failed to connect to the database: ${reply.message}`;
  }

  /** Seconds since 1970 as a column for times holds them. */
  time(seconds: number): Cell {
    return this.#dialect.time(seconds);
  }

  /** Seconds since 1970 of what such a column gave; undefined when it is no time. */
  seconds(cell: Cell): number | undefined {
    return this.#dialect.seconds(cell);
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  #name(name: string): string {
    const { quote } = this.#dialect;
    return `${quote}${name.replaceAll(quote, quote + quote)}${quote}`;
  }

  #where(conditions: Conditions, parameters: Cell[]): string {
    if (conditions.length === 0) return "";
    const parts = conditions.map((it) =>
      "any" in it
        ? `(${it.any.map((one) => this.#condition(one, parameters)).join(" OR ")})`
        : this.#condition(it, parameters),
    );
    return ` WHERE ${parts.join(" AND ")}`;
  }

  #condition([column, value, operator = "="]: Condition, parameters: Cell[]): string {
    if (value === null) return `${this.#name(column)} IS ${operator === "!=" ? "NOT " : ""}NULL`;
    parameters.push(value);
    return `${this.#name(column)} ${operator === "!=" ? "<>" : operator} ?`;
  }

  async #ask(text: string, parameters: readonly Cell[]): Promise<Extract<QueryReply, { ok: true }> | undefined> {
    this.#queries.value++;
    const reply = await this.#database.query(text, parameters);
    if (reply.ok) return reply;
    this.#failures.value++;
    this.#core.log.write(LogLevel.err, `${this.#module}: ${reply.message} [${text}]\n`);
    return undefined;
  }
}

/** What Kamailio's modules connect to when nobody says: to read and write, and to read. */
export const DEFAULT_URL = "mysql://kamailio:kamailiorw@localhost/kamailio";
export const DEFAULT_READ_URL = "mysql://kamailioro:kamailioro@localhost/kamailio";

/** What a module with tables counts, for its declaration. */
export const tableStatistics = (module: string): Record<string, string> => ({
  [`${module}.db_queries`]: "Queries made.",
  [`${module}.db_failures`]: "Queries that failed: refused, too late, or no database there.",
});

/** The text of a column; "" where it holds nothing. */
export const textOf = (cell: Cell | undefined): string => (cell === null || cell === undefined ? "" : String(cell));
