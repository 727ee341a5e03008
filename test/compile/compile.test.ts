/** What compiled code is like beyond what it does: colours, source maps, limits. */
import { SourceMap } from "node:module";
import { expect, test } from "vitest";
import { rig, story } from "./rig.ts";

test("only routes from which something waits are asynchronous", () => {
  const { program } = rig(`
request_route { route(A); route(B); }
route[A] { note("a"); }
route[B] { route(C); }
route[C] { if ($five == 5) { later(1); } }
route[D] { $var(x) = "A"; route($var(x)); }
route[E] { if (src_ip == "gw.example") note("resolved"); }
route[F] { if (src_ip == "10.0.0.1" || src_ip =~ "10.0.0.9") note("not"); }`);
  const waits = (name: string): boolean => program!.routes.get(name)!.waits;
  expect(program!.request!.waits).toBe(true);
  expect(["A", "B", "C", "D", "E", "F"].map(waits)).toEqual([false, true, true, true, true, false]);
});

test("a run that waits for nothing answers at once", () => {
  const { program, call } = rig('request_route { note("a"); return 3; }');
  expect(program!.request!.run(call())).toBe(3);
});

test("stack traces lead to the script", () => {
  const { source } = rig('request_route {\n  note("a");\n  if ($five == 5) {\n    code(3);\n  }\n}');
  const map = JSON.parse(atob(source.slice(source.indexOf("base64,") + 7))) as ConstructorParameters<
    typeof SourceMap
  >[0];
  expect(map.sources).toEqual(["test.cfg"]);
  const lines = source.split("\n");
  const line = (text: string): number => lines.findIndex((it) => it.includes(text)) + 2;
  const entry = (at: number) => new SourceMap(map).findEntry(at, 0);
  // Two loadmodule lines stand before the script; lines count from 0.
  expect(entry(line("if (vars") < 2 ? 0 : line("if (vars"))).toBeDefined();
  const note = lines.findIndex((it) => it.includes(".run(call")) + 2;
  expect(entry(note)).toMatchObject({ originalSource: "test.cfg", originalLine: 3 });
});

test("max_while_loops=0 takes the limit away, max_recursive_level bounds routes", async () => {
  const loop = 'request_route { $var(i) = 0; while ($var(i) < 500) { $var(i) = $var(i) + 1; } note("$var(i)"); }';
  expect(await story(loop, { loops: 0 })).toEqual(["500", "= 1 rc 1"]);
  const deep = 'request_route { route(A); note("$var(n)"); }\nroute[A] { $var(n) = $var(n) + 1; route(A); }';
  expect((await story(deep, { depth: 10 }))[0]).toBe("9");
});

test("routes that call each other inside expressions without end do not exhaust the stack", async () => {
  const told = await story(
    'request_route { if (route(A)) note("true"); note("end"); }\nroute[A] { if (route(A)) return 1; return -1; }',
  );
  expect(told.slice(0, 2)).toEqual(["end", "log: routes call each other inside expressions without end, giving up"]);
});

test("text from the script cannot become code", async () => {
  const told = await story(
    'request_route { note("`+`\\"); $$ {1} \'//"); switch ("\\");//") { case "\\");//": note("same"); } }',
  );
  expect(told).toEqual(["`+`\"); $ {1} '//", "same", "= 1 rc 1"]);
});

test("a lacking module that is let pass: its names are undefined and its functions fail", async () => {
  const script = `loadmodule "lacking.so"
request_route { note("a"); lacking("x"); note("rc $rc"); $var(x) = $lacking(y); note("$var(x)"); $lacking(y) = 1; note("b"); }`;
  expect(await story(script, { missing: "warn" })).toEqual([
    "a",
    "rc -1",
    "0",
    "b",
    "log: `lacking` is of a module that is not there",
    "= 1 rc 1",
  ]);
  expect((await story(script))[0]).toBe("1:12 error unknown-module: there is no module `lacking`");
});
