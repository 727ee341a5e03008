/** Counts of messages by direction, method and status, kept as plain numbers: they are touched for every message. */
import type { SipMessage } from "../../sip/message.ts";

/** Methods with a label of their own; anybody may invent others, so these share one. */
const METHODS = new Set([
  ...["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "SUBSCRIBE", "NOTIFY", "PUBLISH"],
  ...["INFO", "REFER", "MESSAGE", "UPDATE"],
]);
const OTHER = "other";

export interface MessageLabels {
  readonly direction: "in" | "out";
  readonly type: "request" | "reply";
  readonly method: string;
  /** "" for a request. */
  readonly status: string;
}

interface Count {
  readonly labels: MessageLabels;
  value: number;
}

const labelOf = (method: string): string => (METHODS.has(method) ? method : OTHER);

export class MessageCounts {
  /** By direction, then by method and status. */
  readonly #in = new Map<string, Count>();
  readonly #out = new Map<string, Count>();

  received(msg: SipMessage): void {
    if (msg.isRequest) this.#count(this.#in, "in", "request", msg.method, "");
    else this.#count(this.#in, "in", "reply", msg.cseqMethod, String(msg.status));
  }

  sent(text: string): void {
    if (!text.startsWith("SIP/2.0 ")) {
      const end = text.indexOf(" ");
      // Keep-alives and the like are no messages.
      if (end > 0) this.#count(this.#out, "out", "request", text.slice(0, end), "");
      return;
    }
    const at = text.indexOf("\r\nCSeq:");
    const line = at < 0 ? "" : text.slice(at + 7, text.indexOf("\r", at + 2));
    this.#count(this.#out, "out", "reply", line.slice(line.lastIndexOf(" ") + 1), text.slice(8, 11));
  }

  *list(): Iterable<Count> {
    yield* this.#in.values();
    yield* this.#out.values();
  }

  #count(
    counts: Map<string, Count>,
    direction: MessageLabels["direction"],
    type: MessageLabels["type"],
    method: string,
    status: string,
  ): void {
    const label = labelOf(method);
    const key = label + status;
    const known = counts.get(key);
    if (known) known.value++;
    else counts.set(key, { labels: { direction, type, method: label, status }, value: 1 });
  }
}
