/** What the rules know of the ways through a script. */
import { describe, expect, test } from "vitest";
import { Flow } from "../../src/check/lint/flow/flow.ts";
import { type Analysis, solve } from "../../src/check/lint/flow/solve.ts";
import { callOf, textOf } from "../../src/check/lint/names.ts";
import { read } from "../syntax/read.ts";

/** `set("a")` makes the fact a, `clear("a")` ends it. */
const FACTS = ["a", "b"];
const bitOf = (name: string | undefined): bigint => 1n << BigInt(FACTS.indexOf(name ?? ""));
const facts: Analysis = {
  start: () => 0n,
  effect(node, when) {
    const call = callOf(node);
    const bit = call?.name === "set" || call?.name === "clear" ? bitOf(textOf(call.args[0])) : 0n;
    if (call?.name === "set") return when === false ? undefined : { gen: bit };
    return call?.name === "clear" ? { kill: bit } : undefined;
  },
};

/** What may hold at each `look("name")`; "never" where no run comes. */
function looks(text: string): Record<string, string> {
  const { script, problems } = read(text);
  expect(problems).toEqual([]);
  const flow = new Flow(script);
  const before = solve(flow, facts);
  const found: Record<string, string> = {};
  for (const { nodes } of flow.graphs) {
    for (const node of nodes) {
      const call = callOf(node);
      if (call?.name !== "look") continue;
      const here = before(node);
      found[textOf(call.args[0])!] = here === undefined ? "never" : FACTS.filter((it) => here & bitOf(it)).join("");
    }
  }
  return found;
}
const body = (text: string): Record<string, string> => looks(`request_route { ${text} }`);

describe("in a block", () => {
  test("ways part and meet", () => {
    expect(
      body('if ($rU == "x") { set("a"); look("in"); } else set("b"); look("behind"); clear("a"); look("cleared");'),
    ).toEqual({ in: "a", behind: "ab", cleared: "b" });
  });
  test("a condition tells which way was gone", () => {
    expect(body('if (!set("a")) { look("failed"); exit; } look("done");')).toEqual({ failed: "", done: "a" });
    expect(body('if (set("a") && set("b")) look("both"); else look("not");')).toEqual({ both: "ab", not: "a" });
    expect(body('if (set("a") || set("b")) look("one"); else look("none");')).toEqual({ one: "ab", none: "" });
  });
  test("a loop comes back", () => {
    expect(
      body('while ($var(i) < 3) { look("round"); set("a"); if ($rU == "x") { set("b"); break; } } look("end");'),
    ).toEqual({
      round: "a",
      end: "ab",
    });
    expect(body('while (1) { set("a"); } look("end");')).toEqual({});
  });
  test("a case runs into the next one", () => {
    expect(
      body('switch ($rs) { case 1: set("a"); case 2: look("two"); break; default: look("other"); } look("end");'),
    ).toEqual({ two: "a", other: "", end: "a" });
    expect(body('switch ($rs) { case 1: set("a"); break; } look("end");')).toEqual({ end: "a" });
  });
  test("nothing comes behind an end", () => {
    expect(body('if ($rU == "x") exit; else drop; look("end");')).toEqual({});
  });
});

describe("through routes", () => {
  test("a route does to each caller the same, and mixes none of them up", () => {
    expect(
      looks(`request_route { if ($rU == "x") { set("a"); route(B); look("first"); exit; } route(B); look("second"); }
        route[B] { look("inside"); set("b"); }`),
    ).toEqual({ first: "ab", second: "b", inside: "a" });
  });
  test("what a route returns tells which way it went", () => {
    expect(
      looks(`request_route { if (route(R)) look("yes"); else look("no"); }
        route[R] { if ($rU == "x") { set("a"); return 1; } set("b"); return -1; }`),
    ).toEqual({ yes: "a", no: "b" });
  });
  test("a route that always ends the run has nothing behind it", () => {
    const script = 'request_route { route(R); look("on"); }\nroute[R] { set("a"); return 0; }';
    expect(looks(script)).toEqual({ on: "never" });
    expect(looks(`return_mode=1\n${script}`)).toEqual({ on: "a" });
    expect(looks(script.replace("return 0", "exit"))).toEqual({ on: "never" });
  });
  test("routes may call themselves", () => {
    expect(
      looks(`request_route { route(A); look("on"); }
        route[A] { look("in"); if ($rU == "x") return; set("a"); route(B); }
        route[B] { set("b"); route(A); }`),
    ).toEqual({ on: "ab", in: "ab" });
  });
  test("a route that nothing calls is gone through all the same", () => {
    expect(looks('request_route { exit; }\nroute[OLD] { set("a"); look("in"); }')).toEqual({ in: "a" });
  });
});

test("in which kinds of route a block may run", () => {
  const { script } = read(`request_route { route(A); http_async_query("http://x", "GO"); }
    failure_route[F] { route(B); }
    route[A] { route(B); }
    route[B] { exit; }
    route[GO] { route(C); }
    route[C] { exit; }
    route[OLD] { exit; }`);
  const flow = new Flow(script);
  const ENTRANCES = ["request", "failure", "resume", "unknown"];
  const from = solve(flow, { start: (it) => 1n << BigInt(ENTRANCES.indexOf(it)), effect: () => undefined });
  const kinds = Object.fromEntries(
    flow.graphs.map(({ block, entry }) => [
      block.name,
      ENTRANCES.filter((_, at) => (from(entry) ?? 0n) & (1n << BigInt(at))).join(" "),
    ]),
  );
  expect(kinds).toEqual({
    "": "request",
    F: "failure",
    A: "request",
    B: "request failure",
    GO: "resume",
    C: "resume",
    OLD: "unknown",
  });
});
