/** Arguments of functions that are written `table=>key`. */
import type { Call } from "../../declare/call.ts";
import { type Kind, text } from "../../declare/module.ts";
import { parseTableKey } from "./key.ts";
import type { HtableState } from "./state.ts";
import type { Table } from "./table.ts";

export const keyText = (doc: string): Kind<string> =>
  text(doc, {
    check: (it) => (/^[ \t\r\n]*[^= \t\r\n]*[ \t\r\n]*=>/.test(it) ? undefined : `\`${it}\` is not written table=>key`),
  });

/** The problem of a literal `table=>key` whose variables cannot be read. */
export const keyProblem = ([written]: readonly (string | undefined)[], { core }: HtableState): string | undefined => {
  const parsed = written === undefined ? undefined : parseTableKey(written, core.variables);
  return typeof parsed === "string" ? parsed : undefined;
};

/** The table and the expanded key; undefined when there is no such table. */
export function keyAt(
  call: Call,
  argument: string,
  { core, tables, keys }: HtableState,
): { readonly table: Table; readonly key: string } | undefined {
  let parsed = keys.get(argument);
  if (parsed === undefined) keys.set(argument, (parsed = parseTableKey(argument, core.variables)));
  if (typeof parsed === "string") {
    core.log.write(-1, `htable: ${parsed}\n`);
    return undefined;
  }
  const table = tables.get(parsed.table);
  return table && { table, key: parsed.key.expand(call) };
}
