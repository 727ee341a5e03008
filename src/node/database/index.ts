/** Databases by Kamailio's URLs: SQLite, PostgreSQL and MySQL. Their clients are loaded when the first query needs them. */
import type { Database, Databases, QueryReply } from "../../declare/host.ts";

/** `driver://user:password@host:port/database`; for SQLite the path of a file. */
export interface DatabaseUrl {
  readonly driver: "sqlite" | "postgres" | "mysql";
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
  readonly database: string;
}
/** Where and as whom to connect, under the names that the clients of servers share. */
export const target = ({ host, port, user, password, database }: DatabaseUrl) => ({
  host,
  ...(port !== undefined && { port }),
  ...(user !== undefined && { user }),
  ...(password !== undefined && { password }),
  database,
});

export interface PoolOptions {
  /** Connections at once. */
  readonly connections: number;
  /** Milliseconds for connecting, and for each query. */
  readonly timeout: number;
}
export type SqlValue = string | number | bigint | null;
/** A client over its pool; it may throw, which is turned into a reply here. */
export interface Client {
  query(text: string, params: readonly SqlValue[] | undefined): Promise<QueryReply>;
  close(): Promise<void>;
}

const DEFAULTS: PoolOptions = { connections: 10, timeout: 5000 };

export const createDatabases = (): Databases => ({
  open(text, options) {
    const url = parseDatabaseUrl(text);
    return typeof url === "string" ? url : new LateDatabase(url, { ...DEFAULTS, ...options });
  },
});

/** Loads and makes its client when it is first asked. */
class LateDatabase implements Database {
  readonly #url: DatabaseUrl;
  readonly #options: PoolOptions;
  #client: Promise<Client> | undefined;

  constructor(url: DatabaseUrl, options: PoolOptions) {
    this.#url = url;
    this.#options = options;
  }

  async query(text: string, params?: readonly SqlValue[]): Promise<QueryReply> {
    let client: Client;
    try {
      client = await (this.#client ??= load(this.#url, this.#options));
    } catch (error) {
      // The next query tries again.
      this.#client = undefined;
      return { ok: false, error: "connect", message: messageOf(error) };
    }
    try {
      return await client.query(text, params);
    } catch (error) {
      return { ok: false, error: "query", message: messageOf(error) };
    }
  }

  async close(): Promise<void> {
    try {
      await (await this.#client)?.close();
    } catch {
      // It never came up, or is gone already.
    }
  }
}

async function load(url: DatabaseUrl, options: PoolOptions): Promise<Client> {
  switch (url.driver) {
    case "sqlite":
      return (await import("./sqlite.ts")).openSqlite(url);
    case "postgres":
      return (await import("./postgres.ts")).openPostgres(url, options);
    case "mysql":
      return (await import("./mysql.ts")).openMysql(url, options);
  }
}

const DRIVERS: Readonly<Record<string, DatabaseUrl["driver"]>> = {
  sqlite: "sqlite",
  postgres: "postgres",
  postgresql: "postgres",
  mysql: "mysql",
};

/** A string says what is wrong with the URL. */
export function parseDatabaseUrl(text: string): DatabaseUrl | string {
  const scheme = /^(?:db_)?(\w+):/.exec(text);
  const driver = DRIVERS[scheme?.[1]?.toLowerCase() ?? ""];
  if (!scheme || !driver) return `no database for the URL ${withoutPassword(text)}: it is sqlite, postgres or mysql`;
  const rest = text.slice(scheme[0].length);
  if (driver === "sqlite") {
    const database = rest.startsWith("//") ? rest.slice(2) : rest;
    if (database === "") return "the SQLite URL names no file";
    return { driver, user: undefined, password: undefined, host: "", port: undefined, database };
  }
  // The password may hold anything, so the host begins behind the last `@`.
  const parts = /^\/\/(?:([^:@]*)(?::(.*))?@)?(\[[^\]]+\]|[^:/@]*)(?::(\d+))?(?:\/([^/?]*))?$/.exec(rest);
  if (!parts) return `not a database URL: ${withoutPassword(text)}`;
  const [, user, password, host, port, database] = parts;
  return {
    driver,
    user: user || undefined,
    password,
    host: (host ?? "").replace(/^\[|\]$/g, "") || "localhost",
    port: port === undefined ? undefined : Number(port),
    database: database ?? "",
  };
}

/** For log lines. */
const withoutPassword = (url: string): string => url.replace(/(\/\/[^:@/]*):.*@/, "$1:***@");

export const messageOf = (error: unknown): string => {
  const text =
    error instanceof Error ? error.message || String((error as { code?: string }).code ?? error.name) : String(error);
  return text.split("\n")[0]!;
};

/** The engine's strings are bytes, databases speak UTF-8. */
export const toDatabase = (text: string): string => Buffer.from(text, "latin1").toString("utf8");
export const fromDatabase = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

/** A whole number as it is exact: a number where that is enough. */
export const whole = (value: bigint): number | bigint =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
