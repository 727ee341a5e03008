/** xhttp_prom: definitions, changes, and the text that Prometheus reads. */
import { expect, test } from "vitest";
import { parseMetric } from "../../src/modules/xhttp_prom/metrics.ts";
import { run } from "./script.ts";

const load = `loadmodule "xhttp.so"\nloadmodule "xhttp_prom.so"\nmodparam("xhttp_prom", "timestamp_format", "s")`;
const event = "event_route[xhttp:request] { prom_dispatch(); }";

async function shown(params: string, body: string): Promise<string[]> {
  const { simulation, problems } = await run(`${load}\n${params}`, body, undefined, event);
  expect(problems).toEqual([]);
  const text = (await simulation.server.active.core.command("xhttp_prom.metric_list_print")!.run([])) as string;
  return text
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/ \d+$/, ""));
}

test("counters, gauges and histograms", async () => {
  const params = [
    ["prom_counter", "name=calls; label=method:to; help='calls; all of them'"],
    ["prom_gauge", "name=load"],
    ["prom_histogram", "name=delay; label=host; buckets=0.5:2"],
  ].map(([name, value]) => `modparam("xhttp_prom", "${name}", "${value}")`);
  const lines = await shown(
    [
      ...params,
      'modparam("xhttp_prom", "xhttp_prom_metadata_flags", 3)',
      'modparam("xhttp_prom", "xhttp_prom_tags", "site=a")',
    ].join("\n"),
    `prom_counter_inc("calls", "2", "$rm", "x"); prom_counter_inc("calls", "3", "OPTIONS", "x"); prom_counter_reset("calls", "BYE", "y");
     prom_gauge_set("load", "12.5"); prom_gauge_inc("load", "-22.5");
     prom_histogram_observe("delay", "0.5", "h"); prom_histogram_observe("delay", "1.25", "h"); prom_histogram_observe("delay", "9", "h");`,
  );
  expect(lines).toEqual([
    "# User defined metrics",
    "# HELP kamailio_calls calls; all of them",
    "# TYPE kamailio_calls counter",
    'kamailio_calls{method="OPTIONS", to="x", site="a"} 5',
    'kamailio_calls{method="BYE", to="y", site="a"} 0',
    "# TYPE kamailio_load gauge",
    'kamailio_load{site="a"} -10.000000',
    "# TYPE kamailio_delay histogram",
    'kamailio_delay_bucket{host="h", le="0.500000", site="a"} 1',
    'kamailio_delay_bucket{host="h", le="2.000000", site="a"} 2',
    'kamailio_delay_bucket{host="h", le="+Inf", site="a"} 3',
    'kamailio_delay_sum{host="h", site="a"} 10.750000',
    'kamailio_delay_count{host="h", site="a"} 3',
  ]);
});

test("changes that do not fit a metric", async () => {
  const { log } = await run(
    `${load}\nmodparam("xhttp_prom", "prom_counter", "name=c; label=a")`,
    `$var(r) = prom_counter_inc("c", "1"); xlog("> $var(r)\\n"); $var(r) = prom_counter_inc("d", "1", "x"); xlog("> $var(r)\\n");
     $var(r) = prom_counter_inc("c", "-1", "x"); xlog("> $var(r)\\n"); $var(r) = prom_gauge_set("c", "1", "x"); xlog("> $var(r)\\n");
     $var(r) = prom_gauge_set("c", "much", "x"); xlog("> $var(r)\\n");`,
    undefined,
    event,
  );
  expect(log).toEqual(["-1", "-1", "-1", "-1", "-1"]);
});

test("a metric that nobody changes is forgotten", async () => {
  const { simulation } = await run(
    `${load}\nmodparam("xhttp_prom", "prom_gauge", "name=g")\nmodparam("xhttp_prom", "xhttp_prom_timeout", 1)`,
    'prom_gauge_set("g", "1");',
    undefined,
    event,
  );
  const text = async () =>
    (await simulation.server.active.core.command("xhttp_prom.metric_list_print")!.run([])) as string;
  expect(await text()).toContain("kamailio_g 1.000000");
  await simulation.advance(60_000);
  expect(await text()).toBe("# User defined metrics\n");
});

test("definitions", () => {
  expect(parseMetric("counter", "name=a; label=b:c")).toMatchObject({ name: "a", labels: ["b", "c"] });
  expect(parseMetric("histogram", "name=h;")).toMatchObject({
    bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  });
  for (const wrong of ["", "label=a", "name=a; label=a:b:c:d", "name=a; name=b", "name=a; size=1", "name"])
    expect(typeof parseMetric("counter", wrong)).toBe("string");
  for (const wrong of ["name=a; buckets=2:1", "name=a; buckets=x", "name=a; buckets="])
    expect(typeof parseMetric("histogram", wrong)).toBe("string");
});
