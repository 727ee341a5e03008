/** htable: tables that all runs share, whose items may expire. Follows Kamailio's src/modules/htable, without databases. */
import { RunFlag } from "../../declare/call.ts";
import { int, text } from "../../declare/module.ts";
import { commands } from "./commands.ts";
import { tableFunctions } from "./functions.ts";
import { iteratorFunctions } from "./iterator-functions.ts";
import { Locks } from "./locks.ts";
import { parseSpecification } from "./specification.ts";
import { type HtableState, module } from "./state.ts";
import { Table } from "./table.ts";
import { variables } from "./variables.ts";

export const htable = module({
  name: "htable",
  doc: "Tables of items that all runs share and that may expire.",
  params: {
    htable: text("Describes a table: `name=>autoexpire=60;size=8;initval=0;`.", { optional: true }),
    timer_interval: int("Seconds between two searches for items whose time has passed.", { fallback: 20 }),
    timer_procs: int("Processes that search for such items; one timer does, whatever the number.", { fallback: 0 }),
  },
  repeated: ["htable"],
  start: (params, core, old) => {
    const given = (params as unknown as { readonly htable?: readonly string[] }).htable ?? [];
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
    return {
      core,
      tables,
      interval: Number(params.timer_interval),
      fresh: old === undefined,
      timer: undefined,
      expiring: new WeakMap(),
      iterators: new WeakMap(),
      locks: new Locks(),
      keys: new Map(),
    };
  },
  async open(state) {
    if ([...state.tables.values()].some((it) => it.specification.autoexpire > 0)) arm(state);
    if (!state.fresh) return;
    const route = state.core.block("event", "htable:mod-init");
    if (route && ((await state.core.runDetached(route)).flags & RunFlag.drop) !== 0)
      throw new Error("event_route[htable:mod-init] ended with drop");
  },
  serve(state) {
    for (const table of state.tables.values()) table.resize();
  },
  cool: halt,
  stop: halt,
  functions: { ...tableFunctions, ...iteratorFunctions },
  variables,
  commands,
  events: {
    "htable:mod-init": "Once, before the server serves; `drop` keeps it from starting.",
    "htable:expired:NAME":
      "The time of an item of the table has passed; `$shtrecord(key)` and `$shtrecord(value)` give it.",
  },
});

function halt(state: HtableState): void {
  state.timer?.cancel();
  state.timer = undefined;
}

function arm(state: HtableState): void {
  state.timer = state.core.host.clock.after(Math.max(state.interval, 1) * 1000, () => {
    arm(state);
    void removeExpired(state);
  });
}

/** An event route may give an item that it is run for a new life. */
async function removeExpired(state: HtableState): Promise<void> {
  for (const table of state.tables.values()) {
    if (table.specification.autoexpire === 0) continue;
    const event = `htable:expired:${table.name}`;
    for (const item of table.all()) {
      if (!table.isExpired(item)) continue;
      const run = state.core.runEvent(event, undefined, (call) => state.expiring.set(call, item));
      if (run instanceof Promise) await run;
      if (table.isExpired(item)) table.remove(item);
    }
  }
}
