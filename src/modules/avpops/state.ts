/** What the module avpops keeps: its arguments, each read once. */
import type { AvpName, AvpValue } from "../../declare/avp.ts";
import type { Core } from "../../declare/core.ts";
import type { Lists } from "../../declare/lists.ts";
import { declare } from "../../declare/module.ts";
import type { Tables } from "../db/tables.ts";
import type { Columns, Scheme } from "./stored.ts";

export interface AvpopsState {
  readonly core: Core;
  /** What arguments mean, by kind and text; a string is the problem. */
  readonly parsed: Map<string, unknown>;
  /** Undefined without the parameter db_url. */
  readonly database: Tables | undefined;
  /** Where avp_db_load and its kin find AVPs, unless they are told otherwise. */
  readonly table: string;
  readonly columns: Columns;
  readonly schemes: ReadonlyMap<string, Scheme>;
  /** The domain of a URI counts, too. */
  readonly useDomain: boolean;
  /** By the lists of a run: what was read from the database or written to it. */
  readonly inDatabase: WeakMap<Lists, Map<AvpName, AvpValue[]>>;
}

export const { fn, module } = declare<AvpopsState>();

/** The routes in which the functions of this module may be called. */
export const ROUTES = ["request", "failure", "branch", "onreply", "local"] as const;

/** Reads an argument, or gives what reading the same text gave before. */
export function parsedOnce<T extends object>(
  state: AvpopsState,
  kind: string,
  text: string,
  parse: (text: string, state: AvpopsState) => T | string,
): T | string {
  const key = `${kind} ${text}`;
  let found = state.parsed.get(key) as T | string | undefined;
  if (found === undefined) state.parsed.set(key, (found = parse(text, state)));
  return found;
}

export function complain({ core }: AvpopsState, problem: string): -1 {
  core.log.write(-1, `avpops: ${problem}\n`);
  return -1;
}
