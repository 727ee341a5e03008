/** Databases that are folders of text files. What is read, found and written is what Kamailio 5.6.3 reads, finds and writes. */
import { describe, expect, test } from "vitest";
import type { Core } from "../../src/declare/core.ts";
import { type Access, openAccess } from "../../src/modules/db/access.ts";
import { modules } from "../../src/modules/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";

interface Running {
  readonly simulation: Simulation;
  readonly core: Core;
  readonly access: Access;
  /** The rows, cells separated by blanks; or how many were changed; or "refused". */
  ask(...queries: readonly string[]): Promise<string[]>;
}

async function running(tables: Readonly<Record<string, string>>, parameters = ""): Promise<Running> {
  const files: Record<string, string> = {
    "/etc/s.cfg": `loadmodule "db_text"\n${parameters}\nrequest_route { exit; }\n`,
  };
  for (const [name, text] of Object.entries(tables)) files[`/etc/db/${name}`] = text;
  const simulation = new Simulation({ modules, files, script: "/etc/s.cfg" });
  const problems = await simulation.start();
  expect(problems).toEqual([]);
  const { core } = simulation.server.active!;
  const access = openAccess(core, "text://./db") as Access;
  const ask = async (query: string): Promise<string> => {
    const reply = await access.query(query);
    if (!reply.ok) return "refused";
    if (reply.columns.length === 0) return `${reply.affected} changed`;
    return reply.rows.map((row) => row.map((it) => it ?? "NULL").join(" ")).join(", ");
  };
  return { simulation, core, access, ask: (...queries) => Promise.all(queries.map(ask)) };
}

/** What a table of that text holds. */
async function holds(text: string, parameters = ""): Promise<string> {
  const { ask, simulation } = await running({ t: text }, parameters);
  const [rows] = await ask("select * from t");
  await simulation.stop();
  return rows!;
}

describe("files", () => {
  test.each([
    ["every type", "i(integer) d(double) s(str) t(time) b(blob)\n-7:1.239:Ab:123:xyz\n", "-7 1.239 Ab 123 xyz"],
    ["blanks in the first line", "  id ( int , null )   a( string ) \n1:x\n", "1 x"],
    ["no blanks in the first line", "id(int)a(string)\n1:x\n", "1 x"],
    ["lines of nothing", "id(int) a(string)\n\n1:x\n\n\n2:y\n\n", "1 x, 2 y"],
    ["a last line without an end is none", "id(int) a(string)\n1:a\n2:b", "1 a"],
    ["a row that ends early", "id(int) a(string) b(string,null)\n1:x\n", "1 x NULL"],
    ["a separator behind the last field", "id(int) a(string,null)\n1:\n2:y:\n", "1 NULL, 2 y"],
    ["escaped characters", "a(string) b(str)\nx\\:\\ty:\\\\n\n", "x:\ty \\n"],
    ["a column that counts", "id(int,auto) a(string,null)\n:x\n5:y\n:z\n", "1 x, 5 y, 2 z"],
    ["numbers of 32 bits", "id(int) n(string)\n4294967297:a\n2147483648:b\n", "1 a, -2147483648 b"],
    ["an empty table", "id(int)\n", ""],
  ])("%s", async (_name, text, rows) => {
    expect(await holds(text)).toBe(rows);
  });

  test.each([
    ["nothing at all", ""],
    ["a first line without an end", "id(int)"],
    ["a type that there is not", "id(float)\n"],
    ["an attribute that there is not", "id(int,foo) a(string)\n1:x\n"],
    ["a text that counts", "id(string,auto)\nx\n"],
    ["CR LF", "id(int) a(string)\r\n1:x\r\n"],
    ["more fields than columns", "id(int) a(string)\n1:x:y\n"],
    ["nothing where something must be", "id(int) a(string) b(string)\n1::y\n"],
    ["text where a number must be", "id(int) a(string)\nx:y\n"],
    ["a number that begins with a point", "d(double) n(string)\n.5:c\n"],
    ["an escaped character that is none", "a(string) b(str)\nx\\qy:z\n"],
  ])("%s: the table cannot be read", async (_name, text) => {
    expect(await holds(text)).toBe("refused");
  });

  test("db_delim, emptystring, file_buffer_size, max_result_rows", async () => {
    expect(await holds("a(str) b(str)\nx:y|z\\|\n", 'modparam("db_text", "db_delim", "|")')).toBe("x:y z|");
    expect(await holds("a(str) b(str)\n:\n", 'modparam("db_text", "emptystring", 1)')).toBe(" ");
    expect(await holds("a(str)\n1234\n", 'modparam("db_text", "file_buffer_size", 5)')).toBe("1234");
    expect(await holds("a(str)\n12345\n", 'modparam("db_text", "file_buffer_size", 5)')).toBe("refused");
    expect(await holds("a(str)\n1\n2\n", 'modparam("db_text", "max_result_rows", 1)')).toBe("refused");
  });

  test("a table is read once, or again when its file has changed (db_mode)", async () => {
    for (const [mode, second] of [
      [0, "1"],
      [1, "2"],
    ] as const) {
      const { ask, simulation } = await running({ t: "a(int)\n1\n" }, `modparam("db_text", "db_mode", ${mode})`);
      expect(await ask("select a from t")).toEqual(["1"]);
      simulation.host.files.write("/etc/db/t", "a(int)\n2\n");
      expect(await ask("select a from t")).toEqual([second]);
    }
  });
});

