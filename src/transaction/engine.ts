/** The table of transactions, their timers and what they need from outside; the other files of this folder act on it. */
import type { Destination, LocalSocket, Protocol } from "../sip/address.ts";
import type { ReplyOptions, RequestOptions } from "../sip/build.ts";
import type { SipMessage } from "../sip/message.ts";
import type { Answer } from "./answer.ts";
import type { Clock } from "./clock.ts";
import { onFinalTimeout } from "./expiry.ts";
import { branchName, type Key, keyOf, requestKey, type Seeds, slotOf } from "./names.ts";
import type { Owner } from "./owner.ts";
import type { RetryBuffer } from "./retry.ts";
import { defaultSettings, type Settings } from "./settings.ts";
import type { Transaction } from "./transaction.ts";
import type { TransactionUser } from "./user.ts";
import { TimerWheel, toTicks } from "./wheel.ts";

/** The blocklist of destinations, as its parameters have it. */
export interface PlaceList {
  has(to: Destination): boolean;
  /** `seconds`: not as long as `dst_blocklist_expire`. */
  add(to: Destination, why: "send" | "timeout" | "503", seconds?: number): void;
}

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
  /** Places that are left alone for a while (`use_dst_blocklist`); absent where there is no such list. */
  readonly blocklist?: PlaceList;
  /** A datagram that is too large goes another way (`udp_mtu`): where to, or undefined when it stays. */
  tooLarge?(length: number, msg: SipMessage, to: Destination): Destination | undefined;
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
  /** Whom a transaction belongs to when its run does not say; its parameters are those of new transactions. */
  owner: Owner = { settings: defaultSettings(), transactions: 0, forgotten() {} };
  readonly counts = new Counts();
  /** To and From tags made here begin with it. */
  readonly tagPrefix: string;
  readonly seeds: Seeds;
  /** First transaction of each slot; the rest hang from it by `sameSlot`. */
  readonly #slots = new Map<number, Transaction>();
  #size = 0;
  #label: number;

  constructor(ports: Ports) {
    this.ports = ports;
    this.wheel = new TimerWheel(ports.clock);
    this.tagPrefix = ports.random.hex(16);
    this.#label = Math.floor(ports.random.next() * 0x3fffffff);
    const seed = (): number => Math.floor(ports.random.next() * 0x7fffffff);
    this.seeds = [seed(), seed()];
  }

  get settings(): Settings {
    return this.owner.settings;
  }
  set settings(settings: Settings) {
    this.owner.settings = settings;
  }

  get size(): number {
    return this.#size;
  }

  *all(): Iterable<Transaction> {
    for (const first of this.#slots.values())
      for (let tx: Transaction | undefined = first; tx; tx = tx.sameSlot) yield tx;
  }

  newLabel(): number {
    this.#label = this.#label >= 0x3fffffff ? 1 : this.#label + 1;
    return this.#label;
  }

  /** A key for a transaction that is started here. */
  newKey(): Key {
    return keyOf(this.ports.random.hex(16), this.seeds);
  }

  /** The Via branch of a request that is forwarded without a transaction: the one that it would have with one. */
  statelessBranch(msg: SipMessage, index = 0): string {
    const slot = slotOf(msg.callId, msg.cseq?.numberText ?? "");
    return branchName(slot, requestKey(msg, this.seeds), index);
  }

  insert(tx: Transaction): void {
    tx.sameSlot = this.#slots.get(tx.index);
    this.#slots.set(tx.index, tx);
    this.#size++;
    tx.owner.transactions++;
    this.counts.created++;
    if (tx.isLocal) this.counts.client++;
    else this.counts.server++;
  }

  /** The first transaction of a slot; go on by `sameSlot`. */
  inSlot(slot: number): Transaction | undefined {
    return this.#slots.get(slot);
  }

  find(index: number, label: number): Transaction | undefined {
    let tx = this.#slots.get(index);
    while (tx !== undefined && tx.label !== label) tx = tx.sameSlot;
    return tx;
  }

  /** The INVITE transaction with that Call-ID and CSeq number. */
  findCall(callId: string, cseq: string): Transaction | undefined {
    let tx = this.#slots.get(slotOf(callId, cseq));
    while (tx !== undefined && !(tx.isInvite && tx.isCall(callId, cseq))) tx = tx.sameSlot;
    return tx;
  }

  #remove(tx: Transaction): void {
    const first = this.#slots.get(tx.index);
    if (first === tx) {
      if (tx.sameSlot) this.#slots.set(tx.index, tx.sameSlot);
      else this.#slots.delete(tx.index);
    } else {
      let before = first;
      while (before && before.sameSlot !== tx) before = before.sameSlot;
      if (before === undefined) return;
      before.sameSlot = tx.sameSlot;
    }
    tx.sameSlot = undefined;
    this.#size--;
    tx.owner.transactions--;
    this.counts.deleted++;
    if (tx.waiting) this.counts.waiting--;
  }

  /** The transaction has ended: it absorbs what still comes for wt_timer, then it is forgotten. Once per transaction. */
  putOnWait(tx: Transaction): void {
    if (tx.waiting) return;
    if (!this.wheel.start(tx, toTicks(tx.settings.wtTimer))) return;
    tx.waiting = true;
    this.counts.waiting++;
    tx.shrink();
  }

  waitOver(tx: Transaction, now: number): number {
    for (const branch of tx.branches) branch.cancel?.stop();
    const wait = toTicks(tx.settings.wtTimer);
    if (tx.users > 0 || tx.busy) {
      // A run still works on it: look again later, but not forever.
      if (tx.waitStart === 0) tx.waitStart = now;
      if (tx.waitStart + LIFETIME_LIMIT > now) return wait;
    }
    this.#remove(tx);
    tx.ended = true;
    tx.response?.stop();
    for (const branch of tx.branches) branch.request.stop();
    for (const tell of tx.onForgotten ?? []) tell();
    tx.owner.forgotten();
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
