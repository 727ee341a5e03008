/** `$sel(@…)`: a select as a variable. */
import type { Core } from "../../declare/core.ts";
import { declare } from "../../declare/module.ts";
import { bindSelect } from "../../declare/semantics-select.ts";

const { pv } = declare<Core>();

export const selectVariables = {
  sel: pv({
    doc: "The value of a select, a name of the kind `@from.uri.host`.",
    bind({ inner, index }) {
      if (inner === undefined || index !== undefined) return "`$sel` takes the name of a select in parentheses";
      const select = bindSelect(inner);
      return select ? { get: (call) => select(call) ?? null } : `\`${inner}\` is no select`;
    },
  }),
} as const;
