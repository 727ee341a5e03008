/** Commands on tables: htable.get, htable.dump and their kin. */
import { LogLevel } from "../../declare/core.ts";
import { int, type Rpc, RpcFault, str } from "../../declare/module.ts";
import { strftime, timeOf } from "../pv/strftime.ts";
import { load, save } from "./database.ts";
import { type HtableState, rpc } from "./state.ts";
import type { Item, Table } from "./table.ts";

const table = str("Name of the table.");
const item = str("Name of the item.");
const SET = "Ok. Key set to new value.";

function find({ tables }: HtableState, name: string): Table {
  const found = tables.get(name);
  if (!found) throw new RpcFault(500, "No such htable");
  return found;
}

/** Newest first, as Kamailio lists them. */
function listed({ tables }: HtableState): Table[] {
  if (tables.size === 0) throw new RpcFault(500, "No htables");
  return [...tables.values()].reverse();
}

/** Puts what the database has in the place of a table's items; undefined when that went well. */
export async function reload({ storage }: HtableState, it: Table): Promise<string | undefined> {
  if (!storage) return "db_url is not set";
  if (it.specification.dbtable === "") return `the table \`${it.name}\` is in no database`;
  const rows = await load(storage, it.specification);
  if (typeof rows === "string") return rows;
  it.fill(rows);
  return undefined;
}

const AVP_VAL_STR = 2;
const expiry = (seconds: number): string =>
  seconds === 0 ? "NEVER" : strftime("%Y-%m-%d %H:%M:%S", timeOf(seconds * 1000, false));
const typed = ({ name, value }: Item) => ({ name, value, type: typeof value === "string" ? "str" : "int" });

export const commands: Record<string, Rpc<HtableState>> = {
  "htable.get": rpc({
    doc: "One item of a table.",
    args: { table, item },
    run: (args, state) => {
      const it = find(state, args.table).get(args.item);
      if (!it) throw new RpcFault(500, "Key name doesn't exist in htable.");
      const flags = typeof it.value === "string" ? AVP_VAL_STR : 0;
      return { item: { name: it.name, value: it.value, flags, expire: expiry(it.expires) } };
    },
  }),
  "htable.sets": rpc({
    doc: "Sets an item to a text.",
    args: { table, item, value: str("The text.") },
    run: (args, state) => {
      find(state, args.table).set(args.item, args.value);
      return SET;
    },
  }),
  "htable.seti": rpc({
    doc: "Sets an item to an integer.",
    args: { table, item, value: int("The integer.") },
    run: (args, state) => {
      find(state, args.table).set(args.item, args.value);
      return SET;
    },
  }),
  "htable.setex": rpc({
    doc: "Sets how long an item lives.",
    args: { table, item, expires: int("Seconds.") },
    run: (args, state) => {
      find(state, args.table).expireIn(args.item, Number(args.expires));
      return "Ok";
    },
  }),
  "htable.setxs": rpc({
    doc: "Sets an item to a text, and how long it lives.",
    args: { table, item, value: str("The text."), expires: int("Seconds.") },
    run: (args, state) => {
      find(state, args.table).set(args.item, args.value, Number(args.expires));
      return SET;
    },
  }),
  "htable.setxi": rpc({
    doc: "Sets an item to an integer, and how long it lives.",
    args: { table, item, value: int("The integer."), expires: int("Seconds.") },
    run: (args, state) => {
      find(state, args.table).set(args.item, args.value, Number(args.expires));
      return SET;
    },
  }),
  "htable.delete": rpc({
    doc: "Removes an item.",
    args: { table, item },
    run: (args, state) => {
      if (!find(state, args.table).delete(args.item)) throw new RpcFault(404, "Key not found in htable.");
      return "Ok. Key deleted.";
    },
  }),
  "htable.flush": rpc({
    doc: "Removes every item of a table.",
    args: { table },
    run: (args, state) => {
      find(state, args.table).clear();
      return "Ok. Htable flushed.";
    },
  }),
  "htable.reload": rpc({
    doc: "Reads a table from the database again.",
    args: { table },
    async run(args, state) {
      const it = find(state, args.table);
      const problem = await reload(state, it);
      if (problem !== undefined) {
        state.core.log.write(LogLevel.err, `htable: ${problem}\n`);
        throw new RpcFault(500, "Htable reload failed");
      }
      return "Ok. Htable reloaded.";
    },
  }),
  "htable.store": rpc({
    doc: "Writes the items of a table to the database.",
    args: { table },
    async run(args, state) {
      if (!state.storage) throw new RpcFault(500, "No htable db_url");
      const it = find(state, args.table);
      if (it.specification.dbtable === "") throw new RpcFault(500, "No database htable");
      await save(state.storage, it);
      return "Ok. Htable successfully stored to DB.";
    },
  }),
  "htable.dump": rpc({
    doc: "Every item of a table, by slot.",
    args: { table },
    run: (args, state) =>
      find(state, args.table).slots.flatMap((slot, entry) =>
        slot ? [{ entry, size: slot.length, slot: slot.map(typed) }] : [],
      ),
  }),
  "htable.listTables": rpc({
    doc: "The tables and how they are described.",
    args: {},
    run: (_args, state) =>
      listed(state).map(({ specification: it }) => ({
        name: it.name,
        dbtable: it.dbtable,
        dbmode: it.dbmode,
        expire: it.autoexpire,
        updateexpire: it.updateExpire ? 1 : 0,
        size: it.slots,
        dmqreplicate: it.replicate,
      })),
  }),
  "htable.stats": rpc({
    doc: "How many items the tables have, and how they are spread over the slots.",
    args: {},
    run: (_args, state) =>
      listed(state).map(({ name, slots, size }) => {
        let min = Number.POSITIVE_INFINITY;
        let max = 0;
        for (const slot of slots) {
          const length = slot?.length ?? 0;
          if (length < min) min = length;
          if (length > max) max = length;
        }
        return { name, slots: slots.length, all: size, min, max };
      }),
  }),
};
