/** `$dbr(result=>key)`, `$sqlrows(connection)` and the transformations `{sql.…}` (sql_var.c, sql_trans.c). */
import type { Call } from "../../declare/call.ts";
import type { Bound, Pv, TransformationClass } from "../../declare/module.ts";
import { IntText, type Read, type Value } from "../../declare/value.ts";
import { toText } from "../../declare/variables-values.ts";
import { type Index, indexNow, isProblem, parseIndex } from "../pv/binding.ts";
import { affectedOf, pv, type Result, resultOf, type Sqlops } from "./state.ts";

type Read1 = (result: Result, call: Call) => Value;

const KEY = /^\s*([^\s=]+)\s*=>\s*(\S.*?)\s*$/s;
const CELL = /^\[\s*([^,\s]+)\s*,\s*([^\]\s]+)\s*\]$/;
const COLUMN = /^colname\s*\[\s*([^\]\s]+)\s*\]$/;

export const variables: Readonly<Record<string, Pv<Sqlops>>> = {
  dbr: pv({
    doc: "A part of a result: `rows`, `cols`, `[row,column]` or `colname[column]`, counted from 0.",
    bind({ inner }, core, state): Bound | string {
      const [, name, key] = KEY.exec(inner ?? "") ?? [];
      if (name === undefined || key === undefined) return "`$dbr` needs a result and a key: `$dbr(name=>rows)`";
      const index = (text: string): Index | string => {
        const it = parseIndex(text, core.variables);
        return isProblem(it) ? it.problem : it;
      };
      const read = reader(key, index);
      if (typeof read === "string") return read;
      return {
        get(call) {
          const result = resultOf(state(), call, name);
          return read(result ?? NOTHING, call);
        },
      };
    },
  }),
  sqlrows: pv({
    doc: "Rows that the last query on a connection inserted, changed or deleted.",
    bind({ inner }, _core, state): Bound | string {
      if (inner === undefined) return "`$sqlrows` needs the name of a connection in parentheses";
      return { get: (call) => (state().connections.has(inner) ? affectedOf(state(), call, inner) : undefined) };
    },
  }),
};

const NOTHING: Result = { ok: true, columns: [], rows: [], affected: 0 };

function reader(key: string, index: (text: string) => Index | string): Read1 | string {
  if (key === "rows") return (it) => it.rows.length;
  if (key === "cols") return (it) => (it.rows.length > 0 ? it.columns.length : 0);
  const cell = CELL.exec(key);
  const column = index(cell?.[2] ?? COLUMN.exec(key)?.[1] ?? "?");
  if (typeof column === "string") return `\`$dbr\` has no key \`${key}\``;
  if (!cell) return (it, call) => at(it.rows.length > 0 ? it.columns : [], column, call) ?? null;
  const row = index(cell[1]!);
  if (typeof row === "string") return row;
  return (it, call) => scriptValue(at(at(it.rows, row, call) ?? [], column, call) ?? null);
}

function at<T>(list: readonly T[], index: Index, call: Call): T | undefined {
  const now = indexNow(index, call);
  return typeof now === "number" ? list[now] : undefined;
}

/** Integers beyond 32 bits are text, as Kamailio's 64-bit columns are. */
export const scriptValue = (value: string | number | bigint | null): Value =>
  typeof value === "bigint" || (typeof value === "number" && (value | 0) !== value) ? String(value) : value;

/** A value as SQL writes it: numbers as they are, texts quoted and with backslashes before what would end them. */
export const sqlClass = (bufferSize: (call: Call) => number): TransformationClass => ({
  doc: "Values as they are written in SQL.",
  names: {
    val: "A number, or a text in quotes; NULL when there is no value.",
    "val.int": "The same; 0 when there is no value.",
    "val.str": "The same; an empty text in quotes when there is no value.",
  },
  bind(name) {
    const nothing = NOTHING_AS[name.toLowerCase()];
    if (nothing === undefined) return `there is no transformation {sql.${name}}`;
    return (value, call): Read => {
      if (value === null || value === undefined) return value === null ? nothing : undefined;
      if (value instanceof IntText) return String(value.int);
      if (typeof value !== "string") return toText(value);
      if (value.length > bufferSize(call) / 2 - 1) return undefined;
      return `'${value.replace(/['"\\]/g, "\\$&").replaceAll("\0", "\\0")}'`;
    };
  },
});

const NOTHING_AS: Readonly<Record<string, string>> = { val: "NULL", "val.int": "0", "val.str": "''" };
