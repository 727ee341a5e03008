/**
 * Queries as db_text understands them: select, update, delete and replace, on one table. Follows dbt_raw_query.c: what
 * stands behind `where` is compared with a number or a text in double quotes, and `or` means `and`.
 */
import type { Cell, Condition } from "../db/access.ts";

export type Raw =
  | {
      readonly kind: "select";
      readonly table: string;
      readonly columns: readonly string[];
      readonly where: readonly Condition[];
      readonly order: string | undefined;
    }
  | { readonly kind: "delete"; readonly table: string; readonly where: readonly Condition[] }
  | {
      readonly kind: "update" | "replace";
      readonly table: string;
      readonly where: readonly Condition[];
      readonly values: readonly (readonly [column: string, value: Cell])[];
    };

/** A string is the problem. */
export function parseRaw(written: string): Raw | string {
  const text = written.trim();
  const kind = /^(?:select|update|delete|replace)/i.exec(text)?.[0].toLowerCase();
  switch (kind) {
    case "select":
      return parseSelect(text);
    case "delete": {
      const { before, behind } = split(text, " where ");
      const from = split(before, " from ").behind;
      if (from === undefined) return "there is no ` from `";
      const where = comparisons(behind ?? "");
      return typeof where === "string" ? where : { kind, table: from.trim(), where };
    }
    case "update":
    case "replace": {
      const { before, behind } = split(text, " where ");
      const { before: head, behind: set } = split(before, " set ");
      if (set === undefined) return "there is no ` set `";
      if (behind === undefined) return "there is no ` where `";
      const values = comparisons(set);
      const where = comparisons(behind);
      if (typeof values === "string") return values;
      if (typeof where === "string") return where;
      if (values.length === 0 || where.length === 0) return "it takes values and a condition";
      return {
        kind,
        table: head.slice(kind.length).trim(),
        where,
        values: values.map(([column, value]) => [column, value]),
      };
    }
    default:
      return "a query begins with select, update, delete or replace";
  }
}

function parseSelect(text: string): Raw | string {
  const { before, behind } = split(text, " from ");
  if (behind === undefined) return "there is no ` from `";
  const { before: rest, behind: order } = split(behind, " order by ");
  const { before: table, behind: condition } = split(rest, " where ");
  const where = comparisons(condition ?? "");
  if (typeof where === "string") return where;
  const columns = before
    .slice("select".length)
    .split(",")
    .map((it) => it.trim())
    .filter((it) => it !== "");
  return { kind: "select", table: table.trim(), columns, where, order };
}

/** What stands before and behind a word; undefined behind when it is not there. */
function split(text: string, word: string): { readonly before: string; readonly behind: string | undefined } {
  const at = text.toLowerCase().indexOf(word);
  return at < 0
    ? { before: text, behind: undefined }
    : { before: text.slice(0, at), behind: text.slice(at + word.length) };
}

const OPERATOR = />=|<=|<>|[=<>]/g;
const VALUE = /\s*([0-9.]+)?("(?:[^\\"]|\\")*")?/y;
/** As many as Kamailio takes. */
const MOST = 20;

/** What is no comparison is passed over, as Kamailio does, but of something written there must be one. A string is the problem. */
function comparisons(text: string): readonly Condition[] | string {
  const found: Condition[] = [];
  for (OPERATOR.lastIndex = 0; ; OPERATOR.lastIndex = VALUE.lastIndex) {
    const operator = OPERATOR.exec(text)?.[0];
    if (operator === undefined) break;
    if (found.length === MOST) return `there are more than ${MOST} comparisons`;
    const column = wordBefore(text, OPERATOR.lastIndex - operator.length);
    VALUE.lastIndex = OPERATOR.lastIndex;
    const [, number, quoted] = VALUE.exec(text) ?? [];
    const value =
      quoted === undefined ? Number.parseInt(number ?? "0", 10) : quoted.slice(1, -1).replaceAll('\\"', '"');
    found.push([column, value, operator === "<>" ? "!=" : (operator as Condition[2])]);
  }
  return found.length === 0 && text.trim() !== "" ? `\`${text.trim()}\` compares nothing` : found;
}

function wordBefore(text: string, at: number): string {
  let end = at;
  while (/\s/.test(text[end - 1] ?? "")) end--;
  let start = end;
  while (/\w/.test(text[start - 1] ?? "")) start--;
  return text.slice(start, end);
}

/** `column`, `column DESC`, separated by commas, the names perhaps in quotes. A string is the problem. */
export function parseOrder(
  text: string,
): readonly { readonly column: string; readonly descending: boolean }[] | string {
  const parts: { column: string; descending: boolean }[] = [];
  for (const part of text.split(",")) {
    if (part.trim() === "") continue;
    const [, quoted, bare, way] = /^\s*(?:["']([^"']*)["']|([^\s"']+))\s*(asc|desc)?\s*$/i.exec(part) ?? [];
    const column = quoted ?? bare;
    if (column === undefined) return `\`${part.trim()}\` is no order`;
    parts.push({ column, descending: way?.toLowerCase() === "desc" });
  }
  return parts;
}
