/**
 * Recorded flows of modules that keep tables in a database. Kamailio had the tables as text files (db_text), whose first
 * line names the columns; here the same rows are in SQLite.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Database } from "../../src/declare/host.ts";
import { createDatabases } from "../../src/node/database/index.ts";
import { difference } from "./compare.ts";
import type { Flow } from "./flow.ts";
import { playFlow } from "./play.ts";

const flows = readFileSync(fileURLToPath(new URL("database.jsonl", import.meta.url)), "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as Flow);

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

for (const area of new Set(flows.map((it) => it.area)))
  test(area, async () => {
    const unmet: string[] = [];
    for (const flow of flows) {
      if (flow.area !== area) continue;
      const database = await databaseOf(flow);
      const { outcome } = await playFlow(flow, undefined, ({ host }) => {
        host.databases.script = (query, _url, params) => database.query(query, params);
      });
      const found = difference(flow, outcome);
      if (found !== undefined) unmet.push(`${flow.id}: ${flow.title}\n${found}`);
      await database.close();
    }
    expect(unmet.join("\n\n")).toBe("");
  });
