/** Commands of kex: statistics and memory. */
import type { Statistics } from "../../declare/core.ts";
import { any, declare, int, optional, type Rpc, RpcFault, str } from "../../declare/module.ts";
import { toText } from "../../declare/variables-values.ts";
import type { Kex } from "./kex.ts";

const { rpc } = declare<Kex>();

type Counted = ReturnType<Statistics["list"]>[number];

/** What one selector names: `all`, a group as `group:`, or one counter, with or without its group. */
function select(statistics: Statistics, selector: string, withGroup: boolean): readonly Counted[] {
  const list = statistics.list();
  if (selector === "all") return list;
  if (selector.endsWith(":")) return list.filter((it) => it.group === selector.slice(0, -1));
  const byName = list.filter((it) => it.name === selector);
  if (byName.length > 0 || !withGroup) return byName.slice(0, 1);
  const cut = /[.:]/.exec(selector)?.index ?? -1;
  return list.filter((it) => it.group === selector.slice(0, cut) && it.name === selector.slice(cut + 1));
}

const selector = any("`all`, a group as `group:`, or the name of a counter.");
const selectors = { selector } as const;

function chosen(args: { readonly selector: unknown; readonly rest?: readonly unknown[] }): string[] {
  return [args.selector, ...(args.rest ?? [])].map((it) => toText(it as string));
}

const fetch = (doc: string, numeric: boolean): Rpc<Kex> =>
  rpc({
    doc,
    args: selectors,
    rest: selector,
    run(args, _state, { statistics }) {
      const found: Record<string, string | number> = {};
      for (const name of chosen(args))
        for (const it of select(statistics, name, true))
          found[`${it.group}.${it.name}`] = numeric ? it.value : String(it.value);
      return found;
    },
  });

export const commands: Record<string, Rpc<Kex>> = {
  "stats.get_statistics": rpc({
    doc: "Counters as lines of text, `group:name = value`.",
    args: selectors,
    rest: selector,
    run: (args, _state, { statistics }) =>
      chosen(args).flatMap((name) =>
        select(statistics, name, false).map((it) => `${it.group}:${it.name} = ${it.value}`),
      ),
  }),
  "stats.fetch": fetch("Counters as a struct of texts, by `group.name`.", false),
  "stats.fetchn": fetch("Counters as a struct of numbers, by `group.name`.", true),
  "stats.reset_statistics": rpc({
    doc: "Sets counters to 0.",
    args: selectors,
    rest: selector,
    run(args, _state, { statistics }) {
      for (const name of chosen(args))
        for (const it of select(statistics, name, false)) statistics.reset(`${it.group}:${it.name}`);
    },
  }),
  "stats.clear_statistics": rpc({
    doc: "Sets counters to 0 and says what they were, `group:name = new (old)`.",
    args: selectors,
    rest: selector,
    run: (args, _state, { statistics }) =>
      chosen(args).flatMap((name) =>
        select(statistics, name, false).map((it) => {
          const full = `${it.group}:${it.name}`;
          statistics.reset(full);
          const now = statistics.get(full) ?? 0;
          return now === it.value ? `${full} = ${now}` : `${full} = ${now} (${it.value})`;
        }),
      ),
  }),
  "pkg.stats": rpc({
    doc: "Memory of the process, in bytes; there is one process.",
    args: {
      filter: optional(str("`pid`, `rank` or `index`.")),
      value: optional(int("The value that the filter asks for.")),
    },
    run(args, _state, { host }) {
      if (args.filter !== undefined) {
        if (!["pid", "rank", "index"].includes(args.filter)) throw new RpcFault(500, "Invalid filter type");
        if (args.value === undefined) throw new RpcFault(500, "One more parameter expected");
        const wanted = Number(args.value);
        if (args.filter === "pid" && wanted !== host.process.pid) throw new RpcFault(500, "No such pid");
        if (args.filter !== "pid" && wanted !== 0) return [];
      }
      const { rss, heapUsed, heapTotal } = host.process.memory();
      return [
        {
          entry: 0,
          pid: host.process.pid,
          rank: 0,
          used: heapUsed,
          free: heapTotal - heapUsed,
          real_used: rss,
          total_size: heapTotal,
          total_frags: 0,
          desc: "main process",
        },
      ];
    },
  }),
  "pkg.info": rpc({
    doc: "The memory manager and how much it has.",
    args: {},
    run: (_args, _state, { host }) => ({ name: "v8", size: host.process.memory().heapTotal }),
  }),
};
