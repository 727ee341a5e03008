/** Traces in virtual time: what they tell, whom they follow, and that calls go on as they would without. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { RpcFault } from "../../src/declare/module.ts";
import type { TraceEvent, TraceFilter, TracePage } from "../../src/declare/trace.ts";
import type { Value } from "../../src/declare/value.ts";
import { traceDiagram, traceText } from "../../src/tools/trace-text.ts";
import { rig as reloadRig } from "./rig.ts";
import { type TraceRig, traceRig, wholeCall } from "./trace.rig.ts";

/** Compares with a committed text; `UPDATE=1` writes it. */
function same(name: string, text: string): void {
  const file = new URL(`trace/${name}`, import.meta.url);
  if (process.env["UPDATE"]) writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, "utf8"));
}

function begin({ simulation }: TraceRig, filter: TraceFilter): number {
  const started = simulation.server.traces.start(filter);
  if (typeof started === "string") throw new Error(started);
  return started.id;
}
const read = ({ simulation }: TraceRig, id: number, after = 0): TracePage =>
  simulation.server.traces.read(id, after, 0) as TracePage;

const calls = (events: readonly TraceEvent[]): string[] => [...new Set(events.map((it) => it.call))];

test("a simulation tells of everything: statements, values, changes, messages and why they were sent", async () => {
  const events: TraceEvent[] = [];
  const rig = await traceRig((it) => events.push(it));
  await wholeCall(rig);
  same("call.txt", traceText(events));
  same("call.ladder.txt", traceDiagram(events, { width: 100 }));
  same("call.jsonl", `${events.map((it) => JSON.stringify(it)).join("\n")}\n`);
});

test("the same call again is told of in the same words", async () => {
  const told = async (): Promise<string> => {
    const events: TraceEvent[] = [];
    await wholeCall(await traceRig((it) => events.push(it)));
    return JSON.stringify(events);
  };
  expect(await told()).toBe(await told());
});

test("on a server that runs, the calls that fit are followed to their end, and the others are not", async () => {
  const rig = await traceRig();
  const id = begin(rig, { from: "ALICE", method: "invite" });
  rig.request("OPTIONS", "carol");
  rig.request("OPTIONS", "alice2");
  await wholeCall(rig);
  const { events, calls: taken, dropped } = read(rig, id);
  expect([taken, dropped, calls(events)]).toEqual([1, 0, ["alice"]]);
  same("call.txt", traceText(events));
});

test("what is sent is the same, byte by byte, with and without a trace", async () => {
  const plain = await traceRig();
  await wholeCall(plain);
  const traced = await traceRig();
  begin(traced, {});
  await wholeCall(traced);
  expect(traced.sent).toEqual(plain.sent);
  expect(traced.sent.length).toBeGreaterThan(5);
});

test("a trace that ends in the middle of a call leaves the call alone; one that begins there follows what is left", async () => {
  const rig = await traceRig();
  const first = begin(rig, {});
  rig.request("INVITE", "alice");
  await rig.simulation.advance(100);
  expect(rig.simulation.server.traces.stop(first)).toBe(true);
  expect(rig.simulation.server.tracer).toBeUndefined();
  rig.answer("10.0.0.3", "486 Busy Here");
  await rig.simulation.advance(100);
  expect(rig.sent.at(-1)).toMatch(/^10\.0\.0\.4 INVITE/);
  const second = begin(rig, { method: "ACK" });
  rig.answer("10.0.0.4", "200 OK");
  await rig.simulation.advance(100);
  rig.request("ACK", "alice");
  await rig.simulation.advance(100);
  const kinds = read(rig, second).events.map((it) => (it.kind === "received" ? it.start : it.kind));
  expect(kinds[0]).toBe("ACK sip:bob@example.org SIP/2.0");
  expect(kinds).toContain("step");
});

