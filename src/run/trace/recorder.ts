/**
 * Writes down what happens to messages: what comes in, every statement of the runs over it with the values that it
 * reads and writes, and what is sent. Watches the programs that it is given to; whom the events are for is `tell`'s
 * business.
 */
import type { Span } from "../../../grammar/tree.ts";
import type { Place, Watch, Watcher } from "../../compile/watch.ts";
import type { Call } from "../../declare/call.ts";
import type { Core } from "../../declare/core.ts";
import type { TraceEvent, TraceWord } from "../../declare/trace.ts";
import type { Answer } from "../../declare/value.ts";
import type { Destination } from "../../sip/address.ts";
import type { SipMessage } from "../../sip/message.ts";
import type { Clock } from "../../transaction/clock.ts";
import { Generation } from "../generation.ts";
import { Changes, shownMessage, shownValue, startLine } from "./shown.ts";

/** An event before a trace has numbered it. */
export type Unnumbered = Omit<TraceEvent, "seq"> & TraceWord;

interface Running {
  readonly id: number;
  readonly call: string;
  depth: number;
  /** The statement in progress, in words. */
  where: string;
  readonly changes: Changes;
}

/** Calls whose messages are remembered, to know one that is sent again. */
const MOST_CALLS = 1000;
/** Messages of a call that are remembered: a phone may register under one Call-ID for years. */
const MOST_SENT = 100;

/** What follows a message within so many milliseconds is because of it. */
const JUST_NOW = 10;

export class Recorder implements Watcher {
  readonly #clock: Clock;
  readonly #tell: (event: Unnumbered) => void;
  readonly #runs = new WeakMap<Call, Running>();
  /** Those that have begun and not ended, the innermost last. */
  readonly #open = new Set<Running>();
  #lastRun = 0;
  /** What was sent in each call, and the message that came in last in it. */
  readonly #calls = new Map<string, { readonly sent: Set<string>; came: string; cameAt: number }>();

