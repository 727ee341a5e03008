/** Whom a transaction belongs to: the generation whose routes it runs, and whose parameters it obeys. */
import type { Settings } from "./settings.ts";

export interface Owner {
  /** What its modparam("tm", …) set. */
  settings: Settings;
  /** How many transactions in the tables are its own; kept by the engine. */
  transactions: number;
  /** One of them has left the tables. */
  forgotten(): void;
}
