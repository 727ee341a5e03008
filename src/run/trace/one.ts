/** One trace: the calls that it follows, and their events until somebody reads them. */
import type { TraceEvent, TraceFilter, TracePage, TraceSummary } from "../../declare/trace.ts";
import type { SipMessage } from "../../sip/message.ts";
import type { Clock, Timer } from "../../transaction/clock.ts";
import type { Matches } from "./filter.ts";
import type { Unnumbered } from "./recorder.ts";

/** Calls taken up a second when the filter has no limit. */
const USUAL_LIMIT = 10;
/** Calls that are followed at a time; the oldest is followed no more. */
const MOST_CALLS = 1000;
/** Events kept for who reads late, and how many one answer has at most. */
const KEPT = 5000;
const PAGE = 500;

export class Trace {
  readonly id: number;
  readonly #filter: TraceFilter;
  readonly #matches: Matches;
  readonly #clock: Clock;
  readonly #calls = new Set<string>();
  #events: TraceEvent[] = [];
  #seq = 0;
  #taken = 0;
  #dropped = 0;
  #lost = 0;
  /** Token bucket: calls that may be taken up at once, as of `#filledAt`. */
  #tokens: number;
  #filledAt: number;
  #readAt: number;
  readonly #waiting = new Set<() => void>();

  constructor(id: number, filter: TraceFilter, matches: Matches, clock: Clock) {
    this.id = id;
    this.#filter = filter;
    this.#matches = matches;
    this.#clock = clock;
    this.#tokens = this.#most;
    this.#filledAt = this.#readAt = clock.now();
  }

  /** A request came: its call is followed from now on when it fits and the limit allows it. */
  offer(request: SipMessage): void {
    const { callId } = request;
    if (this.#calls.has(callId) || !this.#matches(request)) return;
    if (this.#filter.count !== undefined && this.#taken >= this.#filter.count) return;
    if (!this.#token()) {
      this.#dropped++;
      return;
    }
    this.#taken++;
    this.#calls.add(callId);
    if (this.#calls.size > MOST_CALLS) this.#calls.delete(this.#calls.values().next().value!);
  }

  follows(callId: string): boolean {
    return this.#calls.has(callId);
  }

  add(event: Unnumbered): void {
    this.#events.push({ ...event, seq: ++this.#seq } as TraceEvent);
    if (this.#events.length >= 2 * KEPT) this.#events = this.#events.slice(KEPT);
    for (const wake of this.#waiting) wake();
  }

  read(after: number, wait: number): TracePage | Promise<TracePage> {
    this.#readAt = this.#clock.now();
    if (this.#seq > after || wait <= 0) return this.#page(after);
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        timer.cancel();
        // What happens at once is told at once.
        this.#readAt = this.#clock.now();
        this.#clock.after(0, () => resolve(this.#page(after)));
      };
      const timer: Timer = this.#clock.after(wait, wake);
      this.#waiting.add(wake);
    });
  }

  /** Whoever waits gets what there is. */
  end(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Milliseconds since it was read, or began. */
  get idle(): number {
    return this.#waiting.size > 0 ? 0 : this.#clock.now() - this.#readAt;
  }

  get summary(): TraceSummary {
    return { id: this.id, filter: this.#filter, calls: this.#taken, dropped: this.#dropped, lost: this.#lost };
  }

  #page(after: number): TracePage {
    const first = this.#seq - this.#events.length + 1;
    this.#lost += Math.max(0, first - 1 - after);
    const from = Math.max(0, after + 1 - first);
    const events = this.#events.slice(from, from + PAGE);
    // What has been read is asked for no more.
    this.#events = this.#events.slice(from);
    return { ...this.summary, events, next: events.at(-1)?.seq ?? Math.max(after, first - 1) };
  }

  get #most(): number {
    return Math.max(1, this.#filter.limit ?? USUAL_LIMIT);
  }

  #token(): boolean {
    const now = this.#clock.now();
    const refill = ((now - this.#filledAt) / 1000) * (this.#filter.limit ?? USUAL_LIMIT);
    this.#tokens = Math.min(this.#most, this.#tokens + refill);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
