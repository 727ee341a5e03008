/** Traces for people: a message a line, and below it what the script did with it, indented by route. */
import type { ShownValue, TraceEvent } from "../declare/trace.ts";
import { type DiagramMessage, type DiagramOptions, diagram } from "./diagram.ts";

export interface TraceTextOptions {
  /** Terminal colours. */
  readonly color?: boolean;
  /** Messages with all their text, and values uncut. */
  readonly full?: boolean;
}

/** Characters of a value at most, unless all of it is wanted. */
const LONGEST = 100;

/** Writes events as they come. */
export class TraceText {
  readonly #options: TraceTextOptions;
  #start: number | undefined;
  #call = "";
  /** Runs that have begun and not ended: one may begin within another (a branch_route within t_relay). */
  readonly #open: number[] = [];

  constructor(options: TraceTextOptions = {}) {
    this.#options = options;
  }

  /** The lines of one event, each with its line end. */
  lines(event: TraceEvent): string {
    this.#start ??= event.at;
    let out = "";
    if (event.call !== this.#call) {
      out += `${this.#paint("1", `call ${event.call}`)}\n`;
      this.#call = event.call;
    }
    return out + this.#event(event);
  }

  #event(event: TraceEvent): string {
    const time = ((event.at - this.#start!) / 1000).toFixed(3).padStart(8);
    switch (event.kind) {
      case "received":
        return `${this.#paint("1", `${time}  <- ${event.protocol} ${event.from}  ${event.start}`)}\n${this.#text(event.text)}`;
      case "sent": {
        const failed = event.failed ? "could not be sent: " : "";
        const message = this.#paint("1", `${time}  -> ${event.protocol} ${event.to}  ${event.start}`);
        return `${message}  ${this.#paint("2", `(${failed}${event.why})`)}\n${this.#text(event.text)}`;
      }
      case "begin": {
        this.#open.push(event.run);
        const branch = event.branch === undefined ? "" : `, branch ${event.branch}`;
        const line = this.#line(
          event,
          -1,
          `${this.#paint("36", event.route)} (generation ${event.generation}${branch})`,
        );
        return this.#open.length > 1 ? line : `${time}${line.slice(time.length)}`;
      }
      case "end": {
        const line = this.#line(event, -1, `${event.route} ends with ${event.code}`);
        const at = this.#open.lastIndexOf(event.run);
        if (at >= 0) this.#open.splice(at, 1);
        return line;
      }
      case "step": {
        const where = `${event.file.split("/").at(-1)}:${event.line}`;
        return this.#line(event, 0, `${this.#paint("2", where)}  ${event.source}`);
      }
      case "branch":
        return this.#line(event, 2, this.#paint(event.way === "false" ? "33" : "32", event.way));
      case "read":
        return this.#line(
          event,
          2,
          event.value === undefined ? `${event.name} cannot be read` : `${event.name} is ${this.#value(event.value)}`,
        );
      case "write":
        return this.#line(
          event,
          2,
          event.value === undefined
            ? `${event.name} refuses the value`
            : `${event.name} becomes ${this.#value(event.value)}`,
        );
      case "result":
        return this.#line(
          event,
          2,
          `${event.name}(${event.args.map((it) => this.#value(it)).join(", ")}) gives ${event.code}`,
        );
      case "enter":
        return this.#line(event, 1, this.#paint("36", event.route));
      case "return":
        return this.#line(event, 1, `${event.route} gives ${event.code}`);
      case "edit":
        return this.#line(event, 2, `message: ${this.#cut(event.text)}`);
    }
  }

  #line(event: TraceEvent & { readonly run: number; readonly depth: number }, more: number, text: string): string {
    const nested = Math.max(0, this.#open.lastIndexOf(event.run));
    return `${" ".repeat(12 + 4 * nested + 4 * event.depth + 2 * more)}${text}\n`;
  }

  #text(text: string): string {
    if (!this.#options.full) return "";
    return `${text
      .trimEnd()
      .split(/\r?\n/)
      .map((it) => `${" ".repeat(14)}| ${it}`.trimEnd())
      .join("\n")}\n`;
  }

  #value(value: ShownValue): string {
    if (value === null) return "$null";
    return typeof value === "number" ? String(value) : this.#cut(JSON.stringify(value));
  }

  #cut(text: string): string {
    return this.#options.full || text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
  }

  #paint(code: string, text: string): string {
    return this.#options.color ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}

export function traceText(events: readonly TraceEvent[], options?: TraceTextOptions): string {
  const writer = new TraceText(options);
  return events.map((it) => writer.lines(it)).join("");
}

/** The messages of a trace, for a diagram. */
const traceMessages = (events: readonly TraceEvent[]): DiagramMessage[] =>
  events
    .filter((it) => it.kind === "received" || it.kind === "sent")
    .map((it): DiagramMessage => {
      const { at, from, to, start } = it;
      const again = it.kind === "sent" && it.why.startsWith("again");
      const note = it.kind === "sent" && it.failed ? "could not be sent" : again ? "again" : undefined;
      return { at, from, to, start, ...(note !== undefined && { note }) };
    });

/** The ladder of a trace, or of each call in it when there are several. */
export function traceDiagram(events: readonly TraceEvent[], options?: DiagramOptions): string {
  const calls = new Map<string, TraceEvent[]>();
  for (const it of events) {
    const known = calls.get(it.call);
    if (known) known.push(it);
    else calls.set(it.call, [it]);
  }
  return [...calls]
    .map(([call, all]) => (calls.size > 1 ? `call ${call}\n` : "") + diagram(traceMessages(all), options))
    .join("\n");
}
