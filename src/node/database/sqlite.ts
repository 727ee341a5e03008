/** SQLite by Node's own client. Queries run in place: a file on the machine answers sooner than a thread would. */
import { DatabaseSync } from "node:sqlite";
import type { QueryReply } from "../../declare/host.ts";
import { type Client, type DatabaseUrl, fromDatabase, messageOf, type SqlValue, toDatabase, whole } from "./index.ts";

/** Milliseconds to wait for a lock that another process holds; everything else waits too, so it is short. */
const LOCK_WAIT = 200;

export function openSqlite(url: DatabaseUrl): Client {
  const database = new DatabaseSync(url.database, { timeout: LOCK_WAIT });
  return {
    async query(text, params) {
      try {
        return run(database, text, params);
      } catch (error) {
        return { ok: false, error: "query", message: messageOf(error) };
      }
    },
    close: async () => database.close(),
  };
}

function run(database: DatabaseSync, text: string, params: readonly SqlValue[] = []): QueryReply {
  const statement = database.prepare(toDatabase(text));
  statement.setReadBigInts(true);
  const values = params.map((it) => (typeof it === "string" ? toDatabase(it) : it));
  const columns = statement.columns().map((it) => fromDatabase(it.name));
  if (columns.length === 0) {
    const { changes } = statement.run(...values);
    return { ok: true, columns, rows: [], affected: Number(changes) };
  }
  statement.setReturnArrays(true);
  const rows = statement.all(...values) as unknown as unknown[][];
  return { ok: true, columns, rows: rows.map((row) => row.map(fieldOf)), affected: 0 };
}

function fieldOf(value: unknown): SqlValue {
  if (value === null) return null;
  if (typeof value === "bigint") return whole(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
  return fromDatabase(String(value));
}
