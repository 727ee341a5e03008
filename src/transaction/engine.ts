/** The table of transactions, their timers and what they need from outside; the other files of this folder act on it. */
import type { Destination, LocalSocket, Protocol } from "../sip/address.ts";
import type { ReplyOptions, RequestOptions } from "../sip/build.ts";
import type { SipMessage } from "../sip/message.ts";
import type { Answer } from "./answer.ts";
import type { Clock } from "./clock.ts";
import { onFinalTimeout } from "./expiry.ts";
import type { RetryBuffer } from "./retry.ts";
import { defaultSettings, type Settings } from "./settings.ts";
import type { Transaction } from "./transaction.ts";
import type { TransactionUser } from "./user.ts";
import { TimerWheel, toTicks } from "./wheel.ts";

/** What the layer needs from its surroundings. Nothing here throws or rejects. */
export interface Ports {
  readonly clock: Clock;
  readonly random: { hex(bytes: number): string; next(): number };
  readonly user: TransactionUser;
  /** Sends bytes; false when that failed for good. */
  send(text: string, to: Destination): Answer<boolean>;
  /**
   * Where a request for `uri` goes first (RFC 3263), with the socket to send it from: `forced`, else one that fits,
   * preferably `near`. `protocol` overrides the one in the URI. Null: it cannot be resolved, or no socket fits.
   */
  resolve(
    uri: string,
    protocol: Protocol | undefined,
    forced: LocalSocket | undefined,
    near: LocalSocket | undefined,
  ): Answer<Destination | null>;
  /** Stateless forwarding, for ACK to 2xx (RFC 3261 13.2.2.4: it is no part of the transaction). Positive, or a negative error. */
  forward(msg: SipMessage, to: Destination): Answer<number>;
  /** Core parameters that show in requests (local_rport, advertised address, xavp via params) and in replies (Server, …). */
  requestOptions?(msg: SipMessage): Omit<RequestOptions, "branch">;
  replyOptions?(msg: SipMessage): ReplyOptions;
  log(level: "error" | "warn" | "info", text: string): void;
}

/** Counters since the start (tm.stats, the statistics of tmx). */
export class Counts {
  server = 0;
  client = 0;
  created = 0;
  deleted = 0;
  waiting = 0;
  /** Replies sent by class; index 2 to 6. */
  readonly completed = [0, 0, 0, 0, 0, 0, 0];
  repliesReceived = 0;
  repliesGenerated = 0;
  repliesSent = 0;
}

/** A transaction that has ended leaves the tables at the latest after this time, in ticks (90 s). */
const LIFETIME_LIMIT = 90 * 16;

export class Engine {
  readonly ports: Ports;
  readonly wheel: TimerWheel;
  settings: Settings = defaultSettings();
  readonly counts = new Counts();
  /** To and From tags made here begin with it. */
  readonly tagPrefix: string;
  readonly #byLabel = new Map<number, Transaction>();
  /** First transaction of each Call-ID and CSeq number; the rest hang from it by `sameCall`. */
  readonly #byCall = new Map<string, Transaction>();
  #label: number;

  constructor(ports: Ports) {
    this.ports = ports;
    this.wheel = new TimerWheel(ports.clock);
    this.tagPrefix = ports.random.hex(16);
    this.#label = Math.floor(ports.random.next() * 0x3fffffff);
  }

  get size(): number {
    return this.#byLabel.size;
  }

  all(): Iterable<Transaction> {
    return this.#byLabel.values();
  }

