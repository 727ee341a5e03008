/** Calls under way, by the address of record that they are for. */
import type { Counter, Statistics } from "../../declare/core.ts";
import type { Transaction } from "../../transaction/transaction.ts";
import { coreHash } from "../core-hash.ts";

export interface StoredUri {
  readonly uri: string;
  readonly hash: number;
  readonly transactions: Set<Transaction>;
}

export class Store {
  readonly entries = new Map<string, StoredUri>();
  /** All that were ever stored. */
  readonly #uris: Counter;
  readonly #transactions: Counter;

  constructor(statistics: Statistics) {
    this.#uris = statistics.counter("tsilo", "total_ruris");
    this.#transactions = statistics.counter("tsilo", "total_transactions");
  }

  get count(): number {
    let sum = 0;
    for (const { transactions } of this.entries.values()) sum += transactions.size;
    return sum;
  }

  /** Keeps the transaction under the address until it leaves the tables. */
  add(uri: string, tx: Transaction): void {
    let entry = this.entries.get(uri);
    if (entry === undefined) {
      entry = { uri, hash: coreHash(uri, "", 0), transactions: new Set() };
      this.entries.set(uri, entry);
      this.#uris.value++;
    }
    const { transactions } = entry;
    if (transactions.has(tx)) return;
    transactions.add(tx);
    this.#transactions.value++;
    (tx.onForgotten ??= []).push(() => {
      transactions.delete(tx);
      if (transactions.size === 0 && this.entries.get(uri)?.transactions === transactions) this.entries.delete(uri);
    });
  }
}
