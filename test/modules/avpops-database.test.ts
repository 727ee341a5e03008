/** avp_db_load, avp_db_store and avp_db_delete on SQLite in memory. */
import { expect, test } from "vitest";
import type { Database } from "../../src/declare/host.ts";
import { modules } from "../../src/modules/index.ts";
import { createDatabases } from "../../src/node/database/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";
import { request } from "./play.ts";

const ROWS = `('u1','','','color','red',0), ('u1','','','color','blue',0), ('u1','','','age','42',1),
  ('u1','','','7','seven',2), ('u1','','','bad','x',1), ('','bob','127.0.0.1','lang','de',0), ('','bob','else','lang','fr',0)`;

/** What the statements log, and the table afterwards. */
async function played(statements: string, head = ""): Promise<{ log: readonly string[]; rows: readonly unknown[] }> {
  const database = createDatabases().open("sqlite::memory:") as Database;
  await database.query(
    "create table avps (uuid text, username text, domain text, attribute text, value text, type integer)",
  );
  await database.query(`insert into avps values ${ROWS}`);
  await database.query("create table subscriber (id text, login text, age integer)");
  await database.query("insert into subscriber values ('u1', 'bob', 42)");
  const script = `listen=udp:127.0.0.1:5060
loadmodule "pv"
loadmodule "xlog"
loadmodule "avpops"
modparam("avpops", "db_url", "sqlite::memory:")
modparam("avpops", "avp_table", "avps")
modparam("avpops", "db_scheme", "age:table=subscriber;uuid_col=id;value_col=age;value_type=integer")
modparam("avpops", "db_scheme", "login:table=subscriber;uuid_col=id;value_col=login")
${head}
request_route { ${statements} }`;
  const simulation = new Simulation({ modules, files: { "/s.cfg": script }, script: "/s.cfg" });
  simulation.host.databases.script = (text, _url, params) => database.query(text, params);
  const problems = await simulation.start();
  if (problems.length > 0) return { log: problems.map((it) => it.message), rows: [] };
  const before = simulation.log.length;
  const peer = simulation.network.bindNow({ address: "127.0.0.2", port: 5080 }, { message() {}, failed() {} });
  peer.send(request("OPTIONS"), "127.0.0.1", 5060);
  await simulation.advance(50);
  await simulation.stop();
  const left = await database.query(
    "select uuid||'|'||username||'|'||ifnull(domain, 'null')||'|'||attribute||'='||value||'|'||type from avps where rowid > 7 or (select count(*) from avps) < 7",
  );
  await database.close();
  return {
    log: simulation.log.slice(before).map((it) => it.text.trimEnd()),
    rows: left.ok ? left.rows.map(([it]) => it) : [],
  };
}

const rcs = (expression: string): string => `${expression}; xlog("$rc\\n");`;

test.each([
  [
    "one AVP by an id",
    `${rcs('avp_db_load("u1", "$avp(color)")')}xlog("$(avp(color)[*]) $avp(age)\\n");`,
    ["1", "blue, red <null>"],
  ],
  [
    "all of a user",
    '$var(id) = "u1"; avp_db_load("$var(id)", "*"); xlog("$avp(color) $avp(age) $avp(i:7)\\n"); if ($avp(age) + 1 == 43) xlog("a number\\n");',
    ["avpops: a row of avps has the value x, which is no number", "blue 42 seven", "a number"],
  ],
  ["those with numbers for names", 'avp_db_load("u1", "i"); xlog("$avp(color) $avp(i:7)\\n");', ["<null> seven"]],
  ["none", rcs('avp_db_load("u2", "*")'), ["-1"]],
  ["by user", 'avp_db_load("$ru", "$avp(lang)"); xlog("$(avp(lang)[*])\\n");', ["fr, de"]],
  ["by domain", 'avp_db_load("$ru/domain", "$avp(lang)"); xlog("$(avp(lang)[*])\\n");', ["de"]],
  [
    "by scheme",
    'avp_db_load("u1", "$avp(a)/$age"); avp_db_load("$var(u)/uuid", "$avp(l)/$login"); xlog("$avp(a) $avp(l)\\n");',
    ["42 <null>"],
  ],
  [
    "a name that a variable gives",
    '$var(n) = "color"; avp_db_load("u1", "$avp($var(n))"); xlog("$avp(color)\\n");',
    ["blue"],
  ],
  ["a source that is no URI", rcs('avp_db_load("u1/uri", "*")'), ["avpops: u1 is no URI with a user", "-1"]],
] as const)("load: %s", async (_name, statements, log) => {
  expect((await played(statements)).log).toEqual(log);
});

test("load: by user and domain with use_domain", async () => {
  const { log } = await played(
    'avp_db_load("$ru", "$avp(lang)"); xlog("$(avp(lang)[*])\\n");',
    'modparam("avpops", "use_domain", 1)',
  );
  expect(log).toEqual(["de"]);
});

test("store: what the database does not have yet", async () => {
  const { log, rows } = await played(
    `avp_db_load("u1", "$avp(color)"); $avp(color) = "green"; ${rcs('avp_db_store("u1", "$avp(color)")')}
     ${rcs('avp_db_store("u1", "$avp(color)")')} $avp(n) = 5; $avp(i:3) = "t"; ${rcs('avp_db_store("$ru/username", "i")')}
     ${rcs('avp_db_store("$ru", "$avp(n)")')}`,
  );
  expect(log).toEqual(["1", "-1", "1", "1"]);
  expect(rows).toEqual(["u1||null|color=green|0", "|bob|null|3=t|2", "|bob|null|n=5|1"]);
});

test("delete: by name", async () => {
  const { log, rows } = await played(rcs('avp_db_delete("u1", "$avp(color)")') + rcs('avp_db_delete("$ru", "*")'));
  expect(log).toEqual(["1", "1"]);
  expect(rows).toEqual(["u1|||age=42|1", "u1|||7=seven|2", "u1|||bad=x|1"]);
});

test.each([
  ['avp_db_load("u1", "color");', "neither an AVP nor one of"],
  ['avp_db_load("u1/colour", "*");', "`colour` is no part of a source"],
  ['avp_db_load("u1", "$avp(a)/$none");', "there is no db_scheme `none`"],
  ['avp_db_load("u1", "*/$age");', "a db_scheme takes the name of an AVP"],
  ['avp_db_store("u1", "$avp(a)/$age");', "this function takes no db_scheme"],
])("%s is refused", async (statements, problem) => {
  expect((await played(statements)).log.join()).toContain(problem);
});
