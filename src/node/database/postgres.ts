/** PostgreSQL by the client `pg`. */
import pg from "pg";
import type { QueryReply } from "../../declare/host.ts";
import {
  type Client,
  type DatabaseUrl,
  fromDatabase,
  messageOf,
  type PoolOptions,
  type SqlValue,
  target,
  toDatabase,
  whole,
} from "./index.ts";

/** Object ids of the types that are not text (pg_type.dat). */
const Type = {
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  oid: 26,
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
} as const;

/** Every value stays as the server wrote it until its column's type is looked at. */
const asWritten = { getTypeParser: () => (text: string) => text };

export function openPostgres(url: DatabaseUrl, options: PoolOptions): Client {
  const pool = new pg.Pool({
    ...target(url),
    max: options.connections,
    connectionTimeoutMillis: options.timeout,
    query_timeout: options.timeout,
    types: asWritten as never,
    allowExitOnIdle: true,
  });
  // A connection that breaks while nobody uses it is replaced by the pool.
  pool.on("error", () => {});
  return {
    async query(text, params) {
      let client: pg.PoolClient;
      try {
        client = await pool.connect();
      } catch (error) {
        return { ok: false, error: "connect", message: messageOf(error) };
      }
      try {
        const reply = await client.query({
          text: numbered(toDatabase(text), params),
          rowMode: "array",
          ...(params && { values: params.map(parameter) }),
        });
        client.release();
        return replyOf(reply);
      } catch (error) {
        const refused = error instanceof pg.DatabaseError;
        const message = messageOf(error);
        // Only a query that the server itself refused leaves its connection fit for the next.
        client.release(!refused);
        if (refused) return { ok: false, error: "query", message };
        return { ok: false, error: /timeout/i.test(message) ? "timeout" : "connect", message };
      }
    },
    close: () => pool.end(),
  };
}

function replyOf(reply: pg.QueryArrayResult | pg.QueryArrayResult[]): QueryReply {
  // Several statements in one text: the last one counts.
  const last = Array.isArray(reply) ? reply.at(-1)! : reply;
  const { fields } = last;
  const rows = last.rows.map((row) => (row as (string | null)[]).map((it, i) => fieldOf(it, fields[i]!.dataTypeID)));
  const columns = fields.map((it) => fromDatabase(it.name));
  return { ok: true, columns, rows, affected: columns.length > 0 ? 0 : (last.rowCount ?? 0) };
}

function fieldOf(text: string | null, type: number): SqlValue {
  if (text === null) return null;
  switch (type) {
    case Type.int2:
    case Type.int4:
    case Type.oid:
      return Number(text);
    case Type.int8:
      return whole(BigInt(text));
    case Type.bytea:
      return text.startsWith("\\x") ? Buffer.from(text.slice(2), "hex").toString("latin1") : fromDatabase(text);
    case Type.date:
    case Type.timestamp:
    case Type.timestamptz: {
      const ms = Date.parse(text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00"));
      return Number.isNaN(ms) ? text : Math.floor(ms / 1000);
    }
    default:
      return fromDatabase(text);
  }
}

const parameter = (value: SqlValue): string | number | null =>
  typeof value === "string" ? toDatabase(value) : typeof value === "bigint" ? String(value) : value;

/** PostgreSQL numbers its placeholders; `?` inside quotes is text. */
function numbered(text: string, params: readonly SqlValue[] | undefined): string {
  if (!params) return text;
  let n = 0;
  return text.replace(/'[^']*'|"[^"]*"|\?/g, (it) => (it === "?" ? `$${++n}` : it));
}
