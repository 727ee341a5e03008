/** htable: tables that all runs share, whose items may expire. Follows Kamailio's src/modules/htable, without DMQ. */

import { RunFlag } from "../../declare/call.ts";
import { LogLevel } from "../../declare/core.ts";
import { int, text } from "../../declare/module.ts";
import { openAccess } from "../db/access.ts";
import { commands, reload } from "./commands.ts";
import { load, type Storage, save } from "./database.ts";
import { tableFunctions } from "./functions.ts";
import { iteratorFunctions } from "./iterator-functions.ts";
import { Locks } from "./locks.ts";
import { parseSpecification } from "./specification.ts";
import { type HtableState, module } from "./state.ts";
import { Table } from "./table.ts";
import { variables } from "./variables.ts";

const DEFAULT_INTERVAL = 20;
const column = (fallback: string, doc: string) => text(doc, { fallback });

export const htable = module({
  name: "htable",
  doc: "Tables of items that all runs share, that may expire, and that may be kept in a database.",
  params: {
    htable: text("Describes a table: `name=>autoexpire=60;size=8;initval=0;`.", { optional: true }),
    timer_interval: int("Seconds between two searches for items whose time has passed.", {
      fallback: DEFAULT_INTERVAL,
    }),
    timer_procs: int("Processes that search for such items; one timer does, whatever the number.", { fallback: 0 }),
    db_url: text("URL of the database of tables that have a `dbtable`.", { fallback: "" }),
    key_name_column: column("key_name", "Column with the name of the item."),
    key_type_column: column("key_type", "Column that is 1 where rows of the same name are an array."),
    value_type_column: column("value_type", "Column that is 1 where the value is an integer."),
    key_value_column: column("key_value", "Column with the value."),
    expires_column: column("expires", "Column with the second until which the item lives."),
    array_size_suffix: text("Behind an array's name: the item that tells its length.", { fallback: "::size" }),
    fetch_rows: int("Rows that are read at once in Kamailio; here all are.", { fallback: 100 }),
    db_expires: int("Not 0: `expires_column` is read and written for tables whose items expire.", { fallback: 0 }),
    enable_dmq: int("Not 0: tables are replicated over DMQ, which there is not.", { fallback: 0 }),
    dmq_init_sync: int("Not 0: tables are asked for over DMQ in the beginning; nothing without enable_dmq.", {
      fallback: 0,
    }),
    dmq_peer_id: text("Name of the tables' channel over DMQ; nothing without enable_dmq.", { fallback: "htable" }),
    event_callback: text("Function of a script in another language for events; event routes then do not run.", {
      fallback: "",
    }),
    event_callback_mode: int(
      "0: htable:mod-init runs in the first process, 1: in the first SIP worker; here the same.",
      {
        fallback: 0,
      },
    ),
  },
  repeated: ["htable"],
  start: (params, core, old) => {
    const given = (params as unknown as { readonly htable?: readonly string[] }).htable ?? [];
    if (params.enable_dmq > 0) return "enable_dmq needs the module dmq";
    const tables = new Map<string, Table>();
    const seconds = (): number => Math.floor(core.host.clock.wall() / 1000);
    for (const it of given) {
      const specification = parseSpecification(it);
      if (typeof specification === "string") return specification;
      const { name } = specification;
      if (tables.has(name)) return `the table \`${name}\` is described twice`;
      if (specification.replicate !== 0) return `the table \`${name}\` is to be replicated, which needs DMQ`;
      tables.set(name, new Table(specification, seconds, old?.tables.get(name)));
    }
    let storage: Storage | undefined;
    if (params.db_url !== "") {
      const database = openAccess(core, params.db_url);
      if (typeof database === "string") return database;
      storage = {
        core,
        database,
        columns: {
          name: params.key_name_column,
          keyType: params.key_type_column,
          valueType: params.value_type_column,
          value: params.key_value_column,
          expires: params.expires_column,
        },
        sizeSuffix: params.array_size_suffix || "::size",
        withExpires: params.db_expires !== 0,
      };
    }
    return {
      core,
      tables,
      interval: Number(params.timer_interval) <= 0 ? DEFAULT_INTERVAL : Number(params.timer_interval),
      fresh: old === undefined,
      timer: undefined,
      storage,
      staged: new Map(),
      reloaded: new Map(),
      tells: params.event_callback === "",
      expiring: new WeakMap(),
      iterators: new WeakMap(),
      locks: new Locks(),
      keys: new Map(),
    };
  },
  async open(state) {
    await fill(state);
    if ([...state.tables.values()].some(({ specification: it }) => it.autoexpire > 0 || it.reloadAt > 0)) arm(state);
    if (!state.fresh || !state.tells) return;
    const route = state.core.block("event", "htable:mod-init");
    if (route && ((await state.core.runDetached(route)).flags & RunFlag.drop) !== 0)
      throw new Error("event_route[htable:mod-init] ended with drop");
  },
  serve(state) {
    for (const table of state.tables.values()) {
      table.serve();
      const rows = state.staged.get(table);
      if (rows) table.fill(rows);
    }
    state.staged.clear();
  },
  cool: halt,
  async stop(state) {
    halt(state);
    if (!state.storage) return;
    for (const table of state.tables.values()) {
      const { dbtable, dbmode, columns } = table.specification;
      if (dbtable !== "" && dbmode !== 0 && !columns && table.holds && table.source !== "")
        await save(state.storage, table);
    }
    await state.storage.database.close();
  },
  functions: { ...tableFunctions, ...iteratorFunctions },
  variables,
  commands,
  events: {
    "htable:mod-init": "Once, before the server serves; `drop` keeps it from starting.",
    "htable:expired:NAME":
      "The time of an item of the table has passed; `$shtrecord(key)` and `$shtrecord(value)` give it.",
    "htable:reloaded:NAME": "The table was read from the database again, as its `reloadat` says.",
  },
});

