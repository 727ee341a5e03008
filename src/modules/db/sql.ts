/** Tables of a database that speaks SQL. */
import type { Database, QueryReply } from "../../declare/host.ts";
import type { Access, Cell, Columns, Condition, Conditions } from "./access.ts";
import { type Dialect, dialectOf } from "./dialect.ts";

export class SqlAccess implements Access {
  readonly #database: Database;
  readonly #dialect: Dialect;

  constructor(url: string, database: Database) {
    this.#database = database;
    this.#dialect = dialectOf(url);
  }

  probe(): Promise<QueryReply> {
    return this.#database.query("SELECT 1");
  }

  select(table: string, where: Conditions, columns: readonly string[], order?: string): Promise<QueryReply> {
    const parameters: Cell[] = [];
    const text =
      `SELECT ${columns.map((it) => this.#name(it)).join(", ")} FROM ${this.#name(table)}` +
      `${this.#where(where, parameters)}${order === undefined ? "" : ` ORDER BY ${this.#name(order)}`}`;
    return this.#ask(text, parameters);
  }

  count(table: string, where: Conditions, distinct: readonly string[]): Promise<QueryReply> {
    const parameters: Cell[] = [];
    const from = `FROM ${this.#name(table)}${this.#where(where, parameters)}`;
    const text =
      distinct.length === 0
        ? `SELECT COUNT(*) ${from}`
        : `SELECT COUNT(*) FROM (SELECT DISTINCT ${distinct.map((it) => this.#name(it)).join(", ")} ${from}) AS t`;
    return this.#ask(text, parameters);
  }

  insert(table: string, row: Columns, unique?: string): Promise<QueryReply> {
    const names = row.map(([it]) => this.#name(it));
    let text = `INSERT INTO ${this.#name(table)} (${names.join(", ")}) VALUES (${row.map(() => "?").join(", ")})`;
    if (unique !== undefined) text += this.#dialect.insteadOfInsert(this.#name(unique), names);
    return this.#ask(
      text,
      row.map(([, value]) => value),
    );
  }

  update(table: string, where: Conditions, values: Columns): Promise<QueryReply> {
    const parameters = values.map(([, value]) => value);
    const set = values.map(([it]) => `${this.#name(it)} = ?`).join(", ");
    const text = `UPDATE ${this.#name(table)} SET ${set}${this.#where(where, parameters)}`;
    return this.#ask(text, parameters);
  }

  delete(table: string, where: Conditions): Promise<QueryReply> {
    const parameters: Cell[] = [];
    const text = `DELETE FROM ${this.#name(table)}${this.#where(where, parameters)}`;
    return this.#ask(text, parameters);
  }

  query(text: string): Promise<QueryReply> {
    return this.#database.query(text);
  }

  time(seconds: number): Cell {
    return this.#dialect.time(seconds);
  }

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

  /** What failed says with which query. */
  async #ask(text: string, parameters: readonly Cell[]): Promise<QueryReply> {
    const reply = await this.#database.query(text, parameters);
    return reply.ok ? reply : { ...reply, message: `${reply.message} [${text}]` };
  }
}
