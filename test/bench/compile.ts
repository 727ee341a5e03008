/** How long a script takes to load, and an iteration of an integer loop to run. */
import { parse } from "../../grammar/index.ts";
import { check } from "../../src/check/index.ts";
import { rig, rigModules } from "../compile/rig.ts";

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

const { program, call } = rig(loop, { loops: 0 });
const ms = fastest(10, () => void program!.request!.run(call()));
console.log(`integer loop: ${((ms * 1e6) / ROUNDS).toFixed(1)} ns an iteration of four statements`);

/** A script as large as they come: routes that call each other, conditions, replies. */
const large = Array.from(
  { length: 150 },
  (_, i) => `route[R${i}] {
  if ($abc == "x${i}" && $five > ${i}) { note("$abc and $five"); return; }
  switch ($five) { case ${i}: $var(v${i}) = "a" + $abc; break; default: code(${i + 1}); }
  ${i > 0 ? `route(R${i - 1});` : "exit;"}
}`,
).join("\n");
const text = `loadmodule "pv.so"\nloadmodule "probe.so"\nrequest_route { route(R149); }\n${large}`;
const input = { file: "large.cfg", text, readFile: () => null, resolve: () => "", dirname: () => "" };
const parsing = fastest(10, () => void parse(input));
const { script } = parse(input);
const checking = fastest(10, () => void check(script, { modules: rigModules }));
const whole = fastest(10, () => void rig(text.slice(text.indexOf("request_route"))));
console.log(`a script of ${text.split("\n").length} lines: ${whole.toFixed(1)} ms`);
console.log(`  parsed in ${parsing.toFixed(1)} ms, checked in ${checking.toFixed(1)} ms`);
