/** Functions on iterators. */
import type { Call } from "../../declare/call.ts";
import { type Fn, int, str } from "../../declare/module.ts";
import { startIterator, type TableIterator } from "./iterators.ts";
import { fn, type HtableState } from "./state.ts";
import type { Item } from "./table.ts";

const iterator = str("Name of the iterator.");

/** The iterator when it stands on an item; otherwise that is logged. */
function onItem(call: Call, name: string, state: HtableState): (TableIterator & { item: Item }) | undefined {
  const it = state.iterators.get(call.vars)?.get(name);
  if (it?.item) return it as TableIterator & { item: Item };
  state.core.log.write(-1, `htable: the iterator \`${name}\` stands on no item\n`);
  return undefined;
}

export const iteratorFunctions: Record<string, Fn<HtableState>> = {
  sht_iterator_start: fn({
    doc: "Begins an iterator over a table; the first sht_iterator_next goes to its first item.",
    in: "any",
    args: { iterator, table: str("Name of the table.") },
    returns: { 1: "done", [-1]: "no such table, or too many iterators" },
    run: (call, args, state) => {
      const problem =
        args.iterator === "" || args.table === ""
          ? "a name is empty"
          : startIterator(call, args.iterator, state.tables.get(args.table), state);
      if (problem) state.core.log.write(-1, `htable: ${problem}\n`);
      return problem ? -1 : 1;
    },
  }),
  sht_iterator_next: fn({
    doc: "Goes on to the next item.",
    in: "any",
    args: { iterator },
    returns: { 1: "it stands on an item", [-1]: "there is no further item, or no such iterator" },
    run: (call, args, state) => (state.iterators.get(call.vars)?.get(args.iterator)?.next() ? 1 : -1),
  }),
  sht_iterator_end: fn({
    doc: "Ends an iterator.",
    in: "any",
    args: { iterator },
    returns: { 1: "done", [-1]: "there is no such iterator" },
    run: (call, args, state) => (state.iterators.get(call.vars)?.delete(args.iterator) ? 1 : -1),
  }),
  sht_iterator_rm: fn({
    doc: "Removes the item that an iterator stands on, and goes on to the next.",
    in: "any",
    args: { iterator },
    returns: { 1: "done", [-1]: "it stands on no item", [-2]: "done, and there is no further item" },
    run: (call, args, state) => {
      const it = onItem(call, args.iterator, state);
      if (!it) return -1;
      return it.remove() ? 1 : -2;
    },
  }),
  sht_iterator_sets: fn({
    doc: "Sets the item that an iterator stands on to a text.",
    in: "any",
    args: { iterator, value: str("The text.") },
    returns: { 1: "done", [-1]: "it stands on no item" },
    run: (call, args, state) => {
      const it = onItem(call, args.iterator, state);
      it?.table.replace(it.item, args.value);
      return it ? 1 : -1;
    },
  }),
  sht_iterator_seti: fn({
    doc: "Sets the item that an iterator stands on to an integer.",
    in: "any",
    args: { iterator, value: int("The integer.") },
    returns: { 1: "done", [-1]: "it stands on no item" },
    run: (call, args, state) => {
      const it = onItem(call, args.iterator, state);
      it?.table.replace(it.item, args.value);
      return it ? 1 : -1;
    },
  }),
  sht_iterator_setex: fn({
    doc: "Sets how long the item that an iterator stands on lives.",
    in: "any",
    args: { iterator, expires: int("Seconds from now on.") },
    returns: { 1: "done", [-1]: "it stands on no item" },
    run: (call, args, state) => {
      const it = onItem(call, args.iterator, state);
      if (!it) return -1;
      it.item.expires = Math.floor(state.core.host.clock.wall() / 1000) + Number(args.expires);
      return 1;
    },
  }),
};
