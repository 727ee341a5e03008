/** What the server knows of names and of destinations that failed, for its control commands. */
import type { Protocol } from "../sip/address.ts";
import type { NaptrRecord, SrvRecord } from "./host.ts";
import type { Answer } from "./value.ts";

export type RecordType = "a" | "aaaa" | "srv" | "naptr";
export type AnyRecord = string | SrvRecord | NaptrRecord;

/** Flags of an entry, with Kamailio's numbers. */
export const NameFlag = {
  /** The name is known not to exist. */
  bad: 1,
  /** Never expires, and is removed by force only. */
  permanent: 2,
} as const;

/** The answer for one name and type. */
export interface NameEntry {
  readonly name: string;
  readonly type: RecordType;
  readonly records: readonly AnyRecord[];
  readonly flags: number;
  /** Milliseconds on the host's clock. */
  readonly until: number;
  readonly lastUsed: number;
  /** Bytes that it counts for. */
  readonly size: number;
}

/** A place that is left alone. Undefined protocol and port 0 stand for any. */
export interface Place {
  readonly protocol: Protocol | undefined;
  readonly ip: string;
  readonly port: number;
}
export interface BlockEntry extends Place {
  /** Why it is there: bits with Kamailio's numbers (BLST_*). */
  readonly flags: number;
  /** Milliseconds on the host's clock. */
  readonly until: number;
}

export interface Names {
  /** Bytes that the answers take. */
  readonly bytes: number;
  lookup(type: RecordType, name: string): Answer<NameEntry>;
  find(type: RecordType, name: string): NameEntry | undefined;
  entries(): Iterable<NameEntry>;
  /** False: there was no room. */
  put(type: RecordType, name: string, records: readonly AnyRecord[], seconds: number, flags: number): boolean;
  delete(type: RecordType, name: string): void;
  /** Those that are permanent only with `force`. */
  clear(force: boolean): void;
  readonly blocked: {
    readonly bytes: number;
    entries(): readonly BlockEntry[];
    /** False: there was no room. */
    add(place: Place, flags: number, seconds: number): boolean;
    flush(): void;
  };
}
