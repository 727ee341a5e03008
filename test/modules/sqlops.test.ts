/** sqlops and avp_db_query, on SQLite in memory and on a database that is not there. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Database } from "../../src/declare/host.ts";
import { modules } from "../../src/modules/index.ts";
import { createDatabases } from "../../src/node/database/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";
import { request } from "./play.ts";

let database: Database;
beforeAll(async () => {
  database = createDatabases().open("sqlite::memory:") as Database;
  await database.query("create table domain (id integer, domain text, note text)");
  await database.query(
    "insert into domain values (1, 'one.org', null), (2, 'two.org', 'it''s'), (5000000000, '', 'x')",
  );
});
afterAll(() => database.close());

/** What `statements` log; `dead`: no database answers. */
async function logged(statements: string, { dead = false, mode = 0, head = "" } = {}): Promise<string[]> {
  const text = `listen=udp:127.0.0.1:5060
    ${["pv", "xlog", "tm", "sl", "avpops", "sqlops"].map((it) => `loadmodule "${it}"`).join("\n")}
    modparam("sqlops", "sqlcon", "ca=>sqlite::memory:")
    modparam("sqlops", "connect_mode", ${mode})
    modparam("avpops", "db_url", "sqlite::memory:")
    ${head}
    ${statements.includes("request_route") ? statements : `request_route { ${statements} }`}`;
  const simulation = new Simulation({ modules, files: { "/s.cfg": text }, script: "/s.cfg" });
  if (!dead) simulation.host.databases.script = (query) => database.query(query);
  const problems = await simulation.start();
  if (problems.length > 0) return problems.map((it) => it.message);
  const started = simulation.log.length;
  const peer = simulation.network.bindNow({ address: "127.0.0.2", port: 5060 }, { message() {}, failed() {} });
  peer.send(request("OPTIONS"), "127.0.0.1", 5060);
  await simulation.advance(50);
  await simulation.stop();
  return simulation.log.slice(started).map((it) => it.text.trimEnd());
}

test("$dbr tells rows, columns, names and values", async () => {
  const log = await logged(`
    sql_query("ca", "select * from domain order by id", "ra");
    xlog("$rc $dbr(ra=>rows) $dbr(ra=>cols) $dbr(ra=>colname[1])\\n");
    $var(i) = 1;
    xlog("$dbr(ra=>[$var(i),1]) $dbr(ra=>[0,2]) $dbr(ra=>[2,0]) $dbr(ra=>[7,0])\\n");
    sql_result_free("ra");
    xlog("$dbr(ra=>rows)\\n");`);
  expect(log).toEqual(["1 3 3 domain", "two.org <null> 5000000000 <null>", "0"]);
});

test("codes of sql_query, and rows that were changed", async () => {
  const log = await logged(`
    sql_query("ca", "select 1 where 1 = 2", "ra"); xlog("$rc\\n");
    sql_query("ca", "select 1"); xlog("$rc\\n");
    sql_query("ca", "update domain set note = 'x' where id > 2"); xlog("$rc $sqlrows(ca)\\n");
    sql_query("ca", "select nonsense", "ra"); xlog("$rc\\n");`);
  expect(log).toEqual(["2", "3", "2 1", "sqlops: ca: no such column: nonsense [select nonsense]", "-1"]);
});

test("sql_xquery and sql_pvquery", async () => {
  const log = await logged(`
    sql_xquery("ca", "select id, domain from domain where id < 3 order by id", "x");
    xlog("$xavp(x[0]=>domain) $xavp(x[1]=>domain) $xavp(x[1]=>id)\\n");
    sql_pvquery("ca", "select id, domain, note from domain where id < 3 order by id", "$var(id), $avp(d);$avp(n)");
    xlog("$var(id) $avp(d) $(avp(d)[1]) $avp(n) $(avp(n)[1])\\n");`);
  expect(log).toEqual(["one.org two.org 2", "1 one.org two.org it's <null>"]);
});

test("{sql.val} and its kin", async () => {
  const log = await logged(`
    $var(t) = "it's";
    xlog("$(var(t){sql.val}) $(avp(no){sql.val}) $(avp(no){sql.val.int}) $(avp(no){sql.val.str}) $(rb{s.len}{sql.val})\\n");`);
  expect(log).toEqual(["'it\\'s' NULL 0 '' 0"]);
});

test("avp_db_query", async () => {
  const log = await logged(`
    avp_db_query("select domain, note from domain where id < 3 order by id", "$avp(d);$avp(n)");
    xlog("$rc $avp(d) $(avp(d)[1]) $avp(n)\\n");
    avp_db_query("select id from domain where id = 1"); xlog("$rc $avp(i:1)\\n");
    avp_db_query("select id from domain where id = 77", "$avp(q)"); xlog("$rc\\n");`);
  expect(log).toEqual(["1 one.org two.org it's", "1 1", "-2"]);
});

test("in async() the rows are there when the route runs", async () => {
  const log = await logged(`
    request_route { async(sql_query("ca", "select domain from domain where id = 2", "ra"), ROWS); xlog("never\\n"); }
    route[ROWS] { xlog("$rc $dbr(ra=>[0,0])\\n"); }`);
  expect(log).toContain("1 two.org");
  expect(log).not.toContain("never");
});

test("a database that is not there", async () => {
  const statements = 'sql_query("ca", "select 1", "ra"); xlog("$rc\\n");';
  await expect(logged(statements, { dead: true })).rejects.toThrow("failed to connect to the database [ca]");
  expect(await logged(statements, { dead: true, mode: 1 })).toEqual([
    "sqlops: ca: connection refused [select 1]",
    "-2",
  ]);
});

test("an unknown connection refuses the script", async () => {
  expect(await logged('sql_query("cb", "select 1");')).toEqual(["`sql_query`: there is no connection `cb`"]);
});
