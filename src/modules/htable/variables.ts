/** `$sht` and its kin. */
import type { Call } from "../../declare/call.ts";
import type { Bound, Pv } from "../../declare/module.ts";
import type { Int, Read, Value } from "../../declare/value.ts";
import { intOf, toText } from "../../declare/variables-values.ts";
import { currentItem } from "./iterators.ts";
import { parseTableKey } from "./key.ts";
import { countMatching } from "./matching.ts";
import { type HtableState, pv } from "./state.ts";
import type { Table } from "./table.ts";

interface TableVariable {
  get(table: Table, key: string, state: HtableState): Read;
  set?(table: Table, key: string, value: Value): void;
}

/** A variable written `$name(table=>key)`. A table that is missing reads as null and cannot be set. */
const tableVariable = (doc: string, it: TableVariable): Pv<HtableState> =>
  pv({
    doc,
    bind: ({ inner }, _core, state, variables) => {
      const parsed = parseTableKey(inner, variables);
      if (typeof parsed === "string") return parsed;
      const { table: name, key } = parsed;
      const { literal } = key;
      const { set } = it;
      const bound: Bound = {
        get: (call) => {
          const now = state();
          const table = now.tables.get(name);
          return table ? it.get(table, literal ?? key.expand(call), now) : null;
        },
      };
      if (!set) return bound;
      return {
        ...bound,
        set: (call, value) => {
          const { tables, core } = state();
          const table = tables.get(name);
          if (!table) {
            core.log.write(-1, `htable: there is no table \`${name}\`\n`);
            return false;
          }
          set(table, literal ?? key.expand(call), value);
          return true;
        },
      };
    },
  });

/** A variable written `$name(iterator)`. */
const iteratorVariable = (doc: string, of: "name" | "value"): Pv<HtableState> =>
  pv({
    doc,
    bind: ({ inner }, _core, state) =>
      inner
        ? { get: (call: Call) => currentItem(call, inner, state())?.[of] ?? null }
        : "the name of an iterator is missing",
  });

const setItem = (table: Table, key: string, value: Value): void => {
  if (value === null) table.delete(key);
  else table.set(key, intOf(value) ?? toText(value));
};

const added =
  (amount: 1 | -1) =>
  (table: Table, key: string): Int | null =>
    table.add(key, amount) ?? null;

export const variables: Record<string, Pv<HtableState>> = {
  sht: tableVariable("Item of a table: `$sht(table=>key)`. `$null` removes it.", {
    get: (table, key) => table.get(key)?.value ?? table.specification.initial ?? null,
    set: setItem,
  }),
  shtex: tableVariable("Seconds that an item has left; 0 where items do not expire.", {
    get: (table, key) => table.expiresIn(key),
    set: (table, key, value) => table.expireIn(key, Number(intOf(value) ?? 0)),
  }),
  shtcn: tableVariable(
    "Number of items whose name fits: `~~` regular expression, `~%` end, `%~` start, `==` equal, `**` all.",
    {
      get: (table, key, { core }) => countMatching(core, table, "name", key),
    },
  ),
  shtcv: tableVariable("Number of items whose value fits: as `$shtcn`, and `eq` for an integer.", {
    get: (table, key, { core }) => countMatching(core, table, "value", key),
  }),
  shtinc: tableVariable("Adds 1 to an item and gives the result.", { get: added(1) }),
  shtdec: tableVariable("Takes 1 from an item and gives the result.", { get: added(-1) }),
  shtitkey: iteratorVariable("Name of the item that an iterator stands on.", "name"),
  shtitval: iteratorVariable("Value of the item that an iterator stands on.", "value"),
  shtrecord: pv({
    doc: "In `event_route[htable:expired:…]`: the item whose time has passed.",
    keys: { key: "Its name.", value: "Its value." },
    get: (call, key, state) => state.expiring.get(call)?.[key === "key" ? "name" : "value"],
  }),
};
