/** The core's counters of requests and replies, which kex keeps (Kamailio's kex/core_stats.c). */
import type { Counter, Statistics } from "../../declare/core.ts";
import type { SipMessage } from "../../sip/message.ts";

const METHODS: readonly string[] = [
  ...["invite", "cancel", "ack", "bye", "info", "register", "subscribe", "notify", "message", "options"],
  ...["prack", "update", "refer", "publish", "kdmq"],
];
/** Methods that exist besides those counted: they are not unsupported. */
const OTHER_METHODS = new Set(["get", "post", "put", "delete"]);
const CODES: readonly number[] = [
  ...[400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 413, 414, 415, 420, 480, 481, 482, 483, 484, 485],
  ...[486, 487, 488, 489, 491, 493],
];
/** Methods whose replies are counted apart, with the name that their counters have. */
const REPLY_METHODS: Readonly<Record<string, string>> = {
  invite: "invite",
  cancel: "cancel",
  bye: "bye",
  register: "reg",
  message: "message",
  prack: "prack",
  update: "update",
  refer: "refer",
  options: "options",
};
const CLASSES: readonly number[] = [1, 2, 3, 4, 5, 6];

/** Names and documentation of the counters kept here, as `group.name`. */
export const COUNTERS: Readonly<Record<string, string>> = Object.fromEntries([
  ...METHODS.map((it) => [`core.rcv_requests_${it}`, `${it.toUpperCase()} requests received.`]),
  ["core.unsupported_methods", "Requests received with a method that is not known."],
  ...CLASSES.map((it) => [`core.rcv_replies_${it}xx`, `${it}xx replies received.`]),
  ["core.rcv_replies_18x", "18x replies received."],
  ...CODES.map((it) => [`core.rcv_replies_${it}`, `${it} replies received.`]),
  ...Object.entries(REPLY_METHODS).flatMap(([method, name]) =>
    CLASSES.map((it) => [`core.rcv_replies_${it}xx_${name}`, `${it}xx replies to ${method.toUpperCase()} received.`]),
  ),
]);

export class MessageCounters {
  readonly #requests = new Map<string, Counter>();
  readonly #unsupported: Counter;
  readonly #classes: readonly Counter[];
  readonly #ringing: Counter;
  readonly #codes = new Map<number, Counter>();
  readonly #byMethod = new Map<string, readonly Counter[]>();

  constructor(statistics: Statistics) {
    const counter = (name: string): Counter => statistics.counter("core", name);
    for (const it of METHODS) this.#requests.set(it.toUpperCase(), counter(`rcv_requests_${it}`));
    this.#unsupported = counter("unsupported_methods");
    this.#classes = CLASSES.map((it) => counter(`rcv_replies_${it}xx`));
    this.#ringing = counter("rcv_replies_18x");
    for (const it of CODES) this.#codes.set(it, counter(`rcv_replies_${it}`));
    for (const [method, name] of Object.entries(REPLY_METHODS))
      this.#byMethod.set(
        method.toUpperCase(),
        CLASSES.map((it) => counter(`rcv_replies_${it}xx_${name}`)),
      );
  }

  request({ method }: SipMessage): void {
    const counter = this.#requests.get(method) ?? this.#requests.get(method.toUpperCase());
    if (counter) counter.value++;
    else if (!OTHER_METHODS.has(method.toLowerCase())) this.#unsupported.value++;
  }

  reply({ status, cseqMethod }: SipMessage): void {
    const class_ = Math.floor(status / 100) - 1;
    const counter = this.#classes[class_];
    if (!counter) return;
    counter.value++;
    if (status >= 180 && status < 190) this.#ringing.value++;
    const code = this.#codes.get(status);
    if (code) code.value++;
    const method = (this.#byMethod.get(cseqMethod) ?? this.#byMethod.get(cseqMethod.toUpperCase()))?.[class_];
    if (method) method.value++;
  }
}