const PEOPLE = "id(int,auto) name(string) city(string,null)\n1:Ann:Bonn\n2:BOB:\n3:carl:Ulm\n";

describe("queries", () => {
  test.each([
    ["select name from t", "Ann, BOB, carl"],
    ["  SELECT Name, ID FROM t WHERE id=2 ", "BOB 2"],
    ['select id from t where NAME="ann"', "1"],
    ["select id from t where name='Ann'", ""],
    ["select id from t where id>=2 and id<3", "2"],
    ["select id from t where id<>2", "1, 3"],
    ["select id from t where id=1 or id=2", ""],
    ['select id from t where name>"ann"', "2, 3"],
    ['select id from t where name<"anna"', "1"],
    ['select id from t where city<"a"', "2"],
    ["select id from t order by name desc", "3, 2, 1"],
    ['select id from t order by city, "id"', "2, 1, 3"],
    ["select id from t order by id sideways", "refused"],
    ["select nope from t", "refused"],
    ["select id from nope", "refused"],
    ["select id t", "refused"],
    ["insert into t (name) values (1)", "refused"],
    ["drop table t", "refused"],
    ["update t set name=1 where id=1", "refused"],
    ["update t set name=1", "refused"],
    ["delete from t where id", "refused"],
  ])("%s", async (query, result) => {
    const { ask } = await running({ t: PEOPLE });
    expect(await ask(query)).toEqual([result]);
  });

  test("what they change is written when the server ends; a new row comes first", async () => {
    const { ask, simulation } = await running({ t: PEOPLE, other: "a( str )\nx\n" });
    const changes = [
      'update t set name="A:n", city="x" where id=1',
      'replace t set city="Jena" where name="bob"',
      'replace t set city="Kiel" where name="dora"',
      "delete from t where id=3",
      "delete from t where id=9",
      "select * from t",
      "select * from other",
    ];
    const table = "4 dora Kiel, 1 A:n x, 2 bob Jena";
    expect(await ask(...changes)).toEqual([
      "1 changed",
      "1 changed",
      "1 changed",
      "1 changed",
      "0 changed",
      table,
      "x",
    ]);
    const { contents } = simulation.host.files;
    expect(contents.get("/etc/db/t")).toBe(PEOPLE);
    await simulation.stop();
    expect(contents.get("/etc/db/t")).toBe(
      "id(int,auto) name(string) city(string,null)\n4:dora:Kiel\n1:A\\:n:x\n2:bob:Jena\n",
    );
    expect(contents.get("/etc/db/other")).toBe("a( str )\nx\n");
  });
});

