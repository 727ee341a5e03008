/** Whom a transaction belongs to: the generation whose routes it runs, and whose parameters it obeys. */
import type { Settings } from "./settings.ts";
import type { Watcher } from "./watch.ts";

export interface Owner {
  /** What its modparam("tm", …) set. */
  settings: Settings;
  /** How many transactions in the tables are its own; kept by the engine. */
  transactions: number;
  /** Modules that ask for new transactions; absent when none does. */
  watchers?: Watcher[];
  /** One of them has left the tables. */
  forgotten(): void;
}
