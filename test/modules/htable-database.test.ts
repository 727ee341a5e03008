/** htable with a database: what rows become, what is written back, and reading again. */
import { expect, test } from "vitest";
import type { Database } from "../../src/declare/host.ts";
import { modules } from "../../src/modules/index.ts";
import { createDatabases } from "../../src/node/database/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";
import { request } from "./play.ts";

const COLUMNS = "key_name text, key_type integer, value_type integer, key_value text, expires integer";

class Server {
  readonly simulation: Simulation;
  readonly database: Database;

  private constructor(simulation: Simulation, database: Database) {
    this.simulation = simulation;
    this.database = database;
  }

  /** A server whose database is SQLite in memory; what refused the script when it was. */
  static async start(rows: string, script: string): Promise<Server | string> {
    const database = createDatabases().open("sqlite::memory:") as Database;
    await database.query(`create table ht (${COLUMNS})`);
    await database.query("create table numbers (prefix text, a text, b integer, c text)");
    if (rows !== "") await database.query(`insert into ${rows}`);
    const simulation = new Simulation({
      modules,
      files: {
        "/s.cfg": `listen=udp:127.0.0.1:5060
loadmodule "pv"
loadmodule "xlog"
loadmodule "htable"
modparam("htable", "db_url", "sqlite::memory:")
${script}`,
      },
      script: "/s.cfg",
    });
    simulation.host.databases.script = (text, _url, params) => database.query(text, params);
    try {
      const [problem] = await simulation.start();
      return problem ? problem.message : new Server(simulation, database);
    } catch (error) {
      return (error as Error).message;
    }
  }

  async logged(ms = 50): Promise<readonly string[]> {
    const before = this.simulation.log.length;
    const peer = this.simulation.network.bindNow({ address: "127.0.0.2", port: 5060 }, { message() {}, failed() {} });
    peer.send(request("OPTIONS"), "127.0.0.1", 5060);
    await this.simulation.advance(ms);
    peer.close();
    return this.simulation.log.slice(before).map((it) => it.text.trimEnd());
  }

  async command(name: string, args: readonly string[]): Promise<unknown> {
    return await this.simulation.server.active.core.command(name)!.run(args);
  }

  async rows(columns = "key_name, value_type, key_value"): Promise<readonly (readonly unknown[])[]> {
    const reply = await this.database.query(`select ${columns} from ht order by key_name`);
    return reply.ok ? reply.rows : [];
  }
}

async function started(rows: string, script: string): Promise<Server> {
  const server = await Server.start(rows, script);
  if (typeof server === "string") throw new Error(server);
  return server;
}

test("rows become texts, integers and arrays", async () => {
  const server = await started(
    "ht values ('t',0,0,'7',0), ('n',0,1,'7',0), ('x',0,1,'seven',0), ('a',1,0,'one',0), ('a',1,0,'two',0)",
    `modparam("htable", "htable", "h=>size=4;dbtable=ht;")
     event_route[htable:mod-init] { xlog("begun with $shtcn(h=>**)\\n"); }
     request_route {
       xlog("$sht(h=>t) $(sht(h=>n){s.int}) $sht(h=>x) $sht(h=>a[0]) $sht(h=>a[1]) $sht(h=>a::size)\\n");
       if ($sht(h=>n) + 1 == 8) xlog("a number\\n");
     }`,
  );
  expect(server.simulation.log.map((it) => it.text.trimEnd())).toContain("begun with 6");
  expect(await server.logged()).toEqual(["7 7 0 one two 2", "a number"]);
  await server.simulation.stop();
  expect(await server.rows()).toHaveLength(5);
});