test("a run that is suspended goes on in the trace", async () => {
  const rig = await traceRig(
    undefined,
    `listen=udp:10.0.0.1:5060
loadmodule "tm.so" loadmodule "sl.so" loadmodule "pv.so" loadmodule "async.so"
modparam("async", "ms_timer", 10)
async_workers=1
request_route {
  $avp(x) = "kept";
  async_ms_sleep("200");
  route(LATER);
}
route[LATER] {
  if ($avp(x) == "kept") t_reply("202", "Later");
}`,
  );
  const id = begin(rig, { from: "alice" });
  rig.request("OPTIONS", "alice");
  await rig.simulation.advance(100);
  const first = read(rig, id);
  await rig.simulation.advance(200);
  const second = read(rig, id, first.next);
  expect(`\n${traceText(second.events)}`).toBe(`
call alice
   0.000  route[async_ms_sleep 1] (generation 1)
            proxy.cfg:8  route(LATER)
              route[LATER]
                proxy.cfg:11  if ($avp(x) == "kept") t_reply("202", "Later");
                    $avp(x) is "kept"
                    true
                proxy.cfg:11  t_reply("202", "Later")
   0.000  -> udp 10.0.0.2:5060  SIP/2.0 202 Later  (route[LATER], line 11)
                    t_reply(202, "Later") gives 1
              route[LATER] gives 1
          route[async_ms_sleep 1] ends with 1
`);
  expect(rig.sent.at(-1)).toMatch(/^10\.0\.0\.2 SIP\/2\.0 202/);
});

test("filters", async () => {
  const fits = async (filter: TraceFilter): Promise<boolean> => {
    const rig = await traceRig();
    const id = begin(rig, filter);
    rig.request("OPTIONS", "alice");
    await rig.simulation.advance(10);
    return read(rig, id).calls === 1;
  };
  for (const filter of [
    {},
    { to: "bob@" },
    { ruri: "example.org" },
    { callid: "alice" },
    { source: "10.0.0.2" },
    { source: "10.0.0.2:5060" },
    { source: "10.0.0.0/24" },
    { from: "alice", method: "options", source: "10.0.0.2" },
  ])
    expect([filter, await fits(filter)]).toEqual([filter, true]);
  for (const filter of [
    { to: "alice" },
    { ruri: "other" },
    { callid: "alic" },
    { method: "INVITE" },
    { source: "10.0.0.3" },
    { source: "10.0.0.2:5061" },
    { source: "[::1]:5060" },
    { from: "alice", method: "INVITE" },
  ])
    expect([filter, await fits(filter)]).toEqual([filter, false]);
  const { traces } = (await traceRig()).simulation.server;
  expect(traces.start({ source: "nowhere" })).toBe("`nowhere` is no address, address:port or network");
  expect(traces.start({ limit: 0 })).toBe("limit is a number of calls a second, more than 0");
  expect(traces.start({ count: -1 })).toBe("count is a number of calls, more than 0");
});

test("more calls than the limit allows are counted and not followed; a second later others are", async () => {
  const rig = await traceRig();
  const id = begin(rig, { limit: 3 });
  for (let i = 0; i < 10; i++) rig.request("OPTIONS", `u${i}`);
  await rig.simulation.advance(10);
  expect(read(rig, id)).toMatchObject({ calls: 3, dropped: 7 });
  await rig.simulation.advance(1000);
  for (let i = 10; i < 15; i++) rig.request("OPTIONS", `u${i}`);
  await rig.simulation.advance(10);
  expect(read(rig, id)).toMatchObject({ calls: 6, dropped: 9 });

  const few = begin(rig, { count: 2 });
  for (let i = 20; i < 25; i++) rig.request("OPTIONS", `u${i}`);
  await rig.simulation.advance(10);
  expect(calls(read(rig, few).events)).toEqual(["u20", "u21"]);
});

test("events are read in pages; those that nobody read in time are lost and said to be", async () => {
  const rig = await traceRig();
  const id = begin(rig, { limit: 10_000 });
  for (let i = 0; i < 1500; i++) {
    rig.request("OPTIONS", `u${i}`);
    if (i % 8 === 7) await rig.simulation.advance(1);
  }
  await rig.simulation.advance(10);
  const first = read(rig, id);
  expect(first.events.length).toBe(500);
  expect(first.events[0]!.seq).toBe(first.lost + 1);
  expect(first.lost).toBeGreaterThan(1000);
  const second = read(rig, id, first.next);
  expect(second.events[0]!.seq).toBe(first.next + 1);
  expect(second.lost).toBe(first.lost);
});

