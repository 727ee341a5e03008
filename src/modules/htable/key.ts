/** `table=>key`, where the key is a format: the inner name of `$sht`, and the argument of sht_lock and its kin. */
import type { Format, Variables } from "../../declare/variable.ts";

export interface TableKey {
  readonly table: string;
  readonly key: Format;
}

/** A string is the problem. */
export function parseTableKey(text: string | undefined, variables: Variables): TableKey | string {
  const [, table, rest] = /^[ \t\r\n]*([^= \t\r\n]*)[ \t\r\n]*=>(.*)$/s.exec(text ?? "") ?? [];
  if (table === undefined || rest === undefined) return `\`${text ?? ""}\` is not written table=>key`;
  const key = variables.format(rest);
  return typeof key === "string" ? key : { table, key };
}