  /** A new name: the label is unique, index and secret make a forged branch useless. */
  name(): { index: number; label: number; branchKey: string } {
    let label = this.#label;
    do label = label >= 0x3fffffff ? 1 : label + 1;
    while (this.#byLabel.has(label));
    this.#label = label;
    const secret = this.ports.random.hex(14);
    return {
      index: Number.parseInt(secret.slice(0, 4), 16),
      label,
      branchKey: label.toString(16).padStart(8, "0") + secret.slice(4),
    };
  }

  insert(tx: Transaction): void {
    this.#byLabel.set(tx.label, tx);
    tx.sameCall = this.#byCall.get(tx.callKey);
    this.#byCall.set(tx.callKey, tx);
    this.counts.created++;
    if (tx.isLocal) this.counts.client++;
    else this.counts.server++;
  }

  find(index: number, label: number): Transaction | undefined {
    const tx = this.#byLabel.get(label);
    return tx !== undefined && tx.index === index ? tx : undefined;
  }

  /** The first transaction with this Call-ID and CSeq number; go on by `sameCall`. */
  withCall(callId: string, cseq: string): Transaction | undefined {
    return this.#byCall.get(`${callId}\r${cseq}`);
  }

  /** The transaction that a Via branch names: index, then the key that begins with the label. */
  withBranch(index: string, key: string): Transaction | undefined {
    const tx = this.#byLabel.get(Number.parseInt(key.slice(0, 8), 16));
    return tx !== undefined && tx.branchKey === key && tx.index === Number.parseInt(index, 16) ? tx : undefined;
  }

  #remove(tx: Transaction): void {
    if (!this.#byLabel.delete(tx.label)) return;
    const first = this.#byCall.get(tx.callKey);
    if (first === tx) {
      if (tx.sameCall) this.#byCall.set(tx.callKey, tx.sameCall);
      else this.#byCall.delete(tx.callKey);
    } else {
      let before = first;
      while (before && before.sameCall !== tx) before = before.sameCall;
      if (before) before.sameCall = tx.sameCall;
    }
    tx.sameCall = undefined;
    this.counts.deleted++;
    if (tx.waiting) this.counts.waiting--;
  }

  /** The transaction has ended: it absorbs what still comes for wt_timer, then it is forgotten. Once per transaction. */
  putOnWait(tx: Transaction): void {
    if (tx.waiting) return;
    if (!this.wheel.start(tx, toTicks(this.settings.wtTimer))) return;
    tx.waiting = true;
    this.counts.waiting++;
  }

  waitOver(tx: Transaction, now: number): number {
    for (const branch of tx.branches) branch.cancel?.stop();
    const wait = toTicks(this.settings.wtTimer);
    if (tx.users > 0 || tx.busy) {
      // A run still works on it: look again later, but not forever.
      if (tx.waitStart === 0) tx.waitStart = now;
      if (tx.waitStart + LIFETIME_LIMIT > now) return wait;
    }
    this.#remove(tx);
    tx.ended = true;
    tx.response?.stop();
    for (const branch of tx.branches) branch.request.stop();
    return 0;
  }

  /** Stops the timers of every request branch (cleanup_uac_timers). */
  stopRequests(tx: Transaction): void {
    for (const branch of tx.branches) branch.request.stop();
  }

  /** t_release_transaction. */
  release(tx: Transaction): void {
    tx.response?.stop();
    this.stopRequests(tx);
    this.putOnWait(tx);
  }

  finalTimeout(buffer: RetryBuffer): void {
    onFinalTimeout(this, buffer);
  }

  /** Sends a message once more. False when the transport has failed at once. */
  retransmit(buffer: RetryBuffer): boolean {
    if (buffer.text === "" || buffer.to === undefined) return true;
    const sent = this.ports.send(buffer.text, buffer.to);
    return sent instanceof Promise ? true : sent;
  }

  /**
   * Runs `work` when no other locked work of the transaction is in progress, else after it, in order (REPLY_LOCK).
   * Work that waits for something keeps the lock meanwhile.
   */
  locked(tx: Transaction, work: () => Answer<void>): Answer<void> {
    if (tx.busy)
      return new Promise((done) => {
        (tx.queue ??= []).push(() => {
          const result = work();
          if (result instanceof Promise) return result.then(done);
          done();
        });
      });
    tx.busy = true;
    const result = work();
    return result instanceof Promise ? result.then(() => this.#unlock(tx)) : this.#unlock(tx);
  }

  #unlock(tx: Transaction): Answer<void> {
    for (;;) {
      const next = tx.queue?.shift();
      if (next === undefined) {
        tx.busy = false;
        tx.queue = undefined;
        return;
      }
      const result = next();
      if (result instanceof Promise) return result.then(() => this.#unlock(tx));
    }
  }
}
