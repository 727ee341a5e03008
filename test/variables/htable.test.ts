/** Tables in time: expiry, the event of it, and scripts that replace each other. */
import { expect, test } from "vitest";
import type { Value } from "../../src/declare/value.ts";
import { Locks } from "../../src/modules/htable/locks.ts";
import { parseSpecification, type Specification } from "../../src/modules/htable/specification.ts";
import { Table } from "../../src/modules/htable/table.ts";
import { Run } from "./run.ts";

async function started(script: string): Promise<Run> {
  const run = await Run.start(script);
  if (!(run instanceof Run)) throw new Error(run.join("\n"));
  return run;
}

const EXPIRING = `modparam("htable", "htable", "t=>size=4;autoexpire=2;")
modparam("htable", "timer_interval", 1)
`;

test("an item is gone when its time has passed, and an event tells of it", async () => {
  const run = await started(`${EXPIRING}
request_route {
  if ($sht(t=>k) == $null) { $sht(t=>k) = "v"; xlog("set, $shtex(t=>k) s left\\n"); }
  else xlog("$sht(t=>k), $shtex(t=>k) s left\\n");
}
event_route[htable:expired:t] { xlog("gone: $shtrecord(key)=$shtrecord(value)\\n"); }
`);
  expect(await run.request()).toEqual(["set, 2 s left"]);
  expect(await run.request(1000)).toEqual(["v, 2 s left"]);
  expect(await run.request()).toEqual(["v, 1 s left"]);
  expect(await run.wait(4000)).toEqual(["gone: k=v"]);
  expect(await run.request()).toEqual(["set, 2 s left"]);
  await run.simulation.stop();
});

test("an event route may give an item a new life", async () => {
  const run = await started(`${EXPIRING}
request_route { if ($sht(t=>k) == $null) $sht(t=>k) = 1; xlog("$sht(t=>k)\\n"); }
event_route[htable:expired:t] { $sht(t=>k) = $sht(t=>k) + 1; xlog("again\\n"); }
`);
  await run.request();
  expect(await run.wait(3500)).toEqual(["again"]);
  expect(await run.request()).toEqual(["1"]);
  await run.simulation.stop();
});

test("assigning starts an item's life anew unless updateexpire is 0", async () => {
  const run = await started(`modparam("htable", "htable", "u=>autoexpire=5;")
modparam("htable", "htable", "f=>autoexpire=5;updateexpire=0;")
request_route { $sht(u=>k) = 1; $sht(f=>k) = 1; xlog("$shtex(u=>k) $shtex(f=>k)\\n"); }
`);
  expect(await run.request(2000)).toEqual(["5 5"]);
  expect(await run.request()).toEqual(["5 3"]);
  await run.simulation.stop();
});

test("iterators go by slot and may remove items", async () => {
  const run = await started(`modparam("htable", "htable", "t=>size=1;")
request_route {
  $sht(t=>k1) = "v1"; $sht(t=>k2) = 2; $sht(t=>k3) = "v3";
  sht_iterator_start("i", "t");
  while (sht_iterator_next("i")) { xlog("$shtitkey(i)=$shtitval(i)\\n"); if ($shtitkey(i) == "k2") sht_iterator_rm("i"); }
  sht_iterator_end("i");
  xlog("$shtcn(t=>**) left, $sht(t=>k2)\\n");
}
`);
  const lines = await run.request();
  expect(lines.at(-1)).toBe("2 left, <null>");
  expect(lines).toContain("k2=2");
  await run.simulation.stop();
});

test("items outlive the script, also when the table gets another size", () => {
  const specification = (text: string): Specification => {
    const it = parseSpecification(text);
    if (typeof it === "string") throw new Error(it);
    return it;
  };
  const first = new Table(specification("t=>size=2;"), () => 0);
  for (const name of ["a", "b", "c", "d"]) first.set(name, name.toUpperCase());
  const same = new Table(specification("t=>size=2;initval=0;"), () => 0, first);
  same.set("e", 5);
  expect(first.get("e")?.value).toBe(5);
  const larger = new Table(specification("t=>size=8;"), () => 0, same);
  expect(
    larger
      .all()
      .map(({ name, value }) => `${name}=${value}`)
      .sort(),
  ).toEqual(["a=A", "b=B", "c=C", "d=D", "e=5"]);
  expect(larger.slots.length).toBe(4);
  larger.serve();
  expect(larger.slots.length).toBe(256);
});

test("a run with event_route[htable:mod-init] finds what that has set", async () => {
  const run = await started(`modparam("htable", "htable", "t=>size=4;")
request_route { xlog("$sht(t=>n)\\n"); }
event_route[htable:mod-init] { $var(x) = $var(x) + 10; $sht(t=>n) = $var(x); }
`);
  expect(await run.request()).toEqual(["10"]);
  await run.simulation.stop();
});

test("a lock is the worker's that holds it, and may be taken twice", async () => {
  const locks = new Locks();
  const order: string[] = [];
  const [one, two]: [Value[], Value[]] = [[], []];
  expect([locks.take("s", one), locks.take("s", one)]).toEqual([1, 1]);
  const waits = Promise.resolve(locks.take("s", two)).then(() => order.push("two has it"));
  locks.release("s");
  await Promise.resolve();
  order.push("released once");
  locks.release("s");
  await waits;
  expect(order).toEqual(["released once", "two has it"]);
});

test.each([
  ['"t=>size=x;"', "size"],
  ['"t=>colour=red;"', "colour"],
  ['"t"', "not written"],
  ['"t=>dmqreplicate=1;"', "DMQ"],
])("a table %s is refused", async (table, problem) => {
  const run = await Run.start(`modparam("htable", "htable", ${table})\nrequest_route { drop; }\n`);
  expect(String(run)).toContain(problem);
});
