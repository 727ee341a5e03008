/** `$sel(@…)`: a select as a variable. */
import type { Core } from "../../declare/core.ts";
import { declare } from "../../declare/module.ts";
import { bindSelect, undeclared } from "../../declare/semantics-select.ts";

const { pv } = declare<Core>();

export const selectVariables = {
  sel: pv({
    doc: "The value of a select, a name of the kind `@from.uri.host`.",
    bind({ inner, index }, core) {
      if (inner === undefined || index !== undefined) return "`$sel` takes the name of a select in parentheses";
      const lacking = undeclared(inner, core);
      if (lacking !== undefined) return `there is no parameter \`${lacking}\``;
      const select = bindSelect(inner);
      return select ? { get: (call) => select(call) ?? null } : `\`${inner}\` is no select`;
    },
  }),
} as const;
