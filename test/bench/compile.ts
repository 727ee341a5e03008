/** How long a script takes to load, and an iteration of an integer loop to run. */
import { existsSync, readFileSync } from "node:fs";
import { modules } from "../../src/modules/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";
import { rig } from "../compile/rig.ts";

const ROUNDS = 1_000_000;
const loop = `request_route {
  $var(i) = 0;
  while ($var(i) < ${ROUNDS}) {
    $var(s) = $var(s) + $var(i);
    if ($var(s) > 1000000) $var(s) = 0;
    $var(i) = $var(i) + 1;
  }
}`;

/** Milliseconds of the fastest of some runs. */
function fastest(times: number, run: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    run();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

/** Routes that call each other, conditions, replies: eight lines a route. */
const scriptOf = (routes: number): string =>
  Array.from(
    { length: routes },
    (_, i) => `route[R${i}] {
  if ($rU == "x${i}" && $rp > ${i}) {
    xlog("$ru and $rp\\n");
    return;
  }
  switch ($rp) { case ${i}: $var(v${i % 100}) = "a" + $rU; break; default: sl_send_reply("${400 + (i % 90)}", "No"); }
  ${i > 0 ? `route(R${i - 1});` : "exit;"}
}`,
  ).join("\n");
const head = 'listen=udp:127.0.0.1:5060\nloadmodule "pv.so"\nloadmodule "xlog.so"\nloadmodule "sl.so"\n';
const generated = (routes: number): string => `${head}request_route { route(R${routes - 1}); }\n${scriptOf(routes)}\n`;

/** Loads as the server does: read, checked, its modules started, compiled. */
async function load(text: string): Promise<number> {
  const start = performance.now();
  const { server } = new Simulation({ modules, files: { "/k.cfg": text }, script: "/k.cfg", missing: "warn" });
  const { generation, problems } = await server.load("/k.cfg");
  const ms = performance.now() - start;
  if (!generation) throw new Error(problems.map((it) => it.message).join("\n"));
  await generation.stop();
  return ms;
}

async function shortest(times: number, text: string): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) least = Math.min(least, await load(text));
  return least;
}

const stock = "/etc/kamailio/kamailio.cfg";
const [name, ordinary] = existsSync(stock)
  ? [stock, readFileSync(stock, "latin1")]
  : ["a generated script", generated(125)];
const cold = await load(ordinary);
const warm = await shortest(20, ordinary);
const count = ordinary.split("\n").length;
console.log(
  `${name}, ${count} lines: ${cold.toFixed(0)} ms cold (wanted: 250), ${warm.toFixed(1)} ms warm (wanted: 60)`,
);
for (const lines of [5_000, 10_000, 20_000]) {
  const ms = await shortest(4, generated(lines / 8));
  console.log(`${lines} lines: ${ms.toFixed(0)} ms, ${((ms / lines) * 1000).toFixed(1)} ms for 1000`);
}

const { program, call } = rig(loop, { loops: 0 });
const ms = fastest(10, () => void program!.request!.run(call()));
console.log(`integer loop: ${((ms * 1e6) / ROUNDS).toFixed(1)} ns an iteration of four statements`);