test("a reader may wait: it is answered when something happens, or with nothing in the end", async () => {
  const rig = await traceRig();
  const id = begin(rig, {});
  const { traces } = rig.simulation.server;
  const pages: TracePage[] = [];
  void Promise.resolve(traces.read(id, 0, 5000)).then((it) => pages.push(it!));
  await rig.simulation.advance(1000);
  expect(pages).toEqual([]);
  rig.request("OPTIONS", "alice");
  await rig.simulation.advance(10);
  expect(pages.map((it) => calls(it.events))).toEqual([["alice"]]);
  void Promise.resolve(traces.read(id, pages[0]!.next, 5000)).then((it) => pages.push(it!));
  await rig.simulation.advance(5010);
  expect(pages[1]).toMatchObject({ events: [], next: pages[0]!.next });
});

test("a trace that nobody reads for a minute ends by itself", async () => {
  const rig = await traceRig();
  const id = begin(rig, {});
  await rig.simulation.advance(50_000);
  read(rig, id);
  await rig.simulation.advance(60_000);
  expect(rig.simulation.server.traces.list().length).toBe(1);
  await rig.simulation.advance(61_000);
  expect(rig.simulation.server.traces.list()).toEqual([]);
  expect(rig.simulation.server.tracer).toBeUndefined();
  expect(rig.simulation.server.traces.read(id, 0, 0)).toBeUndefined();
});

test("the commands", async () => {
  const rig = await traceRig();
  const run = async (name: string, ...args: Value[]): Promise<unknown> => {
    try {
      return JSON.parse(JSON.stringify(await rig.simulation.server.active.core.command(name)!.run(args)));
    } catch (error) {
      if (error instanceof RpcFault) return `${error.code} ${error.message}`;
      throw error;
    }
  };
  expect(await run("trace.start", "from=alice", "limit=5")).toMatchObject({
    id: 1,
    filter: { from: "alice", limit: 5 },
  });
  rig.request("OPTIONS", "alice");
  await rig.simulation.advance(10);
  expect(await run("trace.read", 1)).toMatchObject({ calls: 1, dropped: 0, lost: 0 });
  expect(await run("trace.list")).toMatchObject({ items: [{ id: 1, calls: 1 }] });
  expect(await run("trace.start", null, null, null, "OPTIONS")).toMatchObject({ id: 2, filter: { method: "OPTIONS" } });
  expect(await run("trace.start", "form=x")).toMatch(/^400 `form=x`: there is no filter form; there are from, to, /);
  expect(await run("trace.start", "limit=x")).toBe("400 limit is a number of calls a second, more than 0");
  expect(await run("trace.stop", 1)).toEqual({});
  expect(await run("trace.stop", 1)).toBe("404 there is no such trace");
  expect(await run("trace.read", 1)).toMatch(/^404 /);
  await run("trace.start", "from=a=b");
  expect(await run("trace.stop")).toEqual({});
  expect(await run("trace.list")).toEqual({ items: [] });
});

test("over a reload each call is traced on its own generation", async () => {
  const { simulation, alice, gw, request, reload } = await reloadRig(relay("one"));
  const started = simulation.server.traces.start({});
  const id = typeof started === "string" ? 0 : started.id;
  await alice.send(request("INVITE"));
  const invite = gw.last;
  await reload(relay("two"));
  await alice.send(request("INVITE", 2));
  await gw.reply(invite, 486, "Busy Here");
  const { events } = simulation.server.traces.read(id, 0, 0) as TracePage;
  const runs = events.flatMap((it) => (it.kind === "begin" ? [`${it.call} ${it.route} ${it.generation}`] : []));
  const [first, second] = calls(events);
  expect(runs).toEqual([`${first} request_route 1`, `${second} request_route 2`, `${first} failure_route[FAIL] 1`]);
  const sources = events.flatMap((it) => (it.kind === "step" && it.source.startsWith("append") ? [it.source] : []));
  expect(sources).toEqual(['append_hf("X-Script: one\\r\\n")', 'append_hf("X-Script: two\\r\\n")']);
});

/** Relays to gw. */
const relay = (name: string): string => `
request_route {
  append_hf("X-Script: ${name}\\r\\n");
  t_on_failure("FAIL");
  $du = "sip:127.0.0.3";
  t_relay();
}
failure_route[FAIL] { xlog("L_NOTICE", "${name} failure\\n"); }
`;
