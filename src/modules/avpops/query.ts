/** avp_db_query: a query whose columns become AVPs. */
import type { AvpValue } from "../../declare/avp.ts";
import type { Call } from "../../declare/call.ts";
import { type Fn, str, text } from "../../declare/module.ts";
import type { VariableRef } from "../../declare/variable.ts";
import { variableList } from "../../declare/variables-list.ts";
import { type AvpopsState, fn, parsedOnce } from "./state.ts";

interface Outputs {
  readonly avps: readonly VariableRef[];
}

function parseOutputs(written: string, { core }: AvpopsState): Outputs | string {
  const avps = variableList(written, core.variables, "avp");
  return typeof avps === "string" ? avps : { avps };
}

/** The last row first, so that the first one is on top. Empty texts and missing values make no AVP. */
function store(call: Call, rows: readonly (readonly (AvpValue | null)[])[], avps: readonly VariableRef[]): void {
  for (const row of rows.toReversed())
    for (const [i, value] of row.entries()) {
      if (value === null || value === "") continue;
      if (avps.length === 0) call.lists.avps.push(i + 1, value);
      else avps[i]?.set?.(call, value);
    }
}

export const queryFunctions: Readonly<Record<string, Fn<AvpopsState>>> = {
  avp_db_query: fn({
    doc: "Makes a query, and puts its columns into AVPs.",
    in: ["request", "failure", "branch", "onreply", "local"],
    args: {
      query: str("The query.", { computed: false }),
      avps: text("The AVPs, separated by semicolons; without any `$avp(i:1)`, `$avp(i:2)`, …", { fallback: "" }),
    },
    returns: { 1: "there are rows", [-1]: "the query failed", [-2]: "there are no rows" },
    waits: true,
    check([, avps], state) {
      if (!state.database) return "modparam db_url is not set";
      const outputs = avps === undefined ? undefined : parsedOnce(state, "query", avps, parseOutputs);
      return typeof outputs === "string" ? outputs : undefined;
    },
    async run(call, args, state) {
      const outputs = args.avps === "" ? { avps: [] } : parsedOnce(state, "query", args.avps, parseOutputs);
      if (typeof outputs === "string" || !state.database) return -1;
      const rows = await state.database.raw(args.query);
      if (!rows) return -1;
      store(call, rows, outputs.avps);
      return rows.length > 0 ? 1 : -2;
    },
  }),
};
