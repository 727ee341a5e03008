/** A table of db_text in memory: what may stand in its columns, and how rows are found, added and changed. Follows dbt_tb.c and dbt_res.c. */
import type { Cell, Columns, Condition, Conditions, Row } from "../db/access.ts";

/** As a column is written in the table's first line: `str` and `string` differ only there. */
export type ColumnType = "int" | "double" | "str" | "string" | "blob" | "time";
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** It may hold nothing. */
  readonly nullable: boolean;
  /** A row that has nothing there gets the next number. At most one column is so. */
  readonly auto: boolean;
}

export class Table {
  readonly columns: readonly Column[];
  /** Those of the file in its order; a row that was added stands before those that were there. */
  rows: Cell[][] = [];
  /** The highest number of the column that counts. */
  highest = 0;
  /** The file does not have what is here. */
  changed = false;

  constructor(columns: readonly Column[]) {
    this.columns = columns;
  }

  /** Where columns stand, their names in any case. A string names the one that there is not. */
  places(names: readonly string[]): readonly number[] | string {
    const places: number[] = [];
    for (const name of names) {
      const wanted = name.toLowerCase();
      const at = this.columns.findIndex((it) => it.name.toLowerCase() === wanted);
      if (at < 0) return `there is no column ${name}`;
      places.push(at);
    }
    return places;
  }

  /** A test for rows. A string is the problem. */
  matcher(where: Conditions): ((row: Row) => boolean) | string {
    const tests: ((row: Row) => boolean)[] = [];
    for (const it of where) {
      const parts: ((row: Row) => boolean)[] = [];
      for (const one of "any" in it ? it.any : [it]) {
        const test = this.#condition(one);
        if (typeof test === "string") return test;
        parts.push(test);
      }
      tests.push(parts.length === 1 ? parts[0]! : (row) => parts.some((part) => part(row)));
    }
    return tests.length === 1 ? tests[0]! : (row) => tests.every((test) => test(row));
  }

  #condition([column, value, operator = "="]: Condition): ((row: Row) => boolean) | string {
    const places = this.places([column]);
    if (typeof places === "string") return places;
    const at = places[0]!;
    // What most queries are.
    if (operator === "=" && typeof value === "string")
      return (row) => {
        const cell = row[at];
        return typeof cell === "string" && cell.length === value.length && compareText(cell, value) === 0;
      };
    const fits = OPERATORS[operator];
    return (row) => fits(compareCells(row[at]!, value));
  }

  /** Adds a row whose cells stand in the order of the columns. A string is the problem. */
  add(row: Cell[]): string | undefined {
    const problem = this.complete(row);
    if (problem !== undefined) return problem;
    this.rows.unshift(row);
    this.changed = true;
    return undefined;
  }

  /** Gives the counting column its number. A string says that a column must not be empty. */
  complete(row: Cell[]): string | undefined {
    for (const [i, { name, nullable, auto }] of this.columns.entries()) {
      if (row[i] !== null || nullable) continue;
      if (!auto) return `the column ${name} must not be empty`;
      row[i] = ++this.highest;
    }
    return undefined;
  }

  /** A row of the columns given, empty in the others. A string is the problem. */
  rowOf(values: Columns): Cell[] | string {
    const row: Cell[] = this.columns.map(() => null);
    return this.set(row, values) ?? row;
  }

  /** Writes cells into a row. A string is the problem: then none was written. */
  set(row: Cell[], values: Columns): string | undefined {
    const places = this.places(values.map(([name]) => name));
    if (typeof places === "string") return places;
    const cells: Cell[] = [];
    for (const [i, [name, value]] of values.entries()) {
      const cell = toType(this.columns[places[i]!]!.type, value);
      if (cell === undefined) return `the column ${name} is of another type than ${JSON.stringify(String(value))}`;
      cells.push(cell);
    }
    for (const [i, at] of places.entries()) row[at] = cells[i]!;
    return undefined;
  }
}

const OPERATORS: Readonly<Record<NonNullable<Condition[2]>, (order: number) => boolean>> = {
  "=": (order) => order === 0,
  "!=": (order) => order !== 0,
  "<": (order) => order < 0,
  ">": (order) => order > 0,
  "<=": (order) => order <= 0,
  ">=": (order) => order >= 0,
};

export const holdsText = (type: ColumnType): boolean => type === "str" || type === "string" || type === "blob";

/** Undefined when the column does not take it: numbers go where numbers are, text where text is. */
function toType(type: ColumnType, value: Cell): Cell | undefined {
  if (value === null) return null;
  if (holdsText(type)) return typeof value === "string" ? value : undefined;
  if (typeof value === "string") return undefined;
  const number = Number(value);
  if (type === "double") return number;
  return Number.isInteger(number) ? number | 0 : undefined;
}

/** -1, 0 or 1. Nothing equals nothing and is less than anything; the case of letters does not count; text is no number. */
export function compareCells(a: Cell, b: Cell): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (typeof a === "string" || typeof b === "string") return 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareText(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const difference = lower(a.charCodeAt(i)) - lower(b.charCodeAt(i));
    if (difference !== 0) return Math.sign(difference);
  }
  return Math.sign(a.length - b.length);
}

/** The letters of ASCII alone: text is bytes. */
const lower = (code: number): number => (code >= 65 && code <= 90 ? code + 32 : code);
