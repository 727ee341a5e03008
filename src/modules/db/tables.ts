/**
 * Tables of a database by columns, as Kamailio's modules use them (its lib/srdb1): no module that keeps its data in
 * tables writes SQL. A query that fails is a log line, a count and undefined.
 */
import { type Core, type Counter, LogLevel } from "../../declare/core.ts";
import type { QueryReply } from "../../declare/host.ts";
import type { Answer } from "../../declare/value.ts";
import { type Access, type Cell, type Columns, type Conditions, openAccess, type Row } from "./access.ts";

export type { Cell, Columns, Condition, Conditions, Row } from "./access.ts";

export class Tables {
  readonly url: string;
  readonly #module: string;
  readonly #core: Core;
  readonly #access: Access;
  readonly #queries: Counter;
  readonly #failures: Counter;

  private constructor(core: Core, module: string, url: string, access: Access) {
    this.url = url;
    this.#module = module;
    this.#core = core;
    this.#access = access;
    this.#queries = core.statistics.counter(module, "db_queries");
    this.#failures = core.statistics.counter(module, "db_failures");
  }

  /** Connects to nothing yet. A string says why there is no such database. */
  static open(core: Core, module: string, url: string): Tables | string {
    const access = openAccess(core, url);
    return typeof access === "string" ? `db_url: ${access}` : new Tables(core, module, url, access);
  }

  /** The rows, their columns in the order asked for. */
  async query(
    table: string,
    where: Conditions,
    columns: readonly string[],
    order?: string,
  ): Promise<readonly Row[] | undefined> {
    return (await this.#ask(this.#access.select(table, where, columns, order)))?.rows;
  }

  /** How many rows there are; with `distinct` how many combinations of those columns. */
  async count(table: string, where: Conditions, distinct: readonly string[] = []): Promise<number | undefined> {
    const reply = await this.#ask(this.#access.count(table, where, distinct));
    return reply && Number(reply.rows[0]?.[0] ?? 0);
  }

  /** Adds a row. `unique`: where a row with that column's value is there already, it is changed instead. */
  async insert(table: string, row: Columns, unique?: string): Promise<boolean> {
    return (await this.#ask(this.#access.insert(table, row, unique))) !== undefined;
  }

  /** The number of rows that it was found in. */
  async update(table: string, where: Conditions, values: Columns): Promise<number | undefined> {
    return (await this.#ask(this.#access.update(table, where, values)))?.affected;
  }

  /** The number of rows that are gone. */
  async delete(table: string, where: Conditions): Promise<number | undefined> {
    return (await this.#ask(this.#access.delete(table, where)))?.affected;
  }

  /** A query as the script wrote it. */
  async raw(text: string): Promise<readonly Row[] | undefined> {
    const reply = await this.#access.query(text);
    return (await this.#ask(reply.ok ? reply : { ...reply, message: `${reply.message} [${text}]` }))?.rows;
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
    const reply = await this.#access.probe();
    return reply.ok ? undefined : `failed to connect to the database: ${reply.message}`;
  }

  /** Seconds since 1970 as a column for times holds them. */
  time(seconds: number): Cell {
    return this.#access.time(seconds);
  }

  /** Seconds since 1970 of what such a column gave; undefined when it is no time. */
  seconds(cell: Cell): number | undefined {
    return this.#access.seconds(cell);
  }

  close(): Promise<void> {
    return this.#access.close();
  }

  async #ask(answer: Answer<QueryReply>): Promise<Extract<QueryReply, { ok: true }> | undefined> {
    this.#queries.value++;
    const reply = await answer;
    if (reply.ok) return reply;
    this.#failures.value++;
    this.#core.log.write(LogLevel.err, `${this.#module}: ${reply.message}\n`);
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
