/** Follows a trace of a running server by its control commands, and writes it down as it comes. */
import type { TraceEvent } from "../declare/trace.ts";
import { TraceText, type TraceTextOptions, traceDiagram } from "./trace-text.ts";

export interface FollowOptions extends TraceTextOptions {
  /** `from=alice`, `method=INVITE`, …: the arguments of trace.start. */
  readonly filters: readonly string[];
  /** An event a line, as JSON. */
  readonly json?: boolean;
  /** Only the ladders of the calls, when the trace has ended. */
  readonly ladder?: boolean;
  /** Columns for ladders. */
  readonly width?: number;
  /** Ends when this many calls have been followed and were quiet for `quiet` seconds. */
  readonly count?: number;
  readonly quiet: number;
}

export interface FollowPorts {
  /** Runs a control command. Rejects with what the user is to read. */
  call(method: string, args: readonly (string | number)[]): Promise<unknown>;
  /** Takes text as it comes. */
  out(text: string): void;
  /** Takes what is said about the trace. */
  say(text: string): void;
  /** Settles when the user has had enough. */
  readonly stopped: Promise<void>;
}

interface Page {
  readonly id: number;
  readonly calls: number;
  readonly dropped: number;
  readonly lost: number;
  readonly next: number;
  readonly events: readonly TraceEvent[];
}

/** Seconds that the server holds a question for events. */
const WAIT = 20;

/** Goes on until the user stops it, the count is reached or the server is gone. */
export async function followTrace(ports: FollowPorts, options: FollowOptions): Promise<void> {
  const { id } = (await ports.call("trace.start", options.filters)) as Page;
  const writer = new TraceText(options);
  const kept: TraceEvent[] = [];
  const stopped = ports.stopped.then(() => undefined);
  const wait = options.count === undefined ? WAIT : Math.min(WAIT, options.quiet);
  let last: Page = { id, calls: 0, dropped: 0, lost: 0, next: 0, events: [] };
  for (;;) {
    const page = (await Promise.race([ports.call("trace.read", [id, last.next, wait]), stopped])) as Page | undefined;
    if (!page) break;
    for (const it of page.events) {
      if (options.ladder) kept.push(it);
      else ports.out(options.json ? `${JSON.stringify(it)}\n` : writer.lines(it));
    }
    if (page.dropped > last.dropped && !options.json)
      ports.say(`${page.dropped} requests were not followed, for the limit of calls a second`);
    if (page.lost > last.lost) ports.say(`${page.lost} events were lost: they came faster than they were read`);
    const quiet = page.events.length === 0;
    last = page;
    if (quiet && options.count !== undefined && page.calls >= options.count) break;
  }
  await ports.call("trace.stop", [id]);
  if (options.ladder)
    ports.out(
      traceDiagram(kept, {
        ...(options.width !== undefined && { width: options.width }),
        ...(options.color && { color: true }),
      }),
    );
  ports.say(`${last.calls} ${last.calls === 1 ? "call" : "calls"} followed, ${last.dropped} requests not`);
}
