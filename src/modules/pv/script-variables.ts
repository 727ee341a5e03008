/** `$var`, `$vz`, `$vn` of the worker and `$shv`, `$shvinc` of the server (Kamailio's pv_svar.c, pv_shv.c). */

import { add } from "../../declare/int.ts";
import type { Bound, Pv, PvText } from "../../declare/module.ts";
import type { Int, Value } from "../../declare/value.ts";
import { IntText } from "../../declare/value.ts";
import { type PvState, pv, type SharedVariable, sharedVariable } from "./state.ts";

/** What is stored of a value: an integer forgets the text it came with. */
export const plain = (value: Value): string | Int | null => (value instanceof IntText ? value.int : value);

function named(text: PvText, name: string): string | undefined {
  if (text.index !== undefined) return `\`$${name}\` takes no index`;
  return text.inner === undefined ? `\`$${name}\` needs a name in parentheses` : undefined;
}

const variable = (name: string, doc: string): Pv<PvState> =>
  pv({
    doc,
    bind: (text, _core, _state, variables): Bound | string => {
      const problem = named(text, name);
      if (problem) return problem;
      const slot = variables.slots.slot(text.inner!);
      return {
        get: (call) => call.vars[slot] ?? 0,
        set: (call, value) => {
          call.vars[slot] = plain(value) ?? 0;
          return true;
        },
      };
    },
  });

export const scriptVariables: Record<string, Pv<PvState>> = {
  var: variable("var", "A variable of the worker: starts as 0 and outlives the message; null sets it to 0."),
  vz: variable("vz", "Another name of `$var`."),
  vn: pv({
    doc: "A variable of the worker that starts as null and can be set to null.",
    bind: (text, _core, _state, variables): Bound | string => {
      const problem = named(text, "vn");
      if (problem) return problem;
      const slot = variables.slots.nullable(text.inner!);
      return {
        get: (call) => call.vars[slot] ?? null,
        set: (call, value) => {
          call.vars[slot] = plain(value);
          return true;
        },
      };
    },
  }),
  shv: pv({
    doc: "A variable that all workers share; starts as 0 and survives a reload. Null sets it to the empty text.",
    bind: (text, _core, state): Bound | string => {
      const problem = named(text, "shv");
      if (problem) return problem;
      const cell = sharedCell(text.inner!, state);
      return {
        get: () => cell().value,
        set: (_call, value) => {
          cell().value = plain(value) ?? "";
          return true;
        },
        unset: () => {
          cell().value = 0;
          return true;
        },
      };
    },
  }),
  shvinc: pv({
    doc: "Adds one to `$shv(name)` and gives the sum; 0, and nothing is added, when it holds text.",
    bind: (text, _core, state): Bound | string => {
      const problem = named(text, "shvinc");
      if (problem) return problem;
      const cell = sharedCell(text.inner!, state);
      return {
        get: () => {
          const it = cell();
          if (typeof it.value === "string") return 0;
          it.value = add(it.value, 1);
          return it.value;
        },
      };
    },
  }),
};

/** The variable exists from when the script is bound; names are only checked before the module has started. */
function sharedCell(name: string, state: () => PvState | undefined): () => SharedVariable {
  const started = state();
  let cell = started && sharedVariable(started.shared, name);
  return () => (cell ??= sharedVariable(state()!.shared, name));
}
