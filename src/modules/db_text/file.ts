/**
 * The text of a table: a line of columns, `name(type)` or `name(type,null)` or `name(int,auto)`, and a line for each row.
 * Follows Kamailio's src/modules/db_text/dbt_file.c: a file with anything wrong in it is no table at all.
 */
import type { Cell } from "../db/access.ts";
import { type Column, type ColumnType, holdsText, Table } from "./table.ts";

export interface Format {
  /** The character between the fields of a row. */
  readonly delimiter: string;
  /** A text of no characters is one; else it is nothing. */
  readonly emptyIsText: boolean;
  /** Longest text and longest name of a column, in bytes. */
  readonly longest: number;
}

/** A string says where the text is no table's. */
export function parseTable(text: string, format: Format): Table | string {
  const end = text.indexOf("\n");
  const columns = end < 0 ? "the first line does not end" : parseColumns(text.slice(0, end), format);
  if (typeof columns === "string") return columns;
  const table = new Table(columns);
  const reader = new RowReader(text, end, format);
  const counting = columns.findIndex((it) => it.auto);
  let highest = 0;
  for (let n = 1; ; n++) {
    const row = reader.row(columns);
    if (row === undefined) break;
    if (typeof row !== "string" && counting >= 0) highest = Math.max(highest, Number(row[counting]));
    const problem = typeof row === "string" ? row : table.complete(row);
    if (typeof row === "string" || problem !== undefined) return `row ${n}: ${problem}`;
    table.rows.push(row);
  }
  if (highest > 0) table.highest = highest;
  return table;
}

const TYPES: Readonly<Record<string, ColumnType>> = { i: "int", d: "double", b: "blob", t: "time" };
const COLUMN = /^ *([^ (]+) *\( *([A-Za-z])([^,)]*)(?:, *([A-Za-z])[^)]*)?\)/;

function parseColumns(line: string, { longest }: Format): readonly Column[] | string {
  const columns: Column[] = [];
  for (let rest = line.replace(/ +$/, ""); rest !== ""; ) {
    const [all, name, letter, word, attribute] = COLUMN.exec(rest) ?? [];
    const problem = `no column begins with ${JSON.stringify(rest.slice(0, 40))}`;
    if (all === undefined || name === undefined || name.length >= longest) return problem;
    const initial = letter!.toLowerCase();
    const type = initial === "s" ? (/i/i.test(word!) ? "string" : "str") : TYPES[initial];
    if (!type) return problem;
    const nullable = attribute?.toLowerCase() === "n";
    const auto = attribute?.toLowerCase() === "a";
    if (attribute !== undefined && !nullable && !auto) return problem;
    if (auto && (type !== "int" || columns.some((it) => it.auto))) return `the column ${name} cannot count`;
    columns.push({ name, type, nullable, auto });
    rest = rest.slice(all.length);
  }
  return columns.length === 0 ? "there are no columns" : columns;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "\\": "\\", "0": "\0" };
const ESCAPED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", "\0": "\\0" };
const NUMBER = /-?\d+/y;
const DOUBLE = /-?\d+(?:\.\d*)?/y;

class RowReader {
  readonly #text: string;
  readonly #format: Format;
  #at: number;

  constructor(text: string, from: number, format: Format) {
    this.#text = text;
    this.#format = format;
    this.#at = from;
  }

  /** Undefined behind the last row: what no line end follows is none. A string is the problem. */
  row(columns: readonly Column[]): Cell[] | string | undefined {
    const text = this.#text;
    while (text[this.#at] === "\n") this.#at++;
    const row: Cell[] = [];
    for (const [i, column] of columns.entries()) {
      if (this.#at >= text.length) return undefined;
      const cell = this.#cell(column, i === columns.length - 1);
      if (cell === undefined) return `the column ${column.name} cannot be read`;
      row.push(cell);
      if (text[this.#at] === this.#format.delimiter) this.#at++;
    }
    if (this.#at >= text.length) return undefined;
    return text[this.#at] === "\n" ? row : "there are more fields than columns";
  }

  /** Undefined when it cannot be read. */
  #cell({ type }: Column, last: boolean): Cell | undefined {
    const { delimiter, emptyIsText } = this.#format;
    const char = this.#text[this.#at];
    if (char === delimiter || (last && (char === "\n" || char === undefined)))
      return emptyIsText && holdsText(type) ? "" : null;
    const cell = holdsText(type) ? this.#string() : this.#number(type === "double" ? DOUBLE : NUMBER);
    const next = this.#text[this.#at];
    return next === delimiter || next === "\n" || next === undefined ? cell : undefined;
  }

  #number(form: RegExp): Cell | undefined {
    form.lastIndex = this.#at;
    const found = form.exec(this.#text)?.[0];
    if (found === undefined) return undefined;
    this.#at += found.length;
    return form === DOUBLE ? Number(found) : Number(BigInt.asIntN(32, BigInt(found)));
  }

  #string(): string | undefined {
    const { delimiter, longest } = this.#format;
    let value = "";
    for (;;) {
      let char = this.#text[this.#at];
      if (char === undefined || char === delimiter || char === "\n") return value;
      if (char === "\\") {
        const escaped = this.#text[++this.#at];
        char = escaped === undefined ? undefined : (ESCAPES[escaped] ?? (escaped === delimiter ? escaped : undefined));
        if (char === undefined) return undefined;
      }
      value += char;
      if (value.length >= longest) return undefined;
      this.#at++;
    }
  }
}

/** The line of columns, without its end. */
export const printColumns = (columns: readonly Column[]): string =>
  columns
    .map(({ name, type, nullable, auto }) => `${name}(${type}${nullable ? ",null" : auto ? ",auto" : ""})`)
    .join(" ");

/** The line of a row, without its end. */
export const printRow = (columns: readonly Column[], row: readonly Cell[], delimiter: string): string =>
  columns
    .map(({ type }, i) => {
      const cell = row[i]!;
      if (cell === null) return "";
      if (type === "double") return Number(cell).toFixed(2);
      return String(cell).replace(/[\s\S]/g, (it) => ESCAPED[it] ?? (it === delimiter ? `\\${it}` : it));
    })
    .join(delimiter);

export const printTable = ({ columns, rows }: Table, delimiter: string): string =>
  `${[printColumns(columns), ...rows.map((row) => printRow(columns, row, delimiter))].join("\n")}\n`;
