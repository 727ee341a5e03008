/** MySQL and MariaDB by the client `mysql2`. */
import mysql, { type FieldPacket, type PoolConnection, type ResultSetHeader } from "mysql2/promise";
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

/** A field as the client hands it over, before anything is made of it. */
interface Raw {
  readonly type: string;
  buffer(): Buffer | null;
}

export function openMysql(url: DatabaseUrl, options: PoolOptions): Client {
  const pool = mysql.createPool({
    ...target(url),
    connectionLimit: options.connections,
    connectTimeout: options.timeout,
    rowsAsArray: true,
    typeCast: (field) => fieldOf(field as unknown as Raw),
  });
  return {
    async query(text, params) {
      let connection: PoolConnection;
      try {
        connection = await pool.getConnection();
      } catch (error) {
        return { ok: false, error: "connect", message: messageOf(error) };
      }
      try {
        const values = params?.map((it) => (typeof it === "string" ? toDatabase(it) : it));
        const [result, fields] = await connection.query({
          sql: toDatabase(text),
          timeout: options.timeout,
          ...(values && { values }),
        });
        connection.release();
        return replyOf(result, fields);
      } catch (error) {
        return failure(connection, error);
      }
    },
    close: () => pool.end(),
  };
}

/** Only a query that the server itself refused leaves its connection fit for the next. */
function failure(connection: PoolConnection, error: unknown): QueryReply {
  const { code = "", errno = 0, fatal = false } = error as { code?: string; errno?: number; fatal?: boolean };
  const message = messageOf(error);
  if (errno > 0 && !fatal) {
    connection.release();
    return { ok: false, error: "query", message };
  }
  connection.destroy();
  return { ok: false, error: code === "PROTOCOL_SEQUENCE_TIMEOUT" ? "timeout" : "connect", message };
}

function replyOf(result: unknown, fields: readonly FieldPacket[] | undefined): QueryReply {
  if (!Array.isArray(result)) {
    const { affectedRows } = result as ResultSetHeader;
    return { ok: true, columns: [], rows: [], affected: affectedRows };
  }
  const columns = (fields ?? []).map((it) => fromDatabase(it.name));
  return { ok: true, columns, rows: result as SqlValue[][], affected: 0 };
}

function fieldOf(field: Raw): SqlValue {
  const bytes = field.buffer();
  if (bytes === null) return null;
  const text = bytes.toString("latin1");
  switch (field.type) {
    case "TINY":
    case "SHORT":
    case "INT24":
    case "LONG":
    case "YEAR":
      return Number(text);
    case "LONGLONG":
      return whole(BigInt(text));
    case "DATE":
    case "DATETIME":
    case "TIMESTAMP":
    case "NEWDATE": {
      const ms = Date.parse(text.includes(" ") ? text.replace(" ", "T") : `${text}T00:00:00`);
      return Number.isNaN(ms) ? text : Math.floor(ms / 1000);
    }
    default:
      return text;
  }
}
