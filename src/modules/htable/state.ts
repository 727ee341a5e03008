/** What the module htable keeps: the tables outlive a reload, locks and iterators belong to the generation. */
import type { Call } from "../../declare/call.ts";
import type { Core } from "../../declare/core.ts";
import { declare } from "../../declare/module.ts";
import type { Value } from "../../declare/value.ts";
import type { Timer } from "../../transaction/clock.ts";
import type { Storage } from "./database.ts";
import type { Iterators } from "./iterators.ts";
import type { TableKey } from "./key.ts";
import type { Locks } from "./locks.ts";
import type { Item, Row, Table } from "./table.ts";

export interface HtableState {
  readonly core: Core;
  /** By name, in the order described. */
  readonly tables: ReadonlyMap<string, Table>;
  /** Seconds between two searches for items whose time has passed. */
  readonly interval: number;
  /** The first script of this server: its tables are new. */
  readonly fresh: boolean;
  timer: Timer | undefined;
  /** Undefined without the parameter `db_url`. */
  readonly storage: Storage | undefined;
  /** What tables that another script serves still are to hold when this one does. */
  readonly staged: Map<Table, readonly Row[]>;
  /** Second of the last reading of tables that are read again and again. */
  readonly reloaded: Map<Table, number>;
  /** Event routes of the script are run; not when a function of another language is to be called in their place. */
  readonly tells: boolean;
  /** The item that a run of `event_route[htable:expired:…]` is about. */
  readonly expiring: WeakMap<Call, Item>;
  /** By worker, which its `$var`s stand for. */
  readonly iterators: WeakMap<Value[], Iterators>;
  readonly locks: Locks;
  /** Arguments `table=>key` that were read. */
  readonly keys: Map<string, TableKey | string>;
}

export const { fn, pv, rpc, module } = declare<HtableState>();
