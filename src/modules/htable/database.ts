/** Tables that are filled from a database, and written back to it. Follows Kamailio's src/modules/htable/ht_db.c. */
import type { Core } from "../../declare/core.ts";
import { LogLevel } from "../../declare/core.ts";
import { strictInt } from "../../declare/variables-values.ts";
import type { Access, Cell } from "../db/access.ts";
import type { Specification } from "./specification.ts";
import type { Row, Table } from "./table.ts";

export interface Columns {
  readonly name: string;
  readonly keyType: string;
  readonly valueType: string;
  readonly value: string;
  readonly expires: string;
}

/** The database of the parameter `db_url`, and how its tables look. */
export interface Storage {
  readonly core: Core;
  readonly database: Access;
  readonly columns: Columns;
  /** Behind the name of an array's item that holds its length. */
  readonly sizeSuffix: string;
  /** The time until which an item lives is a column, too. */
  readonly withExpires: boolean;
}

const ARRAY = 1;
const INTEGER = 1;
/** Longest text that the columns of a row may make together, in bytes. */
const LONGEST = 4096;

/** What the database has for a table; a string is the problem. `dbtable` must not be empty. */
export async function load(storage: Storage, specification: Specification): Promise<readonly Row[] | string> {
  const { columns } = storage;
  const dated = hasExpires(storage, specification);
  const names = specification.columns ?? [columns.name, columns.keyType, columns.valueType, columns.value];
  if (dated && !specification.columns) names.push(columns.expires);
  const reply = await storage.database.select(specification.dbtable, [], names, names[0]);
  if (!reply.ok) return `the table \`${specification.name}\`: ${reply.message}`;
  const rows: Row[] = [];
  const problem = specification.columns
    ? packed(specification, reply.rows, rows)
    : typed(storage, reply.rows, rows, dated ? Math.floor(storage.core.host.clock.wall() / 1000) : undefined);
  return problem === undefined ? rows : `the table \`${specification.name}\`: ${problem}`;
}

const hasExpires = (storage: Storage, { autoexpire, columns }: Specification): boolean =>
  storage.withExpires && autoexpire > 0 && !columns;

/** A row is a key and any number of columns that make one text. */
function packed(specification: Specification, found: readonly (readonly Cell[])[], rows: Row[]): string | undefined {
  for (const [i, [key, ...values]] of found.entries()) {
    if (key === null || key === undefined) return `the key of row ${i} is NULL`;
    const value = values.map((it) => (it === null ? specification.nullText : `${it}`)).join(specification.delimiter);
    if (value.length >= LONGEST) return `the values of row ${i} are longer than ${LONGEST} bytes`;
    rows.push({ name: `${key}`, value, seconds: 0 });
  }
  return undefined;
}

/** A row is a key, its type, the type of the value, the value, and until when it lives. Rows of one key may be an array. */
function typed(
  { sizeSuffix }: Storage,
  found: readonly (readonly Cell[])[],
  rows: Row[],
  now: number | undefined,
): string | undefined {
  let array: string | undefined;
  let length = 0;
  const close = (): void => {
    if (array !== undefined) rows.push({ name: `${array}${sizeSuffix}`, value: length, seconds: 0 });
    array = undefined;
    length = 0;
  };
  for (const [i, [key, keyType, valueType, value, expires]] of found.entries()) {
    if (key === null || key === undefined) return `the key of row ${i} is NULL`;
    const until = now === undefined ? 0 : Number(expires ?? 0);
    if (until > 0 && until < now!) continue;
    if (!isInteger(keyType)) return `the type of the key of row ${i} is no integer`;
    if (!isInteger(valueType)) return `the type of the value of row ${i} is no integer`;
    if (value === null || value === undefined) return `the value of row ${i} is NULL`;
    const text = `${key}`;
    if (array !== undefined && array !== text) close();
    let name = text;
    if (Number(keyType) === ARRAY) {
      array = text;
      name = `${text}[${length++}]`;
    } else if (array !== undefined) close();
    rows.push({
      name,
      value: Number(valueType) === INTEGER ? (strictInt(`${value}`) ?? 0) : `${value}`,
      seconds: until > 0 ? until - now! : 0,
    });
  }
  close();
  return undefined;
}

const isInteger = (value: Cell | undefined): boolean => typeof value === "number" || typeof value === "bigint";

/** Replaces what the database has for a table by its items; what cannot be written is logged. */
export async function save(storage: Storage, table: Table): Promise<void> {
  const { specification } = table;
  const { core, columns, database } = storage;
  const complain = (problem: string): void =>
    core.log.write(LogLevel.err, `htable: the table \`${specification.name}\`: ${problem}\n`);
  const cleared = await database.delete(specification.dbtable, []);
  if (!cleared.ok) complain(cleared.message);
  if (specification.columns) {
    core.log.write(
      LogLevel.warn,
      `htable: the table \`${specification.name}\` has columns of its own and is not written\n`,
    );
    return;
  }
  const dated = hasExpires(storage, specification);
  const now = Math.floor(core.host.clock.wall() / 1000);
  for (const item of table.all()) {
    if (specification.autoexpire > 0 && item.expires <= now) continue;
    const integer = typeof item.value !== "string";
    const reply = await database.insert(specification.dbtable, [
      [columns.name, item.name],
      [columns.keyType, 0],
      [columns.valueType, integer ? INTEGER : 0],
      [columns.value, `${item.value}`],
      ...(dated ? ([[columns.expires, item.expires]] as const) : []),
    ]);
    if (!reply.ok) complain(`the item ${item.name} is not written: ${reply.message}`);
  }
}
