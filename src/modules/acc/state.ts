/** What module acc keeps for a generation. */
import { type Core, LogLevel } from "../../declare/core.ts";
import { declare } from "../../declare/module.ts";
import type { Format } from "../../declare/variable.ts";
import type { Tables } from "../db/tables.ts";
import type { Newest } from "../newest.ts";
import type { Rr } from "../rr/state.ts";
import type { Extra, Leg } from "./extras.ts";

/** Bits of the message flags that the script marks requests with; 0 where no flag is given. */
export interface Flags {
  readonly log: number;
  readonly logMissed: number;
  readonly db: number;
  readonly dbMissed: number;
  readonly failed: number;
  readonly prepare: number;
}

/** How the time of a record is written besides seconds. */
export interface TimeFields {
  /** 0 not at all, 1 microseconds, 2 seconds with a fraction, 3 local time as formatted, 4 the same in UTC. */
  readonly mode: number;
  readonly attribute: string;
  readonly extension: string;
  readonly format: string;
}

/** Tables and columns of the database. */
export interface Book {
  readonly tables: Tables;
  readonly extras: readonly Extra[];
  readonly answered: Format | string;
  readonly missed: Format | string;
  readonly columns: {
    readonly method: string;
    readonly fromTag: string;
    readonly toTag: string;
    readonly callId: string;
    readonly code: string;
    readonly reason: string;
    readonly time: string;
  };
  /** Null in the place of "" for an extra that has no value. */
  readonly nullable: boolean;
  /** acc_db_request() goes on before the row is there. */
  readonly inBackground: boolean;
  /** Rows on their way. */
  readonly writing: Set<Promise<boolean>>;
}

export interface Acc {
  readonly core: Core;
  readonly flags: Flags;
  readonly earlyMedia: boolean;
  readonly reportAck: boolean;
  readonly reportCancels: boolean;
  readonly prepareAlways: boolean;
  readonly reasonFromField: boolean;
  readonly detectDirection: boolean;
  /** Failures that are not accounted. */
  readonly filtered: ReadonlySet<number>;
  readonly legs: readonly Leg[];
  readonly time: TimeFields;
  readonly log: { readonly level: number; readonly facility: string; readonly extras: readonly Extra[] };
  readonly book: Book | undefined;
  /** The generations that have the module, for transactions that are handed from one to another. */
  readonly newest: Newest<Acc>;
}

export const { fn, module } = declare<Acc>();

/** Module rr, which tells the direction of requests. */
export const rrOf = (core: Core): Rr | undefined => core.state<Rr>("rr");

export function complain(core: Core, problem: string, level: number = LogLevel.err): -1 {
  core.log.write(level, `acc: ${problem}\n`);
  return -1;
}
