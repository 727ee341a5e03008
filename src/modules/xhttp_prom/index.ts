/** xhttp_prom: statistics and metrics of the script for Prometheus, over xhttp. Follows Kamailio's src/modules/xhttp_prom. */
import type { Call } from "../../declare/call.ts";
import { type Core, LogLevel } from "../../declare/core.ts";
import { declare, type Fn, int, optional, type Rpc, RpcFault, str, text } from "../../declare/module.ts";
import { after, type Int } from "../../declare/value.ts";
import { replyHttp } from "../xhttp/reply.ts";
import { type Metric, type MetricKind, Metrics, parseMetric } from "./metrics.ts";

interface Prom {
  readonly metrics: Metrics;
  readonly prefix: string;
  readonly tags: string;
  readonly stats: string;
  readonly uptime: boolean;
  readonly memory: boolean;
  readonly flags: number;
  readonly stamps: "ms" | "s" | "sf";
}
const { fn, rpc, module } = declare<Prom>();

const contentType = "text/plain; version=0.0.4";

/** What Kamailio's atof takes of a text: the number it begins with. */
const float = (written: string): number | undefined => {
  const value = Number.parseFloat(written);
  return Number.isFinite(value) ? value : undefined;
};

/** The time at the end of each line, after a blank. */
function stamp(wall: number, format: Prom["stamps"]): string {
  const ms = Math.trunc(wall);
  if (format === "ms") return ` ${ms}`;
  if (format === "s") return ` ${Math.trunc(ms / 1000)}`;
  return ` ${Math.trunc(ms / 1000)}.${String(ms % 1000).padStart(3, "0")}`;
}

/** A server statistic. Prometheus allows no dash in a name. */
function statistic(
  state: Prom,
  it: { readonly group: string; readonly name: string; readonly value: number },
  at: string,
) {
  const name = `${state.prefix}${it.group}_${it.name}`.replace(/-/g, "_");
  return `# TYPE ${name} gauge\n${name}${state.tags ? `{${state.tags}}` : ""} ${it.value}${at}\n`;
}

/** Everything that a scrape gets. */
function exposition(core: Core, state: Prom): string {
  const { host, statistics } = core;
  const at = stamp(host.clock.wall(), state.stamps);
  const braces = state.tags ? `{${state.tags}}` : "";
  let out = state.metrics.text(state.prefix, state.tags, state.flags, at, host.clock.now());
  if (state.memory) {
    const { rss, heapUsed, heapTotal } = host.process.memory();
    const labels = `{pid="${host.process.pid}", rank="0", desc="main process"${state.tags ? `, ${state.tags}` : ""}}`;
    const sizes = { used: heapUsed, available: heapTotal - heapUsed, real_used: rss, total_size: heapTotal };
    for (const [name, size] of Object.entries(sizes)) out += `${state.prefix}pkgmem_${name}${labels} ${size}${at}\n`;
  }
  if (state.uptime)
    out += `${state.prefix}uptime${braces} ${Math.trunc((host.clock.wall() - core.startedAt) / 1000)}${at}\n`;
  const { stats } = state;
  if (stats === "") return out;
  const all = [...statistics.list()].sort((a, b) => (a.group + a.name < b.group + b.name ? -1 : 1));
  if (stats === "all") out += "\n# Kamailio whole internal statistics\n";
  else out += `\n# Kamailio statistics for${stats.endsWith(":") ? " group" : ""}: ${stats}\n`;
  const shown =
    stats === "all" ? all : all.filter((it) => (stats.endsWith(":") ? `${it.group}:` === stats : it.name === stats));
  return out + shown.map((it) => statistic(state, it, at)).join("");
}

const name = str("Name of the metric.");
const l0 = optional(str("Value of the first label."));
const l1 = optional(str("Value of the second label."));
const l2 = optional(str("Value of the third label."));
type Labels = { readonly l0?: string | undefined; readonly l1?: string | undefined; readonly l2?: string | undefined };
const given = ({ l0: a, l1: b, l2: c }: Labels): string[] => [a, b, c].filter((it) => it !== undefined);

const returns = { 1: "done", [-1]: "no such metric with so many labels, or no number" } as const;

/** Runs a change and says in the log when there is nothing to change. */
function change(call: Call, metric: string, done: boolean): 1 | -1 {
  if (done) return 1;
  call.core.log.write(LogLevel.err, `xhttp_prom: ${metric} cannot be changed so: wrong name, labels or number\n`);
  return -1;
}

