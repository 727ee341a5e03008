/** What loading a script reports that reading it alone cannot: modules that refuse to start, addresses, files. */
import { expect, test } from "vitest";
import { modules } from "../../src/modules/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";

const problems = async (script: string, files: Record<string, string> = {}): Promise<string[]> => {
  const simulation = new Simulation({ modules, files: { "/s.cfg": script, ...files }, script: "/s.cfg" });
  const found = await simulation.start();
  return found.map((it) => `${it.span.line}:${it.span.column} ${it.code}`);
};

test("ten mistakes are ten problems, each with its place", async () => {
  const script = [
    'loadmodule "tm.so"',
    'loadmodule "nosuch.so"',
    'modparam("tm", "fr_timeout", 5)',
    'modparam("sl", "default_code", 500)',
    "debag=3",
    "request_route {",
    "    t_relya();",
    "    route(NOWHERE);",
    "    if ($nosuch(x) == 1) exit;",
    '    t_relay("a", "b", "c");',
    "    $si = 5;",
    "    t_on_failure();",
    "}",
  ].join("\n");
  const found = await problems(script);
  expect(found.length).toBeGreaterThanOrEqual(10);
  expect(new Set(found.map((it) => it.split(":")[0]))).toEqual(
    new Set(["2", "3", "4", "5", "7", "8", "9", "10", "11", "12"]),
  );
});

test("a module that refuses its parameters names the line that loads it", async () => {
  const script =
    'loadmodule "pv.so"\nloadmodule "htable.so"\nmodparam("htable", "htable", "=>size=4;")\nrequest_route { exit; }';
  expect(await problems(script)).toEqual(["2:1 module-refused"]);
});

test("an address that cannot be resolved", async () => {
  expect(await problems("listen=udp:no.such.host:5060\nrequest_route { exit; }")).toEqual(["1:1 cannot-listen"]);
});

test("a script that is not there", async () => {
  const simulation = new Simulation({ modules, files: {}, script: "/gone.cfg" });
  expect((await simulation.start()).map((it) => it.code)).toEqual(["unreadable-file"]);
});
