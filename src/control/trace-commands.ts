/** The control commands of traces: `trace.*`. Ours; Kamailio has nothing like them. */
import type { Core } from "../declare/core.ts";
import { declare, int, optional, RpcArray, RpcFault, str } from "../declare/module.ts";
import type { TraceFilter, TracePage, TraceSummary, Traces } from "../declare/trace.ts";
import { IntText, type Value } from "../declare/value.ts";

const { rpc } = declare<Record<string, never>>();

/** A reader may wait so long for events (seconds). */
const LONGEST_WAIT = 30;

const TEXTS = ["from", "to", "ruri", "method", "callid", "source"] as const;
const NUMBERS = ["limit", "count"] as const;

function tracesOf({ traces }: Core): Traces {
  if (!traces) throw new RpcFault(500, "nothing can be traced here");
  return traces;
}

/** `from=alice`, `method=INVITE`, `limit=5`. */
function filterOf(words: readonly Value[]): TraceFilter {
  const filter: Record<string, string | number> = {};
  for (const it of words) {
    const word = it instanceof IntText ? it.text : String(it ?? "");
    const [name, value] = [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)];
    if (!word.includes("=") || value === "") throw new RpcFault(400, `\`${word}\` is not name=value`);
    if (TEXTS.some((known) => known === name)) filter[name] = value;
    else if (NUMBERS.some((known) => known === name)) filter[name] = Number(value);
    else throw new RpcFault(400, `there is no filter \`${name}\`; there are ${[...TEXTS, ...NUMBERS].join(", ")}`);
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
    doc: "Begins to follow the calls whose requests fit the filters (from, to, ruri: text within the URI; method; callid; source: address, address:port or network; limit: calls a second, 10 when not given; count: calls altogether). It ends when nobody has read it for a minute.",
    args: {},
    rest: str("A filter: name=value."),
    run({ rest }, _, core) {
      const started = tracesOf(core).start(filterOf(rest ?? []));
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