const reset = (kind: "counter" | "gauge"): Fn<Prom> =>
  fn({
    doc: `Sets a ${kind} to 0.`,
    in: "any",
    args: { name, l0, l1, l2 },
    returns,
    run: (call, it, { metrics }) =>
      change(call, it.name, metrics.set(kind, it.name, given(it), call.core.host.clock.now(), 0)),
  });

/** A function on a metric whose number is written as a text, since scripts have no fractions. */
const withFloat = (
  doc: string,
  apply: (metrics: Metrics, name: string, labels: readonly string[], now: number, value: number) => boolean,
): Fn<Prom> =>
  fn({
    doc,
    in: "any",
    args: { name, number: str("A number, with a fraction if need be."), l0, l1, l2 },
    returns,
    run(call, it, { metrics }) {
      const value = float(it.number);
      return change(
        call,
        it.name,
        value !== undefined && apply(metrics, it.name, given(it), call.core.host.clock.now(), value),
      );
    },
  });

type Apply = (metrics: Metrics, name: string, labels: readonly string[], now: number, value: number) => boolean;

/**
 * The command that does what a function does. `failure` is what its caller is told when it cannot be done, with `%` for
 * the number.
 */
const command = (doc: string, failure: string, apply: Apply): Rpc<Prom> => {
  const run = (metric: string, value: number | undefined, labels: Labels, state: Prom, core: Core): undefined => {
    if (value === undefined) throw new RpcFault(400, "required number argument");
    const values = given(labels);
    if (apply(state.metrics, metric, values, core.host.clock.now(), value)) return undefined;
    const told = failure.replace("%", failure.includes("counter") ? String(value) : value.toFixed(6));
    throw new RpcFault(500, `${told}: ${metric}${values.length > 0 ? ` (${values.join(", ")})` : ""}`);
  };
  return failure.includes("%")
    ? rpc({
        doc,
        args: { name, number: str("A number."), l0, l1, l2 },
        run: (it, state, core) => run(it.name, float(it.number), it, state, core),
      })
    : rpc({ doc, args: { name, l0, l1, l2 }, run: (it, state, core) => run(it.name, 0, it, state, core) });
};

const observe = "Adds an observation to a histogram.";
const gaugeInc = "Adds to a gauge, or takes from it when the number is negative.";

