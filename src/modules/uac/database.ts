/** Accounts at other registrars that a database has (parameter reg_db_url). Follows uac_reg_load_db in Kamailio's uac_reg.c. */
import { type Core, LogLevel } from "../../declare/core.ts";
import { type Cell, Tables } from "../db/tables.ts";
import type { Account } from "./registrations.ts";

/** Versions of the table; since the second it has the column `contact_user`. */
const VERSIONS = [5, 6] as const;
const COLUMNS = [
  "l_uuid",
  "l_username",
  "l_domain",
  "r_username",
  "r_domain",
  "realm",
  "auth_username",
  "auth_password",
  "auth_ha1",
  "auth_proxy",
  "expires",
  "flags",
  "reg_delay",
  "contact_addr",
  "socket",
  "contact_user",
] as const;
type Name = (typeof COLUMNS)[number];
/** Columns that may hold nothing, but no empty text. */
const NEVER_EMPTY = [
  "l_uuid",
  "l_username",
  "l_domain",
  "r_username",
  "r_domain",
  "auth_username",
  "auth_proxy",
] as const;

export const HA1 = /^[0-9a-fA-F]{32}$/;

export class AccountTable {
  readonly #core: Core;
  readonly #tables: Tables;
  readonly #table: string;
  #columns: readonly string[] = COLUMNS;

  private constructor(core: Core, tables: Tables, table: string) {
    this.#core = core;
    this.#tables = tables;
    this.#table = table;
  }

  /** A string is the problem. */
  static open(core: Core, url: string, table: string): AccountTable | string {
    const tables = Tables.open(core, "uac", url);
    return typeof tables === "string" ? tables : new AccountTable(core, tables, table);
  }

  /** Every account that can be used; undefined when the table cannot be read, which is logged. */
  async all(): Promise<readonly Account[] | undefined> {
    const [row] = (await this.#tables.query("version", [["table_name", this.#table]], ["table_version"])) ?? [];
    const version = Number(row?.[0]);
    if (!VERSIONS.some((it) => it === version))
      return this.#complain(`the table ${this.#table} is not of version ${VERSIONS.join(" or ")}`);
    this.#columns = version === VERSIONS[0] ? COLUMNS.slice(0, -1) : COLUMNS;
    const rows = await this.#tables.query(this.#table, [], this.#columns);
    return rows?.flatMap((row) => this.#account(row) ?? []);
  }

  /** Null: there is no such row. Undefined: the table cannot be read, or the row cannot be used. */
  async find(uuid: string): Promise<Account | null | undefined> {
    const rows = await this.#tables.query(this.#table, [["l_uuid", uuid]], this.#columns);
    if (!rows) return undefined;
    return rows.length === 0 ? null : this.#account(rows[0]!);
  }

  close(): Promise<void> {
    return this.#tables.close();
  }

  #account(row: readonly Cell[]): Account | undefined {
    const cell = (name: Name): Cell => row[COLUMNS.indexOf(name)] ?? null;
    const text = (name: Name): string => String(cell(name) ?? "");
    const empty = NEVER_EMPTY.find((name) => cell(name) === "");
    const ha1 = text("auth_ha1");
    if (empty !== undefined) return this.#complain(`a row is left out whose ${empty} is empty`);
    if (text("auth_password") === "" && ha1 === "")
      return this.#complain(`the row of ${text("l_uuid")} has no password and is left out`);
    if (ha1 !== "" && !HA1.test(ha1)) return this.#complain(`the HA1 of ${text("l_uuid")} is none: it is left out`);
    return {
      uuid: text("l_uuid"),
      localUser: text("l_username"),
      localDomain: text("l_domain"),
      remoteUser: text("r_username"),
      remoteDomain: text("r_domain"),
      realm: text("realm"),
      authUser: text("auth_username"),
      authPassword: text("auth_password"),
      ha1: ha1.toLowerCase(),
      proxy: text("auth_proxy"),
      expires: Number(cell("expires")),
      flags: Number(cell("flags")),
      delay: Number(cell("reg_delay")),
      socket: text("socket"),
      contactAddress: text("contact_addr"),
      contactUser: text("contact_user"),
    };
  }

  #complain(problem: string): undefined {
    this.#core.log.write(LogLevel.err, `uac: ${problem}\n`);
  }
}
