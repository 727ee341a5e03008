/** Functions on tables: removing, matching, setting, counting. */
import { type Fn, int, str } from "../../declare/module.ts";
import { keyAt, keyProblem, keyText } from "./key-argument.ts";
import { hasMatching, removeMatching, tableRegex, testOf } from "./matching.ts";
import { fn, type HtableState } from "./state.ts";
import type { Table } from "./table.ts";

const table = str("Name of the table.");
const item = str("Name of the item.");
const expires = int("Seconds that the item lives; 0: as the table says.");
const REMOVE = ["re", "sw", "ew", "in"] as const;
const MATCH = ["eq", "ne", "re", "sw"] as const;

function find({ core, tables }: HtableState, name: string): Table | undefined {
  const found = name === "" ? undefined : tables.get(name);
  if (!found) core.log.write(-1, `htable: there is no table \`${name}\`\n`);
  return found;
}

const removing = (doc: string, of: "name" | "value"): Fn<HtableState> =>
  fn({
    doc,
    in: "any",
    args: {
      table,
      operator: str("`re`: regular expression; `sw`, `ew`: starts or ends with; `in`: contains."),
      operand: str("What to compare with."),
    },
    returns: { 1: "done", [-1]: "no such table or operator, or the operand is empty or wrong" },
    run: (_call, args, state) => {
      const found = find(state, args.table);
      const test = found && testOf(state.core, args.operator, args.operand, REMOVE);
      if (!found || !test) return -1;
      removeMatching(found, of, test);
      return 1;
    },
  });

const removingRegex = (doc: string, of: "name" | "value"): Fn<HtableState> =>
  fn({
    doc,
    in: "any",
    args: { expression: keyText("Table and regular expression: `table=>expression`.") },
    returns: { 1: "done, or there is no such table", [-1]: "the expression is empty or wrong" },
    check: keyProblem,
    run: (call, { expression }, state) => {
      const at = keyAt(call, expression, state);
      if (!at) return 1;
      const regex = at.key === "" ? null : tableRegex(state.core, at.key);
      if (!regex) return -1;
      removeMatching(at.table, of, (text) => regex.test(text));
      return 1;
    },
  });

const matching = (doc: string, of: "name" | "value"): Fn<HtableState> =>
  fn({
    doc,
    in: "any",
    args: {
      table,
      operator: str("`eq`, `ne`: equal or not; `re`: regular expression; `sw`: starts with."),
      operand: str("What to compare with."),
    },
    returns: { 1: "an item fits", [-1]: "none does, or the arguments are wrong" },
    run: (_call, args, state) => {
      const found = find(state, args.table);
      const test = found && testOf(state.core, args.operator, args.operand, MATCH);
      return found && test && hasMatching(found, of, test) ? 1 : -1;
    },
  });

const adding = (doc: string, amount: 1 | -1): Fn<HtableState> =>
  fn({
    doc,
    in: "any",
    args: { table, item },
    returns: { 1: "done", [-1]: "no such table or item, or it is no integer" },
    run: (_call, args, state) => {
      const found = args.item === "" ? undefined : find(state, args.table);
      return found?.add(args.item, amount) === undefined ? -1 : 1;
    },
  });

const matchName = matching("Says whether a table has an item whose name fits.", "name");
const matchValue = matching("Says whether a table has an item with a text whose value fits.", "value");

export const tableFunctions: Record<string, Fn<HtableState>> = {
  sht_print: fn({
    doc: "Logs every item of every table.",
    in: "any",
    args: {},
    returns: { 1: "done" },
    run: (_call, _args, { core, tables }): 1 => {
      for (const it of tables.values())
        for (const { name, value, expires } of it.all())
          core.log.write(-1, `htable: ${it.name}[${it.slotOf(name)}] ${name} = ${value} (expires ${expires})\n`);
      return 1;
    },
  }),
  sht_rm: fn({
    doc: "Removes an item.",
    in: "any",
    args: { table, item },
    returns: { 1: "done, also when there was none", [-1]: "no such table" },
    run: (_call, args, state) => {
      const found = args.item === "" ? undefined : find(state, args.table);
      found?.delete(args.item);
      return found ? 1 : -1;
    },
  }),
  sht_rm_name: removing("Removes the items whose name fits.", "name"),
  sht_rm_value: removing("Removes the items with a text whose value fits.", "value"),
  sht_rm_name_re: removingRegex("Removes the items whose name matches a regular expression.", "name"),
  sht_rm_value_re: removingRegex("Removes the items with a text that matches a regular expression.", "value"),
  sht_match_name: matchName,
  sht_has_name: matchName,
  sht_match_str_value: matchValue,
  sht_has_str_value: matchValue,
  sht_lock: fn({
    doc: "Waits until no other worker has locked the slot of a key, and locks it.",
    in: "any",
    waits: true,
    args: { key: keyText("Table and key: `table=>key`.") },
    returns: { 1: "locked", [-11]: "no such table" },
    run: (call, { key }, state) => {
      const at = keyAt(call, key, state);
      return at ? state.locks.take(lockName(at), call.vars) : -11;
    },
  }),
  sht_unlock: fn({
    doc: "Unlocks the slot of a key.",
    in: "any",
    args: { key: keyText("Table and key: `table=>key`.") },
    returns: { 1: "unlocked", [-11]: "no such table" },
    run: (call, { key }, state) => {
      const at = keyAt(call, key, state);
      if (!at) return -11;
      state.locks.release(lockName(at));
      return 1;
    },
  }),
  sht_reset: fn({
    doc: "Removes every item of a table.",
    in: "any",
    args: { table },
    returns: { 1: "done", [-1]: "no such table" },
    run: (_call, args, state) => {
      const found = find(state, args.table);
      found?.clear();
      return found ? 1 : -1;
    },
  }),
  sht_setxs: fn({
    doc: "Sets an item to a text, and how long it lives.",
    in: "any",
    args: { table, item, value: str("The text."), expires },
    returns: { 1: "done", [-1]: "no such table, or the item has no name" },
    run: (_call, args, state) => {
      const found = args.item === "" ? undefined : find(state, args.table);
      found?.set(args.item, args.value, Number(args.expires));
      return found ? 1 : -1;
    },
  }),
  sht_setxi: fn({
    doc: "Sets an item to an integer, and how long it lives.",
    in: "any",
    args: { table, item, value: int("The integer."), expires },
    returns: { 1: "done", [-1]: "no such table, or the item has no name" },
    run: (_call, args, state) => {
      const found = args.item === "" ? undefined : find(state, args.table);
      found?.set(args.item, args.value, Number(args.expires));
      return found ? 1 : -1;
    },
  }),
  sht_is_null: fn({
    doc: "Says whether an item is missing.",
    in: "any",
    args: { table, item },
    returns: {
      1: "it is",
      2: "there is no such table",
      3: "a name is empty",
      [-1]: "it is there",
      [-2]: "the table has an initial value, so that no item is null",
    },
    run: (_call, args, { tables }) => {
      if (args.table === "" || args.item === "") return 3;
      const found = tables.get(args.table);
      if (!found) return 2;
      if (found.specification.initial !== undefined) return -2;
      return found.get(args.item) ? -1 : 1;
    },
  }),
  sht_inc: adding("Adds 1 to an item.", 1),
  sht_dec: adding("Takes 1 from an item.", -1),
};

const lockName = (at: { readonly table: Table; readonly key: string }): string =>
  `${at.table.slotOf(at.key)} ${at.table.name}`;
