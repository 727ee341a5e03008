/** A script that was taken up is given up by the server itself when too much goes wrong in its first time. */
import { expect, test } from "vitest";
import { rig } from "./rig.ts";

const script = (name: string, more = ""): string =>
  `request_route { ${more} sl_send_reply("${more === "" ? 200 : 500}", "${name}"); }\n`;

test("more errors than allowed: the script before is taken up again, loudly", async () => {
  const { simulation, alice, request, reload } = await rig(script("one"), {}, undefined, { seconds: 60, errors: 3 });
  await reload(script("two", 'xlog("L_ERR", "wrong\\n");'));
  for (let n = 1; n <= 4; n++) await alice.send(request("OPTIONS", n));
  await simulation.advance(1000);
  expect(simulation.server.active.number).toBe(3);
  expect(simulation.log.find(({ level }) => level === -2)?.text).toBe(
    "generation 2 is given up: 4 errors were logged, more than 3. The script of generation 1 is taken up again\n",
  );
  await alice.came();
  await alice.send(request("OPTIONS", 9));
  expect(await alice.came()).toEqual(["200 one"]);
  // It is not put to the test itself.
  await simulation.advance(120_000);
  expect(simulation.server.active.number).toBe(3);
});

test("5xx replies count as a share of twenty replies at least", async () => {
  const { simulation, alice, request, reload } = await rig(script("one"), {}, undefined, { seconds: 60, failures: 50 });
  await reload(script("two", "$var(a) = 1;"));
  for (let n = 1; n <= 19; n++) await alice.send(request("OPTIONS", n));
  await simulation.advance(2000);
  expect(simulation.server.active.number).toBe(2);
  await alice.send(request("OPTIONS", 20));
  await simulation.advance(2000);
  expect(simulation.server.active.number).toBe(3);
});

test("a script that does well is proven when the time is over, and stays whatever happens then", async () => {
  const { simulation, alice, request, reload } = await rig(script("one"), {}, undefined, { seconds: 60, errors: 0 });
  const proven: number[] = [];
  simulation.server.onProven = ({ number }) => void proven.push(number);
  await reload(script("two", 'xlog("L_ERR", "wrong\\n");'));
  await simulation.advance(59_000);
  expect(proven).toEqual([]);
  await simulation.advance(1000);
  expect(proven).toEqual([2]);
  await alice.send(request("OPTIONS", 1));
  await simulation.advance(60_000);
  expect(simulation.server.active.number).toBe(2);
});