/** Reads tables that have not been read yet. Items that a script serves are replaced only when this one does. */
async function fill({ storage, tables, staged }: HtableState): Promise<void> {
  if (!storage) return;
  for (const table of tables.values()) {
    const { specification } = table;
    if (specification.dbtable === "" || table.source === specification.dbtable) continue;
    const rows = await load(storage, specification);
    if (typeof rows === "string") throw new Error(`htable: ${rows}`);
    if (table.isNew) table.fill(rows);
    else staged.set(table, rows);
  }
}

function halt(state: HtableState): void {
  state.timer?.cancel();
  state.timer = undefined;
}

function arm(state: HtableState): void {
  state.timer = state.core.host.clock.after(state.interval * 1000, () => {
    arm(state);
    void look(state);
  });
}

async function look(state: HtableState): Promise<void> {
  for (const table of state.tables.values()) {
    if (table.specification.autoexpire > 0) await removeExpired(state, table);
    await readAgain(state, table);
  }
}

/** An event route may give an item that it is run for a new life. */
async function removeExpired(state: HtableState, table: Table): Promise<void> {
  const event = `htable:expired:${table.name}`;
  for (const item of table.all()) {
    if (!table.isExpired(item)) continue;
    const run = state.tells
      ? state.core.runEvent(event, undefined, (call) => state.expiring.set(call, item))
      : undefined;
    if (run instanceof Promise) await run;
    if (table.isExpired(item)) table.remove(item);
  }
}

async function readAgain(state: HtableState, table: Table): Promise<void> {
  const { reloadAt, dbtable } = table.specification;
  if (reloadAt === 0 || dbtable === "") return;
  const now = Math.floor(state.core.host.clock.wall() / 1000);
  if (now - (state.reloaded.get(table) ?? 0) < reloadAt) return;
  const problem = await reload(state, table);
  if (problem !== undefined) {
    state.core.log.write(LogLevel.err, `htable: ${problem}\n`);
    return;
  }
  state.reloaded.set(table, now);
  if (state.tells) await state.core.runEvent(`htable:reloaded:${table.name}`);
}
