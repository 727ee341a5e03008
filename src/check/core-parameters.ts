/** Core parameters: names and types against the table that module `core` declares. */
import type { CoreParam } from "../../grammar/tree.ts";
import type { Kinds } from "../declare/module.ts";
import type { Value } from "../declare/value.ts";
import { literalInt } from "./lower.ts";
import { didYouMean } from "./names.ts";
import { own, type Scope } from "./scope.ts";

/** How the declaration of a parameter says that it is another one. */
const SPELLING = /^Another spelling of `(\w+)`/;

/** The parameter under its first spelling, with its value; undefined when it was refused. */
export function checkCoreParameter(item: CoreParam, scope: Scope): { name: string; value: Value } | undefined {
  const params: Kinds = scope.core?.params ?? {};
  const kind = own(params, item.name);
  if (!kind) {
    scope.problems.error(
      "unknown-core-parameter",
      item.nameSpan,
      `there is no core parameter \`${item.name}\``,
      didYouMean(item.name, Object.keys(params)),
    );
    return undefined;
  }
  const name = SPELLING.exec(kind.doc)?.[1] ?? item.name;
  const first = item.values[0];
  if (!first) return undefined;
  const number = typeof first.value === "bigint";
  if (kind.kind === "int" && !number) {
    scope.problems.error("core-parameter-type", first.span, `\`${item.name}\` takes a number`);
    return undefined;
  }
  if (kind.kind === "text" && number) {
    scope.problems.error("core-parameter-type", first.span, `\`${item.name}\` takes text`, `write "${first.value}"`);
    return undefined;
  }
  return { name, value: typeof first.value === "bigint" ? literalInt(first.value) : first.value };
}
