/** What must hold for every call, whatever the network does: judged by what goes in and out of the proxy. */
import { field } from "./peers.ts";

interface Seen {
  readonly invite: boolean;
  /** Copies of the request that reached the proxy. */
  requests: number;
  acked: boolean;
  /** Final replies sent to the caller, by status and To tag. */
  readonly finals: Map<string, number>;
  /** 2xx replies that reached the proxy, by To tag. */
  readonly answers: Map<string, number>;
  negative: string;
  positive: boolean;
}

/** Timer G until Timer H (RFC 3261, 17.2.1) with fr_timer 6 s: 0.5, 1.5, 3.5 s, and the first. */
const NEGATIVE_COPIES = 4;

export class Watch {
  readonly violations: string[] = [];
  readonly #calls = new Map<string, Seen>();
  finals = 0;

  /** A message that arrives at the proxy. */
  received(text: string): void {
    const id = field(text, "Call-ID");
    const cseq = field(text, "CSeq");
    if (text.startsWith("SIP/2.0 ")) {
      if (text[8] !== "2" || cseq === "1 CANCEL") return;
      const call = this.#calls.get(id);
      const tag = tagOf(text);
      call?.answers.set(tag, (call.answers.get(tag) ?? 0) + 1);
    } else if (text.startsWith("INVITE ") || text.startsWith("OPTIONS ")) {
      let call = this.#calls.get(id);
      if (!call) {
        call = {
          invite: text.startsWith("I"),
          requests: 0,
          acked: false,
          finals: new Map(),
          answers: new Map(),
          negative: "",
          positive: false,
        };
        this.#calls.set(id, call);
      }
      call.requests++;
    } else if (text.startsWith("ACK ")) {
      const call = this.#calls.get(id);
      if (call) call.acked = true;
    }
  }

  /** A reply that the proxy sends to a caller. */
  upstream(text: string): void {
    if (field(text, "CSeq") === "1 CANCEL" || text[8] === "1") return;
    const id = field(text, "Call-ID");
    const call = this.#calls.get(id);
    const status = text.slice(8, 11);
    if (!call) return this.#wrong(id, `a final reply ${status} to nothing`);
    this.finals++;
    const name = `${status} ${tagOf(text)}`;
    call.finals.set(name, (call.finals.get(name) ?? 0) + 1);
    if (status[0] === "2") {
      call.positive = true;
      if (!call.invite && call.finals.size > 1) this.#wrong(id, `two finals to OPTIONS: ${[...call.finals.keys()]}`);
      return;
    }
    // A copy of a negative reply that was sent before (Timer G, until the ACK comes) may follow a late 2xx.
    if (call.positive && call.negative !== name) this.#wrong(id, `${status} after a 2xx`);
    if (call.negative !== "" && call.negative !== name) this.#wrong(id, `${name} after ${call.negative}`);
    call.negative = name;
  }

  /** The end: every call that reached the proxy had its final reply, and no more copies than retransmission gives. */
  finish(): void {
    for (const [id, call] of this.#calls) {
      if (call.finals.size === 0) this.#wrong(id, "no final reply");
      for (const [name, copies] of call.finals) {
        // Each copy of the request may draw one more copy of the reply (17.2.1).
        const tag = name.slice(4);
        const source = name[0] === "2" ? (call.answers.get(tag) ?? 0) : call.invite ? NEGATIVE_COPIES : 1;
        if (copies > source + call.requests) this.#wrong(id, `${copies} copies of ${name}`);
      }
    }
  }

  /** Calls that a final reply was sent for, to free what has ended. */
  forget(id: string): void {
    const call = this.#calls.get(id);
    if (!call) return;
    const one = new Watch();
    one.#calls.set(id, call);
    one.finish();
    this.violations.push(...one.violations);
    this.#calls.delete(id);
  }

  #wrong(id: string, what: string): void {
    this.violations.push(`${id}: ${what}`);
  }
}

const tagOf = (text: string): string => /;tag=([^;]+)/.exec(field(text, "To"))?.[1] ?? "";
