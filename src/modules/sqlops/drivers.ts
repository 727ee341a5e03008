/** The modules that scripts load for a database. The clients are the host's, so these only know their parameters. */
import { declare, int, type Module } from "../../declare/module.ts";

const { module } = declare<null>();

const driver = (name: string, database: string, params: Parameters<typeof module>[0]["params"]): Module =>
  module({
    name,
    doc: `${database} for modules that use a database; here it is there without this module.`,
    params,
    start: () => null,
    functions: {},
    variables: {},
    commands: {},
    events: {},
  });

const inert = (doc: string, fallback: number) => int(`${doc} Nothing depends on it here.`, { fallback });

export const dbMysql = driver("db_mysql", "MySQL and MariaDB", {
  ping_interval: inert("Seconds between pings of an idle connection.", 300),
  auto_reconnect: inert("0: a broken connection is not made anew; here it always is.", 1),
  max_db_queries: inert("How often a query is tried while connections break.", 2),
});
export const dbPostgres = driver("db_postgres", "PostgreSQL", {
  retries: inert("How often a query is tried while connections break.", 2),
});
export const dbSqlite = driver("db_sqlite", "SQLite", {});
