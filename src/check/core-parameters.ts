/** Core parameters: their values under the first of their spellings. Names and forms are the parser's to check. */
import type { CoreParam } from "../../grammar/tree.ts";
import type { Kinds } from "../declare/module.ts";
import type { Value } from "../declare/value.ts";
import { literalInt } from "./lower.ts";
import { own } from "./scope.ts";

/** How the declaration of a parameter says that it is another one. */
const SPELLING = /^Another spelling of `(\w+)`/;

/** Undefined when there is no such parameter, or no value. */
export function coreParameter(item: CoreParam, declared: Kinds): { name: string; value: Value } | undefined {
  const kind = own(declared, item.name);
  const value = item.values[0]?.value;
  if (!kind || value === undefined) return undefined;
  const name = SPELLING.exec(kind.doc)?.[1] ?? item.name;
  return { name, value: typeof value === "bigint" ? literalInt(value) : value };
}
