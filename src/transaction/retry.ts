/** A message that is sent again until something comes back, and the timer that gives up on it (Kamailio's retr_buf). */
import type { Destination } from "../sip/address.ts";
import type { Transaction } from "./transaction.ts";
import { toTicks, WheelTimer } from "./wheel.ts";

/** Bits of `RetryBuffer.flags`. */
export const RetryFlag = {
  /** The interval is T2 from now on (RFC 3261 17.1.2.2, Proceeding). */
  t2: 1,
  noRetransmission: 2,
  /** The final response timer is the one for INVITEs with a provisional reply. */
  frInvite: 4,
  timeout: 8,
  replied: 16,
  canceled: 32,
  /** Stopped for good: starting it later does nothing. */
  stopped: 64,
  /** A faked reply of this branch is being relayed. */
  relayingReply: 128,
} as const;

export class RetryBuffer extends WheelTimer {
  readonly tx: Transaction;
  readonly branch: number;
  readonly kind: "request" | "cancel" | "response";
  /** The message as sent; "" when there is none. */
  text = "";
  to: Destination | undefined = undefined;
  flags = 0;
  /** Ticks of the next retransmission and of giving up; 0 when not set. */
  #retryAt = 0;
  #finalAt = 0;
  /** Milliseconds of the interval after the next. */
  #interval = 0;

  constructor(tx: Transaction, branch: number, kind: "request" | "cancel" | "response") {
    super();
    this.tx = tx;
    this.branch = branch;
    this.kind = kind;
  }

  /** The wait for a final reply is the one that follows a provisional reply to INVITE. */
  get waitsForInvite(): boolean {
    return (this.flags & RetryFlag.frInvite) !== 0;
  }
  get running(): boolean {
    return this.due >= 0;
  }

  /** Starts both timers; over a reliable transport only the final one unless `force`. */
  start(force = false): void {
    this.#start(force || this.to?.protocol === "udp");
  }

  /** Starts the final timer alone. */
  startSilent(): void {
    this.#start(false);
  }

  #start(retransmits: boolean): void {
    const { tx } = this;
    const { wheel } = tx.engine;
    const now = wheel.now();
    const first = retransmits ? toTicks(tx.t1) : Number.POSITIVE_INFINITY;
    this.#interval = 2 * tx.t1;
    this.#retryAt = now + first;
    if (!retransmits) this.flags |= RetryFlag.noRetransmission;
    let timeout = tx.fr;
    // The final timer of a request ends with the transaction's life at the latest; an ACK is waited for regardless.
    if (this.kind === "request" && tx.endOfLife < now + timeout) timeout = Math.max(tx.endOfLife - now, 1);
    if (this.#finalAt === 0) this.#finalAt = now + timeout;
    if (this.flags & RetryFlag.stopped) return;
    wheel.start(this, Math.min(timeout, first));
  }

  /** Stops both timers for good. */
  stop(): void {
    this.flags |= RetryFlag.stopped;
    if (this.due >= 0) this.tx.engine.wheel.stop(this);
  }

  /** No more copies; the final timer goes on. */
  stopRetransmission(): void {
    this.flags |= RetryFlag.noRetransmission;
  }

  /** RFC 3261 17.1.2.2: after a provisional reply a request other than INVITE is sent again every T2. */
  slowDown(): void {
    this.flags |= RetryFlag.t2;
    this.#retryAt = this.tx.engine.wheel.now() + toTicks(this.tx.t2);
  }

  /** Gives the final timer a new time from now, at the latest the end of the transaction's life. */
  restartFinal(ticks: number): void {
    const at = this.tx.engine.wheel.now() + ticks;
    this.#finalAt = this.kind === "request" ? Math.min(at, this.tx.endOfLife) : at;
  }

  /** The transaction's life was shortened. */
  capFinal(endOfLife: number): void {
    if (this.kind === "request" && endOfLife < this.#finalAt) this.#finalAt = endOfLife;
  }

  /** Milliseconds of the next interval, by whether it has slowed down; 0 leaves it. */
  changeInterval(t1: number, t2: number): void {
    if (this.flags & RetryFlag.t2 && t2 > 0) this.#interval = t2;
    else if (t1 > 0) this.#interval = t1;
  }

  override fire(now: number): number {
    const { tx } = this;
    if (this.flags & RetryFlag.stopped) return 0;
    if (this.#finalAt <= now) {
      this.flags |= RetryFlag.timeout;
      tx.engine.finalTimeout(this);
      return 0;
    }
    const remaining = this.#finalAt - now;
    if (this.#retryAt > now) return Math.min(this.#retryAt - now, remaining);
    if (this.flags & RetryFlag.noRetransmission) return remaining;
    const slow = (this.flags & RetryFlag.t2) !== 0 || this.#interval > tx.t2;
    const interval = slow ? tx.t2 : this.#interval;
    const ticks = toTicks(interval);
    this.#interval = slow ? tx.t2 : interval * 2;
    this.#retryAt = now + ticks;
    if (!tx.engine.retransmit(this)) {
      this.flags |= RetryFlag.noRetransmission;
      return this.flags & RetryFlag.stopped ? 0 : remaining;
    }
    return Math.min(ticks, remaining);
  }
}
