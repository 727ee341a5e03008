/** Databases by URL: what a URL means, and what SQLite's values become. */
import { expect, test } from "vitest";
import { createDatabases, parseDatabaseUrl } from "../../src/node/database/index.ts";

test.each([
  ["mysql://u:p@ss:w@db.example:3307/sip", ["mysql", "u", "p@ss:w", "db.example", 3307, "sip"]],
  ["postgres://u@[::1]/sip", ["postgres", "u", undefined, "::1", undefined, "sip"]],
  ["postgresql://localhost/sip", ["postgres", undefined, undefined, "localhost", undefined, "sip"]],
  ["sqlite:///var/lib/sip.db", ["sqlite", undefined, undefined, "", undefined, "/var/lib/sip.db"]],
  ["sqlite::memory:", ["sqlite", undefined, undefined, "", undefined, ":memory:"]],
])("%s", (url, [driver, user, password, host, port, database]) => {
  expect(parseDatabaseUrl(url)).toEqual({ driver, user, password, host, port, database });
});

test("a URL of no database is refused, and its password is not shown", () => {
  expect(createDatabases().open("oracle://u:secret@h/d")).toBe(
    "no database for the URL oracle://u:***@h/d: it is sqlite, postgres or mysql",
  );
  expect(createDatabases().open("sqlite://")).toBe("the SQLite URL names no file");
});

test("SQLite: values, bytes, parameters and errors", async () => {
  const database = createDatabases().open("sqlite::memory:");
  if (typeof database === "string") throw new Error(database);
  await database.query("create table t (n integer, s text, b blob, r real)");
  const text = "insert into t values (?, ?, x'00ff', 1.5)";
  expect(await database.query(text, [9007199254740993n, "\xc3\xa9"])).toMatchObject({ ok: true, affected: 1 });
  expect(await database.query("select n, s, b, r, length(s) as l, null as z from t")).toEqual({
    ok: true,
    columns: ["n", "s", "b", "r", "l", "z"],
    rows: [[9007199254740993n, "\xc3\xa9", "\x00\xff", "1.5", 1, null]],
    affected: 0,
  });
  expect(await database.query("select")).toMatchObject({ ok: false, error: "query" });
  await database.close();
});

test("a file that cannot be opened, and a server that is not there", async () => {
  for (const url of ["sqlite:///no/such/folder/x.db", "postgres://u:p@127.0.0.1:1/x", "mysql://u:p@127.0.0.1:1/x"]) {
    const database = createDatabases().open(url, { timeout: 1000 });
    if (typeof database === "string") throw new Error(database);
    expect(await database.query("select 1")).toMatchObject({ ok: false, error: "connect" });
    await database.close();
  }
});