test("columns of one's own make one text, with a sign for NULL", async () => {
  const server = await started(
    "numbers values ('49', 'de', 3, null), ('33', 'fr', null, 'x')",
    `modparam("htable", "htable", "h=>dbtable=numbers;cols='prefix,a,b,c';coldelim=':';colnull='-';dbmode=1;")
     request_route { xlog("$sht(h=>49) $sht(h=>33)\\n"); }`,
  );
  expect(await server.logged()).toEqual(["de:3:- fr:-:x"]);
  await server.simulation.stop();
});

test("dbmode: the items are written when the server ends, without those whose time has passed", async () => {
  const server = await started(
    "ht values ('old',0,0,'x',0)",
    `modparam("htable", "db_expires", 1)
     modparam("htable", "htable", "h=>dbtable=ht;dbmode=1;autoexpire=100;")
     request_route { $sht(h=>text) = "it's"; $sht(h=>number) = -3; $sht(h=>gone) = 1; $shtex(h=>gone) = 5; }`,
  );
  await server.logged(10_000);
  await server.simulation.stop();
  expect(await server.rows()).toEqual([
    ["number", 1, "-3"],
    ["old", 0, "x"],
    ["text", 0, "it's"],
  ]);
  for (const [expires] of await server.rows("expires")) expect(Number(expires)).toBeGreaterThan(1_000_000);
});

test("db_expires: rows whose time has passed are left out, others keep theirs", async () => {
  const later = 4_000_000_000;
  const server = await started(
    `ht values ('a',0,0,'x',5), ('b',0,0,'y',${later}), ('c',0,0,'z',0)`,
    `modparam("htable", "db_expires", 1)
     modparam("htable", "htable", "h=>dbtable=ht;autoexpire=100;")
     request_route { xlog("$sht(h=>a) $sht(h=>b) $shtex(h=>c)\\n"); if ($shtex(h=>b) > 1000) xlog("long\\n"); }`,
  );
  expect(await server.logged()).toEqual(["<null> y 100", "long"]);
  await server.simulation.stop();
});

test("commands store and reload; reloadat reads again and tells of it", async () => {
  const server = await started(
    "ht values ('a',0,0,'1',0)",
    `modparam("htable", "htable", "h=>dbtable=ht;")
     modparam("htable", "htable", "again=>dbtable=ht;reloadat=60;")
     modparam("htable", "htable", "none=>size=2;")
     request_route { xlog("$sht(h=>a) $sht(again=>a)\\n"); }
     event_route[htable:reloaded:again] { xlog("read again\\n"); }`,
  );
  const { simulation, database } = server;
  await database.query("update ht set key_value = '2'");
  expect(await server.logged()).toEqual(["1 1"]);
  expect(await server.command("htable.reload", ["h"])).toBe("Ok. Htable reloaded.");
  expect(await server.logged()).toEqual(["2 1"]);
  await server.command("htable.sets", ["h", "a", "3"]);
  expect(await server.command("htable.store", ["h"])).toBe("Ok. Htable successfully stored to DB.");
  expect(await server.rows()).toEqual([["a", 0, "3"]]);
  await expect(server.command("htable.reload", ["none"])).rejects.toMatchObject({ code: 500 });
  await expect(server.command("htable.store", ["none"])).rejects.toMatchObject({ code: 500 });
  expect(await server.logged(21_000)).toEqual(["3 1", "read again"]);
  expect(await server.logged()).toEqual(["3 3"]);
  await simulation.stop();
});

test.each([
  ["ht values (null,0,0,'x',0)", "h=>dbtable=ht;", "htable: the table `h`: the key of row 0 is NULL"],
  [
    "ht values ('k','t',0,'x',0)",
    "h=>dbtable=ht;",
    "htable: the table `h`: the type of the key of row 0 is no integer",
  ],
  ["", "h=>dbtable=ht;cols='key_name';", "the table `h` needs two columns at least: key and value"],
])("%s %s is refused", async (rows, table, problem) => {
  expect(await Server.start(rows, `modparam("htable", "htable", "${table}")\nrequest_route { exit; }`)).toContain(
    problem,
  );
});