export const xhttpProm = module({
  name: "xhttp_prom",
  doc: "Statistics of the server and metrics of the script for Prometheus.",
  needs: ["xhttp"],

  params: {
    xhttp_prom_buf_size: int("Accepted: an answer may have any length.", { fallback: 0 }),
    xhttp_prom_timeout: int("Minutes after which a metric that is not changed is forgotten; 0: never.", {
      fallback: 60,
    }),
    xhttp_prom_stats: text("Statistics to show: `all`, `group:`, one by its name, or none.", { fallback: "" }),
    xhttp_prom_pkg_stats: int("1: shows the memory in use.", { fallback: 0 }),
    xhttp_prom_uptime_stat: int("1: shows the seconds since the start.", { fallback: 0 }),
    xhttp_prom_beginning: text("What every name begins with.", { fallback: "kamailio_" }),
    xhttp_prom_metadata_flags: int("Sum of 1, which adds TYPE lines, and 2, which adds HELP lines.", { fallback: 0 }),
    xhttp_prom_tags: text("Labels for every metric: `host=a,site=b`.", { fallback: "" }),
    timestamp_format: text("ms, s, or sf: milliseconds, seconds, seconds with a fraction.", {
      fallback: "ms",
      check: (value) => (/^(ms|s|sf)$/.test(value) ? undefined : `timestamp_format is ms, s or sf, not ${value}`),
    }),
    prom_counter: text("A counter: `name=calls; label=method:source; help='what it counts'`."),
    prom_gauge: text("A gauge: `name=load; label=host`."),
    prom_histogram: text("A histogram: `name=delay; label=host; buckets=0.1:0.5:1`."),
  },
  repeated: ["prom_counter", "prom_gauge", "prom_histogram"],

  start(params, _core, old) {
    if (Number(params.xhttp_prom_timeout) < 0) return "xhttp_prom: xhttp_prom_timeout must not be negative";
    const list: Metric[] = [];
    for (const kind of ["counter", "gauge", "histogram"] as const satisfies MetricKind[])
      for (const definition of (params[`prom_${kind}`] as unknown as readonly string[] | undefined) ?? []) {
        const metric = parseMetric(kind, definition);
        if (typeof metric === "string") return `xhttp_prom: ${metric}`;
        if (list.some((it) => it.name === metric.name)) return `xhttp_prom: two metrics are named ${metric.name}`;
        list.push(metric);
      }
    const metrics = new Metrics(list, Number(params.xhttp_prom_timeout) * 60_000);
    if (old) metrics.inherit(old.metrics);
    const tags = params.xhttp_prom_tags.split(",").filter((it) => it.trim() !== "");
    if (tags.some((it) => !it.includes("="))) return `xhttp_prom: tags are key=value: ${params.xhttp_prom_tags}`;
    return {
      metrics,
      prefix: params.xhttp_prom_beginning,
      tags: tags.map((it) => it.trim().replace(/^([^=]+?)\s*=\s*"?(.*?)"?$/, '$1="$2"')).join(", "),
      stats: params.xhttp_prom_stats,
      uptime: Number(params.xhttp_prom_uptime_stat) !== 0,
      memory: Number(params.xhttp_prom_pkg_stats) !== 0,
      flags: Number(params.xhttp_prom_metadata_flags),
      stamps: params.timestamp_format as Prom["stamps"],
    };
  },

  functions: {
    prom_dispatch: fn({
      doc: "Answers an HTTP request with the metrics.",
      in: ["request", "event"],
      args: {},
      returns: { 1: "answered, or the message is no HTTP request", [-1]: "the answer could not be sent" },
      waits: true,
      run(call, _, state) {
        if (call.msg.protocol !== "http") return 1;
        return after(replyHttp(call, 200, "OK", contentType, exposition(call.core, state)), (sent) => sent);
      },
    }),
    prom_check_uri: fn({
      doc: "Whether the HTTP request is for `/metrics`.",
      in: ["request", "event"],
      args: {},
      returns: { 1: "it is", [-1]: "it is not" },
      run: (call) => (call.msg.requestUri === "/metrics" ? 1 : -1),
    }),
    prom_counter_reset: reset("counter"),
    prom_gauge_reset: reset("gauge"),
    prom_counter_inc: fn({
      doc: "Adds to a counter.",
      in: "any",
      args: { name, number: int("A whole number, not negative."), l0, l1, l2 },
      returns,
      run(call, it: { readonly name: string; readonly number: Int } & Labels, { metrics }) {
        const by = Number(it.number);
        return change(
          call,
          it.name,
          by >= 0 && metrics.add("counter", it.name, given(it), call.core.host.clock.now(), by),
        );
      },
    }),
    prom_gauge_inc: withFloat(gaugeInc, (metrics, ...it) => metrics.add("gauge", ...it)),
    prom_gauge_set: withFloat("Sets a gauge.", (metrics, ...it) => metrics.set("gauge", ...it)),
    prom_histogram_observe: withFloat(observe, (metrics, ...it) => metrics.observe(...it)),
  },
  variables: {},

  commands: {
    "xhttp_prom.counter_reset": command("Sets a counter to 0.", "Failed to reset counter", (metrics, ...it) =>
      metrics.set("counter", ...it),
    ),
    "xhttp_prom.counter_inc": command(
      "Adds to a counter.",
      "Failed to add % to counter",
      (metrics, metric, labels, now, value) =>
        Number.isInteger(value) && value >= 0 && metrics.add("counter", metric, labels, now, value),
    ),
    "xhttp_prom.gauge_reset": command("Sets a gauge to 0.", "Failed to reset gauge", (metrics, ...it) =>
      metrics.set("gauge", ...it),
    ),
    "xhttp_prom.gauge_inc": command(gaugeInc, "Failed to add % to gauge", (metrics, ...it) =>
      metrics.add("gauge", ...it),
    ),
    "xhttp_prom.gauge_set": command("Sets a gauge.", "Failed to assign % to gauge", (metrics, ...it) =>
      metrics.set("gauge", ...it),
    ),
    "xhttp_prom.histogram_observe": command(observe, "Failed to observe % in histogram", (metrics, ...it) =>
      metrics.observe(...it),
    ),
    "xhttp_prom.metric_list_print": rpc({
      doc: "The metrics of the script, as a scrape gets them.",
      args: {},
      run(_, state, { host }) {
        const at = stamp(host.clock.wall(), state.stamps);
        return state.metrics.text(state.prefix, state.tags, state.flags, at, host.clock.now());
      },
    }),
  },
  events: {},
});
