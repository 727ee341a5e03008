/**
 * Traces of a running server. While there is one, each message is looked at; a request that fits begins to be followed,
 * and every message of its call is run by a twin of its generation that tells what it does. All others run as ever.
 */
import { together, type Watcher } from "../../compile/watch.ts";
import type { TraceFilter, TracePage, TraceSummary, Traces } from "../../declare/trace.ts";
import type { Answer } from "../../declare/value.ts";
import type { Destination } from "../../sip/address.ts";
import { HeaderType } from "../../sip/headers.ts";
import { SipMessage } from "../../sip/message.ts";
import type { Generation } from "../generation.ts";
import type { Server } from "../server.ts";
import { traceFilter } from "./filter.ts";
import { Trace } from "./one.ts";
import { Recorder } from "./recorder.ts";
import { type Side, twinOf } from "./twin.ts";

/** What the server asks while somebody traces. */
export interface Tracer {
  /** A message was parsed and is about to be processed. */
  received(msg: SipMessage): void;
  /** What runs a message: the generation, or its twin. */
  side(generation: Generation, msg: SipMessage): Side;
  /** A message is being sent; `answer` is whether it could be. */
  sent(text: string, to: Destination, answer: Answer<boolean>): void;
}

/** Traces that may be on at a time. */
const MOST = 16;
/** A trace that nobody has read for so long ends (milliseconds). */
const FORGOTTEN_AFTER = 60_000;

export class Tracing implements Traces, Tracer {
  readonly #server: Server;
  readonly #recorder: Recorder;
  readonly #watcher: Watcher;
  readonly #traces = new Map<number, Trace>();
  /** The twins of generations, as long as those are there. */
  readonly #twins = new WeakMap<Generation, Side>();
  #last = 0;

  constructor(server: Server) {
    const { host, options } = server;
    this.#server = server;
    this.#recorder = new Recorder(host.clock, (event) => {
      for (const trace of this.#traces.values()) if (trace.follows(event.call)) trace.add(event);
    });
    this.#watcher = options.watcher ? together([options.watcher, this.#recorder]) : this.#recorder;
  }

  start(filter: TraceFilter): TraceSummary | string {
    const matches = traceFilter(filter);
    if (typeof matches === "string") return matches;
    if (this.#traces.size >= MOST) return `there are ${MOST} traces already`;
    const trace = new Trace(++this.#last, filter, matches, this.#server.host.clock);
    this.#traces.set(trace.id, trace);
    this.#server.tracer = this;
    // Compiled now, so that no call waits for it.
    this.#twin(this.#server.active);
    this.#watchOver(trace);
    return trace.summary;
  }

  stop(id: number): boolean {
    const trace = this.#traces.get(id);
    if (!trace) return false;
    this.#traces.delete(id);
    trace.end();
    if (this.#traces.size === 0) {
      this.#server.tracer = this.#server.options.tracer;
      this.#recorder.forget();
    }
    return true;
  }

  read(id: number, after: number, wait: number): TracePage | Promise<TracePage | undefined> | undefined {
    return this.#traces.get(id)?.read(after, wait);
  }

  list(): readonly TraceSummary[] {
    return [...this.#traces.values()].map((it) => it.summary);
  }

  // ── What the server asks ───────────────────────────────────────────────────

  received(msg: SipMessage): void {
    this.#server.options.tracer?.received(msg);
    if (msg.protocol !== "sip") return;
    if (msg.isRequest) for (const it of this.#traces.values()) it.offer(msg);
    if (this.#follows(msg.callId)) this.#recorder.received(msg);
  }

  side(generation: Generation, msg: SipMessage): Side {
    return this.#follows(msg.callId) ? this.#twin(generation) : generation;
  }

  sent(text: string, to: Destination, answer: Answer<boolean>): void {
    this.#server.options.tracer?.sent(text, to, answer);
    const callId = callIdOf(text);
    if (this.#follows(callId)) this.#recorder.sent(callId, text, to, answer);
  }

  #follows(callId: string): boolean {
    for (const it of this.#traces.values()) if (it.follows(callId)) return true;
    return false;
  }

  #twin(generation: Generation): Side {
    let twin = this.#twins.get(generation);
    if (!twin) this.#twins.set(generation, (twin = twinOf(this.#server, generation, this.#watcher)));
    return twin;
  }

  /** Ends a trace whose reader has gone without a word. */
  #watchOver(trace: Trace): void {
    this.#server.host.clock.after(FORGOTTEN_AFTER, () => {
      if (!this.#traces.has(trace.id)) return;
      if (trace.idle >= FORGOTTEN_AFTER) this.stop(trace.id);
      else this.#watchOver(trace);
    });
  }
}

/** The Call-ID of a message that goes out, found without parsing the whole where it is spelled as usual. */
export function callIdOf(text: string): string {
  const at = text.indexOf("\r\nCall-ID: ");
  if (at >= 0) return text.slice(at + 11, text.indexOf("\r\n", at + 11)).trimEnd();
  return new SipMessage(text, NOWHERE).first(HeaderType.callId) ?? "";
}

const NOWHERE = {
  socket: { protocol: "udp", address: "0.0.0.0", port: 0, family: 4, virtual: false },
  protocol: "udp",
  srcIp: "0.0.0.0",
  srcPort: 0,
  dstIp: "0.0.0.0",
  dstPort: 0,
  connection: 0,
  time: 0,
} as const;
