/** `viaduct trace` without a socket: the commands of a simulated server, and what is written. */
import { expect, test } from "vitest";
import { RpcArray } from "../../src/declare/module.ts";
import type { Value } from "../../src/declare/value.ts";
import { type FollowOptions, followTrace } from "../../src/tools/trace-follow.ts";
import { traceRig } from "../run/trace.rig.ts";

/** Follows while `happen` runs, then stops as the user would; what was written and said, and the commands. */
async function follow(options: Partial<FollowOptions>, users: readonly string[]) {
  const rig = await traceRig();
  const [out, said, asked]: string[][] = [[], [], []];
  let stop = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const ports = {
    stopped,
    out: (text: string) => void out!.push(text),
    say: (text: string) => void said!.push(text),
    async call(method: string, args: readonly (string | number)[]): Promise<unknown> {
      asked!.push(`${method} ${args.join(" ")}`);
      const answer = await rig.simulation.server.active.core.command(method)!.run(args as Value[]);
      return JSON.parse(JSON.stringify(answer, (_, it) => (it instanceof RpcArray ? it.items : it)));
    },
  };
  const ended = followTrace(ports, { filters: [], quiet: 1, ...options });
  await rig.simulation.advance(1);
  for (const user of users) rig.request("OPTIONS", user);
  for (let i = 0; i < 10; i++) await rig.simulation.advance(300);
  stop();
  await ended;
  await rig.simulation.stop();
  return { out: out!.join(""), said: said!, asked: asked! };
}

test("text comes as it happens; the trace is stopped in the end", async () => {
  const { out, said, asked } = await follow({ filters: ["from=alice"] }, ["alice", "bob"]);
  expect(out).toMatch(/^call alice\n {3}0\.000 {2}<- udp 10\.0\.0\.2:5060 {2}OPTIONS sip:bob@example\.org SIP\/2\.0\n/);
  expect(out).toMatch(/sl_send_reply\("?403"?, "Forbidden"\) gives 1/);
  expect(out).not.toContain("call bob");
  expect(said).toEqual(["1 call followed, 0 requests not"]);
  expect(asked[0]).toBe("trace.start from=alice");
  expect(asked.at(-1)).toBe("trace.stop 1");
});

test("--json is an event a line", async () => {
  const { out } = await follow({ json: true }, ["alice"]);
  const events = out
    .trimEnd()
    .split("\n")
    .map((it) => JSON.parse(it) as { seq: number; kind: string });
  expect(events.map((it) => it.seq)).toEqual(events.map((_, i) => i + 1));
  expect(events[0]!.kind).toBe("received");
  expect(events.at(-1)!.kind).toBe("end");
});

test("--ladder is drawn at the end, each call by itself", async () => {
  const { out } = await follow({ ladder: true, width: 60 }, ["alice", "bob"]);
  expect(`\n${out}`).toBe(`
call alice
           10.0.0.2:5060      10.0.0.1:5060
                 │                  │
   0.000         │──── OPTIONS ────>│
                 │<─ 403 Forbidden ─│

call bob
           10.0.0.2:5060      10.0.0.1:5060
                 │                  │
   0.000         │──── OPTIONS ────>│
                 │<─ 403 Forbidden ─│
`);
});

test("--count ends it when the calls are quiet; what the limit left out is said", async () => {
  const counted = await follow({ filters: ["count=1"], count: 1 }, ["alice", "bob"]);
  expect(counted.asked.at(-1)).toBe("trace.stop 1");
  expect(counted.said).toEqual(["1 call followed, 0 requests not"]);
  const limited = await follow({ filters: ["limit=1"] }, ["alice", "bob", "carol"]);
  expect(limited.said).toEqual([
    "2 requests were not followed, for the limit of calls a second",
    "1 call followed, 2 requests not",
  ]);
});