describe("by columns", () => {
  test("rows are found, counted, added, changed and removed", async () => {
    const { access, ask } = await running({ t: PEOPLE });
    const rows = async (reply: ReturnType<Access["query"]>) => {
      const it = await reply;
      return it.ok ? (it.columns.length > 0 ? it.rows : it.affected) : it.message;
    };
    expect(await rows(access.select("t", [["city", null]], ["id"]))).toEqual([[2]]);
    expect(await rows(access.select("t", [["city", null, "!="]], ["id"], "id"))).toEqual([[1], [3]]);
    const any = [{ any: [["id", 1] as const, ["name", "CARL"] as const] }];
    expect(await rows(access.select("t", any, ["id"]))).toEqual([[1], [3]]);
    expect(await rows(access.insert("t", [["name", "dora"]]))).toBe(1);
    expect(await rows(access.insert("t", [["city", "Ulm"]]))).toBe("t: the column name must not be empty");
    expect(await rows(access.insert("t", [["name", 5]]))).toBe('t: the column name is of another type than "5"');
    expect(
      await rows(
        access.insert(
          "t",
          [
            ["id", 3],
            ["name", "carla"],
          ],
          "id",
        ),
      ),
    ).toBe(1);
    expect(await rows(access.count("t", [], []))).toEqual([[4]]);
    expect(await rows(access.count("t", [], ["city"]))).toEqual([[3]]);
    expect(await rows(access.update("t", [["id", 1, ">"]], [["city", null]]))).toBe(3);
    expect(await rows(access.delete("t", [["id", 2]]))).toBe(1);
    expect(await ask("select * from t")).toEqual(["4 dora NULL, 1 Ann Bonn, 3 carla NULL"]);
  });

  test("a folder that is not there does not answer; a URL without one, or without the module, is none", async () => {
    const { core, access } = await running({ t: PEOPLE });
    expect(await access.probe()).toMatchObject({ ok: true });
    expect(await (openAccess(core, "text:///nowhere") as Access).probe()).toMatchObject({ ok: false });
    expect(openAccess(core, "text://")).toBe("`text://` is not text://FOLDER");
    const without = new Simulation({ modules, files: { "/s.cfg": "request_route { exit; }" }, script: "/s.cfg" });
    await without.start();
    expect(openAccess(without.server.active!.core, "text:///db")).toBe("a URL text:// needs the module db_text");
  });
});

describe("commands", () => {
  const run = ({ core }: Running, name: string, ...args: readonly string[]) => core.command(name)!.run(args);

  test("db_text.dump writes what has changed", async () => {
    const it = await running({ t: "a(int)\n1\n" });
    await it.ask("update t set a=2 where a=1");
    expect(await run(it, "db_text.dump")).toBe("Dump OK");
    expect(it.simulation.host.files.contents.get("/etc/db/t")).toBe("a(int)\n2\n");
  });

  test("db_text.query", async () => {
    const it = await running({ t: PEOPLE }, 'modparam("db_text", "default_connection", "text://db")');
    expect(await run(it, "db_text.query", "select id,city from t where id<3")).toEqual([
      "id(int,auto) city(string,null)\n",
      "1:Bonn",
      "2:",
      "\ntotal rows 2 / 2",
    ]);
    expect(await run(it, "db_text.query", "select id from t where id=7")).toBe("statement returned 0 rows");
    expect(await run(it, "db_text.query", "delete from t where id=1")).toBe("1 affected rows");
    expect(await run(it, "db_text.query", "nonsense")).toBe("error executing sql statement");
    expect(await run(await running({}), "db_text.query", "select a from t")).toBe("invalid connection : ");
  });
});

test("another generation has what was changed, and reads files that were", async () => {
  const { simulation, ask } = await running({ t: "a(int)\n1\n", u: "a(int)\n1\n", v: "a(int)\n1\n" });
  await ask("select a from u", "select a from v", "update t set a=5 where a=1");
  simulation.host.files.write("/etc/db/t", "a(int)\n7\n");
  simulation.host.files.write("/etc/db/u", "a(int)\n7\n");
  expect(await simulation.reload({ force: true })).toMatchObject({ outcome: "switched" });
  const access = openAccess(simulation.server.active!.core, "text://db") as Access;
  for (const [table, value] of [
    ["t", 5],
    ["u", 7],
    ["v", 1],
  ] as const)
    expect(await access.select(table, [], ["a"])).toMatchObject({ rows: [[value]] });
});
