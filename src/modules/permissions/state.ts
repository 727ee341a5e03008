/** What module permissions keeps for a generation. */
import type { Core } from "../../declare/core.ts";
import { declare } from "../../declare/module.ts";
import type { VariableRef } from "../../declare/variable.ts";
import type { Tables } from "../db/tables.ts";
import type { Addresses } from "./addresses.ts";
import type { Rule } from "./rules.ts";
import type { Trusted } from "./trusted.ts";

export interface Rules {
  readonly allow: readonly Rule[];
  readonly deny: readonly Rule[];
}
export interface Permissions {
  readonly core: Core;
  readonly addressFile: string;
  readonly longest: boolean;
  readonly mostSubnets: number;
  /** Undefined without a database. */
  readonly tables: Tables | undefined;
  /** The table of addresses, when it is not a file that has them. */
  readonly addressTable: { readonly name: string; readonly columns: readonly string[] } | undefined;
  /** Undefined when they are not asked for. */
  addresses: Addresses | undefined;
  readonly trusted: Trusted | undefined;
  readonly tag: VariableRef | undefined;
  readonly allBranches: boolean;
  readonly allowSuffix: string;
  readonly denySuffix: string;
  readonly defaults: Rules;
  /** Rules by file name, read once. */
  readonly files: Map<string, readonly Rule[]>;
  /** Seconds that must pass between two reloads, and when the last was. */
  readonly reloadDelta: number;
  reloaded: number;
  reloading: boolean;
}
export const { fn, rpc, module } = declare<Permissions>();
