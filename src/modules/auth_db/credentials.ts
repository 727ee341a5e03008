/** Columns of a subscriber that go to variables (parameter load_credentials). */
import type { Call } from "../../declare/call.ts";
import type { VariableRef, Variables } from "../../declare/variable.ts";
import type { Row } from "../db/tables.ts";
import { scriptValue } from "../sqlops/variables.ts";

export interface Credential {
  readonly column: string;
  readonly target: VariableRef;
}

/** `column` stands for `$avp(column)=column`. A string is the problem. */
export function credentialsOf(written: string, variables: Variables): readonly Credential[] | string {
  const list: Credential[] = [];
  // What stands behind the last `;` may be empty.
  for (const item of written.replace(/;\s*$/, "").split(";")) {
    if (written.trim() === "") break;
    // The name of a variable may itself contain `=`.
    const at = item.lastIndexOf("=");
    const column = item.slice(at + 1).trim();
    const name = at > 0 ? item.slice(0, at).trim() : `$avp(${column})`;
    if (column === "" || name === "") return `\`${item}\` names no column`;
    const target = variables.variable(name);
    if (typeof target === "string") return target;
    if (!target.set) return `\`${name}\` can only be read`;
    list.push({ column, target });
  }
  return list;
}

/** False when a variable could not be set. */
export function load(call: Call, credentials: readonly Credential[], row: Row): boolean {
  for (const [i, { target }] of credentials.entries())
    if (target.set?.(call, scriptValue(row[i] ?? null)) === false) return false;
  return true;
}
