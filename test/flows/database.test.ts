/**
 * Recorded flows of modules that keep tables in a database, once more with the tables in SQLite: Kamailio had them as
 * text files (db_text), whose first line names the columns.
 */
import { expect, test } from "vitest";
import type { Database } from "../../src/declare/host.ts";
import { createDatabases } from "../../src/node/database/index.ts";
import type { Flow } from "./flow.ts";
import { playFlow } from "./play.ts";
import { byArea, recorded, unmet } from "./recorded.ts";

const URL_OF_TEXTS = "text://{dir}/db";
const flows = recorded("modules.jsonl")
  // What those queries give hangs on how little of SQL db_text understands.
  .filter((flow) => flow.area !== "sqlops" && flow.cfg.includes(URL_OF_TEXTS))
  .map((flow) => ({ ...flow, cfg: flow.cfg.replaceAll(URL_OF_TEXTS, "sqlite::memory:") }));

const TYPES: Readonly<Record<string, string>> = { int: "integer", double: "real" };

/** A database with the tables that the flow has as `db/NAME`. */
async function databaseOf(flow: Flow): Promise<Database> {
  const database = createDatabases().open("sqlite::memory:") as Database;
  for (const [name, text] of Object.entries(flow.files ?? {})) {
    if (!name.startsWith("db/")) continue;
    const [head, ...rows] = text.split("\n").filter((line) => line !== "");
    const columns = [...head!.matchAll(/(\w+)\((\w+)[^)]*\)/g)].map((it) => ({ name: it[1]!, type: it[2]! }));
    const declared = columns.map((it) => `"${it.name}" ${TYPES[it.type] ?? "text"}`);
    await database.query(`create table "${name.slice(3)}" (${declared.join(", ")})`);
    for (const row of rows) {
      const cells = row.split(/(?<!\\):/).map((cell) => cell.replace(/\\(.)/g, "$1"));
      const values = columns.map(({ type }, i) => (cells[i] ? cells[i] : type === "string" ? "" : null));
      const marks = columns.map(() => "?").join(", ");
      expect(await database.query(`insert into "${name.slice(3)}" values (${marks})`, values)).toMatchObject({
        ok: true,
      });
    }
  }
  return database;
}

for (const [area, ones] of byArea(flows))
  test(area, async () => {
    const play = async (flow: Flow) => {
      const database = await databaseOf(flow);
      const run = await playFlow(flow, undefined, ({ host }) => {
        host.databases.script = (query, _url, params) => database.query(query, params);
      });
      await database.close();
      return run;
    };
    expect(await unmet(ones, play)).toBe("");
  });
