/** The control commands of traces: `trace.*`. Ours; Kamailio has nothing like them. */
import type { Core } from "../declare/core.ts";
import { declare, int, optional, RpcArray, RpcFault, str } from "../declare/module.ts";
import type { TraceFilter, TracePage, TraceSummary, Traces } from "../declare/trace.ts";

const { rpc } = declare<unknown>();

/** A reader may wait so long for events (seconds). */
const LONGEST_WAIT = 30;

const TEXTS = ["from", "to", "ruri", "method", "callid", "source"] as const;
const NUMBERS = ["limit", "count"] as const;

function tracesOf({ traces }: Core): Traces {
  if (!traces) throw new RpcFault(500, "nothing can be traced here");
  return traces;
}

/** By name, or in any place as a word: `from=alice`, `limit=5`. */
function filterOf(given: Readonly<Record<string, string | undefined>>): TraceFilter {
  const filter: Record<string, string | number> = {};
  for (const [place, it] of Object.entries(given)) {
    if (it === undefined) continue;
    const [word, name, text] = /^(\w+)=(.*)$/s.exec(it) ?? [it, place, it];
    if (NUMBERS.some((known) => known === name)) filter[name!] = Number(text === "" ? Number.NaN : text);
    else if (TEXTS.some((known) => known === name)) filter[name!] = text!;
    else
      throw new RpcFault(
        400,
        `\`${word}\`: there is no filter ${name}; there are ${[...TEXTS, ...NUMBERS].join(", ")}`,
      );
  }
  return filter;
}

const summary = ({ id, filter, calls, dropped, lost }: TraceSummary): object => ({ id, calls, dropped, lost, filter });

const page = (it: TracePage | undefined): object => {
  if (!it) throw new RpcFault(404, "there is no such trace, or it has ended because nobody read it for a minute");
  return { ...summary(it), next: it.next, events: new RpcArray(it.events) };
};

export const traceCommands = {
  "trace.start": rpc({
    doc: "Begins to follow the calls whose requests fit. Filters are given by name, or as words: from=alice method=INVITE. The trace ends when nobody has read it for a minute.",
    args: {
      from: optional(str("Text within the URI of From.")),
      to: optional(str("Text within the URI of To.")),
      ruri: optional(str("Text within the Request-URI.")),
      method: optional(str("The method.")),
      callid: optional(str("The Call-ID.")),
      source: optional(str("Where the request comes from: address, address:port or network.")),
      limit: optional(str("Calls taken up a second at most; 10 when not given.")),
      count: optional(str("Calls taken up altogether.")),
    },
    run({ rest: _none, ...args }, _, core) {
      const started = tracesOf(core).start(filterOf(args));
      if (typeof started === "string") throw new RpcFault(400, started);
      return summary(started);
    },
  }),
  "trace.read": rpc({
    doc: "The events of a trace that come after one, at most 500 at a time; `next` is what to give as `after` the next time.",
    args: {
      id: int("Number of the trace."),
      after: int("Number of the last event that was read; 0 at first.", { fallback: 0 }),
      wait: int("Seconds to wait for events when there are none yet, at most 30.", { fallback: 0 }),
    },
    run({ id, after, wait }, _, core) {
      const ms = Math.min(LONGEST_WAIT, Math.max(0, Number(wait))) * 1000;
      const found = tracesOf(core).read(Number(id), Number(after), ms);
      return found instanceof Promise ? found.then(page) : page(found);
    },
  }),
  "trace.stop": rpc({
    doc: "Ends a trace, or all of them.",
    args: { id: optional(int("Number of the trace.")) },
    run({ id }, _, core) {
      const traces = tracesOf(core);
      if (id === undefined) for (const it of traces.list()) traces.stop(it.id);
      else if (!traces.stop(Number(id))) throw new RpcFault(404, "there is no such trace");
      return {};
    },
  }),
  "trace.list": rpc({
    doc: "The traces that are on, with how many calls they have taken up and dropped.",
    args: {},
    run: (_, __, core) => new RpcArray(tracesOf(core).list().map(summary)),
  }),
};
