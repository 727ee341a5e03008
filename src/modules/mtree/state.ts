/** What module mtree keeps for a generation. */
import type { Core } from "../../declare/core.ts";
import { declare } from "../../declare/module.ts";
import type { VariableRef } from "../../declare/variable.ts";
import type { Tables } from "../db/tables.ts";
import type { Rules, Specification, Tree } from "./tree.ts";

/** A tree as it is now, and since when. */
export interface Loaded {
  readonly tree: Tree;
  readonly reloads: number;
  /** Seconds since 1970. */
  readonly at: number;
}

export interface Mtree {
  readonly core: Core;
  readonly tables: Tables;
  readonly rules: Rules;
  /** Of the trees that the script names, by name. None: `table` has them all. */
  readonly specifications: readonly Specification[];
  readonly items: readonly { readonly tree: string; readonly prefix: string; readonly value: string }[];
  readonly table: string;
  /** Of the trees of `table`. */
  readonly type: number;
  readonly columns: { readonly name: string; readonly prefix: string; readonly value: string };
  readonly outputs: {
    readonly value: VariableRef;
    readonly count: VariableRef;
    /** Names of AVPs. */
    readonly values: string;
    readonly id: string;
    readonly weight: string;
  };
  /** By name, sorted. */
  trees: ReadonlyMap<string, Loaded>;
}

export const { fn, rpc, module } = declare<Mtree>();
