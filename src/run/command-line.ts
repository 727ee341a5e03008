/** What the command line adds to a script: modules, their parameters, aliases. */
import type { Item, Script, Span } from "../../grammar/tree.ts";

export interface Additions {
  /** `--loadmodule`: before the script's own. */
  readonly modules: readonly string[];
  /** `--modparam`: after the script's own. */
  readonly params: readonly { readonly module: string; readonly name: string; readonly value: bigint | string }[];
  /** `--alias`: `[proto:]host[:port]`. */
  readonly aliases: readonly string[];
}

/** Problems of these items say where they come from. */
const span: Span = { file: "command line", line: 1, column: 1, endLine: 1, endColumn: 1 };

export const withAdditions = (script: Script, additions: Additions): Script => {
  const modules = additions.modules.map((name): Item => ({ kind: "load-module", name, nameSpan: span, span }));
  const params = additions.params.map(
    ({ module, name, value }): Item => ({
      kind: "mod-param",
      modules: module,
      modulesSpan: span,
      name,
      nameSpan: span,
      value: { kind: typeof value === "string" ? "string" : "number", value, span },
      evaluated: false,
      span,
    }),
  );
  const aliases = additions.aliases.map(
    (value): Item => ({
      kind: "core-param",
      name: "alias",
      nameSpan: span,
      values: [{ kind: "word", value, span }],
      span,
    }),
  );
  return { ...script, items: [...modules, ...script.items, ...params, ...aliases] };
};