  constructor(clock: Clock, tell: (event: Unnumbered) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  watch(core: Core, places: readonly Place[]): Watch {
    const sources = new Sources(core);
    return {
      step: (call, place) => {
        const { span, route } = places[place]!;
        const run = this.#running(call);
        run.where = `${route}, line ${span.line}`;
        const { file, line, column } = span;
        this.#run(run, { kind: "step", ...at(run), file, line, column, route, source: sources.statement(span) });
      },
      branch: (call, place, way) => {
        const run = this.#running(call);
        const { span, names } = places[place]!;
        this.#run(run, { kind: "branch", ...at(run), line: span.line, way: names[way] ?? "" });
      },
      value: (call, _place, seen, name, value, args) => {
        const run = this.#running(call);
        switch (seen) {
          case "read":
          case "write": {
            const shown = value === undefined ? {} : { value: shownValue(value, name, call) };
            this.#run(run, { kind: seen, ...at(run), name, ...shown });
            break;
          }
          case "result": {
            const shown = (args ?? []).map((it) => shownValue(it));
            this.#run(run, { kind: "result", ...at(run), name, args: shown, code: Number(value) });
            break;
          }
          case "return":
            run.depth--;
            this.#run(run, { kind: "return", ...at(run), route: routeOf(name), code: Number(value) });
        }
        if (seen === "result" || seen === "write")
          for (const text of run.changes.since(call.msg)) this.#run(run, { kind: "edit", ...at(run), text });
      },
      begin: (call, route) => {
        const run = this.#running(call);
        run.where = route;
        this.#open.add(run);
        const branch = call.branch < 0 ? {} : { branch: call.branch };
        const start = startLine(call.msg.text);
        this.#run(run, { kind: "begin", ...at(run), route, generation: call.core.generation, start, ...branch });
      },
      end: (call, route, code) => {
        const run = this.#running(call);
        this.#run(run, { kind: "end", ...at(run), route, code });
        this.#open.delete(run);
      },
      enter: (call, _place, route) => {
        const run = this.#running(call);
        this.#run(run, { kind: "enter", ...at(run), route });
        run.depth++;
      },
    };
  }

  /** A message came in that is to be told of. */
  received(msg: SipMessage): void {
    const { protocol, srcIp, srcPort, dstIp, dstPort } = msg.received;
    const start = startLine(msg.text);
    const known = this.#call(msg.callId);
    known.came = start;
    known.cameAt = this.#clock.now();
    this.#event(msg.callId, {
      kind: "received",
      protocol,
      from: place(srcIp, srcPort),
      to: place(dstIp, dstPort),
      start,
      text: shownMessage(msg.text),
    });
  }

  /** A message of the call goes out; `answer` tells whether it could. */
  sent(callId: string, text: string, to: Destination, answer: Answer<boolean>): void {
    const run = [...this.#open].findLast((it) => it.call === callId);
    const { protocol, ip, port, socket } = to;
    const word = {
      kind: "sent",
      protocol,
      from: socket ? place(socket.address, socket.port) : "",
      to: place(ip, port),
      start: startLine(text),
      text: shownMessage(text),
      why: this.#why(callId, text, run),
      ...(run && { run: run.id }),
    } as const;
    if (answer === false) this.#event(callId, { ...word, failed: true });
    else this.#event(callId, word);
    if (answer instanceof Promise)
      void answer.then((sent) => {
        if (!sent) this.#event(callId, { ...word, failed: true });
      });
  }

  /** Nobody listens any more: the calls so far are forgotten. */
  forget(): void {
    this.#calls.clear();
    this.#open.clear();
  }

  /** What made a message go out. The transaction layer sends what it has sent before, byte by byte, only to repeat it. */
  #why(callId: string, text: string, run: Running | undefined): string {
    const known = this.#call(callId);
    const again = known.sent.has(text);
    known.sent.add(text);
    if (known.sent.size > MOST_SENT) known.sent.delete(known.sent.values().next().value!);
    const justNow = this.#clock.now() - known.cameAt < JUST_NOW;
    if (again) return justNow ? `again: ${methodOf(known.came)} came again` : "again: no answer yet";
    if (run) return run.where;
    if (!justNow) return text.startsWith("SIP/") ? "a timer ran out" : "a timer, or a run that went on";
    if (text.startsWith("ACK ")) return "a final reply is acknowledged";
    if (text.startsWith("CANCEL ")) return "a branch is not needed any more";
    if (text.startsWith("SIP/")) return known.came.startsWith("SIP/") ? "a reply is passed on" : "the server answers";
    return `${methodOf(known.came)} came`;
  }

  #call(callId: string): { readonly sent: Set<string>; came: string; cameAt: number } {
    let known = this.#calls.get(callId);
    if (!known) {
      if (this.#calls.size >= MOST_CALLS) this.#calls.delete(this.#calls.keys().next().value!);
      this.#calls.set(callId, (known = { sent: new Set(), came: "", cameAt: Number.NaN }));
    }
    return known;
  }

  #running(call: Call): Running {
    // What runs beside the script (`async`, `launch`) is a part of the run that began it.
    let run = this.#runs.get(call) ?? (call.origin && this.#runs.get(call.origin));
    if (!run) {
      run = { id: ++this.#lastRun, call: call.msg.callId, depth: 0, where: "", changes: new Changes() };
      run.changes.since(call.msg);
      this.#runs.set(call, run);
    }
    return run;
  }

  #run(run: Running, word: TraceWord): void {
    this.#event(run.call, word);
  }

  #event(call: string, word: TraceWord): void {
    this.#tell({ at: this.#clock.wall(), call, ...word });
  }
}

const at = (run: Running): { readonly run: number; readonly depth: number } => ({ run: run.id, depth: run.depth });
const routeOf = (name: string): string => name.replace(/^route\((.*)\)$/, "route[$1]");
const place = (address: string, port: number): string =>
  address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
const methodOf = (start: string): string => (start.startsWith("SIP/2.0 ") ? start.slice(8) : start.split(" ", 1)[0]!);

/** The text of a generation's files. */
class Sources {
  readonly #core: Core;
  readonly #lines = new Map<string, readonly string[]>();

  constructor(core: Core) {
    this.#core = core;
  }

  /** The first line of a statement, without what stands beside it. */
  statement({ file, line, column, endLine, endColumn }: Span): string {
    let lines = this.#lines.get(file);
    if (!lines) {
      const { owner } = this.#core;
      lines = owner instanceof Generation ? (owner.sources.get(file)?.split("\n") ?? []) : [];
      if (lines.length > 0) this.#lines.set(file, lines);
    }
    const whole = lines[line - 1] ?? "";
    return whole.slice(column - 1, endLine === line ? endColumn - 1 : undefined).trim() || whole.trim();
  }
}
