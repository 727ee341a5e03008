/** Where databases differ: quotes around names, rows that are there already, and how times are written. */

type Cell = string | number | bigint | null;

export interface Dialect {
  readonly quote: string;
  /** What an INSERT is followed by so that it changes the row that has the same value in a unique column. */
  insteadOfInsert(unique: string, names: readonly string[]): string;
  time(seconds: number): Cell;
  seconds(cell: Cell): number | undefined;
}

export function dialectOf(url: string): Dialect {
  const scheme = /^(?:db_)?(\w+):/.exec(url)?.[1]?.toLowerCase() ?? "";
  return scheme.startsWith("sqlite") ? sqlite : scheme.startsWith("postgres") ? postgres : mysql;
}

const onConflict = (unique: string, names: readonly string[]): string =>
  ` ON CONFLICT (${unique}) DO UPDATE SET ${names.map((it) => `${it} = excluded.${it}`).join(", ")}`;

const two = (number: number): string => String(number).padStart(2, "0");

/** Local time, which is what Kamailio writes and what the host reads back. */
function localTime(seconds: number): string {
  const at = new Date(seconds * 1000);
  const date = `${String(at.getFullYear()).padStart(4, "0")}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** The host gives seconds; MySQL's zero date comes as text, and is taken for 1970. */
function localSeconds(cell: Cell): number | undefined {
  if (typeof cell === "number" || typeof cell === "bigint") return Number(cell);
  if (cell === null) return undefined;
  if (/^\d+$/.test(cell)) return Number(cell);
  return cell.startsWith("0000-00-00") ? 0 : undefined;
}

const mysql: Dialect = {
  quote: "`",
  insteadOfInsert: (_unique, names) =>
    ` ON DUPLICATE KEY UPDATE ${names.map((it) => `${it} = VALUES(${it})`).join(", ")}`,
  time: localTime,
  seconds: localSeconds,
};

const postgres: Dialect = { quote: '"', insteadOfInsert: onConflict, time: localTime, seconds: localSeconds };

/** The Julian day of 1970-01-01 at midnight, and the seconds of a day. */
const EPOCH = 2440587.5;
const DAY = 86400;
/** Numbers below are Julian days, the others seconds. */
const LATEST_DAY = 10_000_000;

/** Times are Julian days, as db_sqlite writes them; what others wrote may be text in UTC or seconds. */
const sqlite: Dialect = {
  quote: '"',
  insteadOfInsert: onConflict,
  time: (seconds) => EPOCH + seconds / DAY,
  seconds(cell) {
    if (cell === null) return undefined;
    const number = Number(cell);
    if (!Number.isNaN(number)) return number < LATEST_DAY ? Math.round((number - EPOCH) * DAY) : number;
    const ms = Date.parse(`${String(cell).replace(" ", "T")}Z`);
    return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
  },
};
