/**
 * The same seed gives the same run, to the byte and to the millisecond: on this machine twice, and on every machine
 * what mixed.trace says. `UPDATE=trace` writes it anew.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { modules } from "../../src/modules/index.ts";
import { failureText } from "../../src/simulate/ladder/failure.ts";
import { runLadder } from "../../src/simulate/ladder/run.ts";
import { SeededRandom } from "../../src/simulate/random.ts";
import { Simulation } from "../../src/simulate/simulation.ts";
import { PRELUDE, playCalls } from "./calls.ts";

const ladder = readFileSync(new URL("mixed.ladder", import.meta.url), "latin1");
const committed = new URL("mixed.trace", import.meta.url);

/** Everything that is sent and logged from now on, each with its time; to be read when it is over. */
function traced(simulation: Simulation): () => string {
  const { network, host } = simulation;
  let text = "";
  network.tap = ({ from, to, protocol, text: bytes }) => {
    const time = host.clock.now().toFixed(3);
    const indented = bytes.replaceAll("\r\n", "\n").trimEnd().replace(/^/gm, "    ");
    text += `${time} ${protocol} ${from.address}:${from.port} > ${to.address}:${to.port}\n${indented}\n`;
  };
  return () => text + simulation.log.map((it) => `${it.at.toFixed(3)} log ${it.level} ${it.text.trimEnd()}\n`).join("");
}

async function mixed(seed: number): Promise<string> {
  let trace = (): string => "";
  const failures = await runLadder(ladder, {
    modules,
    seed,
    prepare: (simulation) => {
      trace = traced(simulation);
    },
  });
  expect(failures.map(failureText)).toEqual([]);
  return trace();
}

/** Calls over a network that loses, doubles and delays what it carries. */
async function faulty(seed: number): Promise<string> {
  const simulation = new Simulation({ modules, files: { "/s.cfg": PRELUDE }, script: "/s.cfg", seed });
  const chance = new SeededRandom(seed);
  simulation.network.faults = () => {
    const roll = chance.next();
    if (roll < 0.15) return [];
    return roll < 0.25 ? [0, Math.floor(chance.next() * 100)] : [Math.floor(chance.next() * 50)];
  };
  expect(await simulation.start()).toEqual([]);
  const trace = traced(simulation);
  await playCalls(simulation, 12);
  await simulation.stop();
  return trace();
}

test("a ladder with a bit of everything goes the same way twice, and as it went elsewhere", async () => {
  const first = await mixed(7);
  expect(await mixed(7)).toBe(first);
  if (process.env.UPDATE?.includes("trace")) writeFileSync(committed, first, "latin1");
  expect(first).toBe(readFileSync(committed, "latin1"));
});

test("another seed gives other identifiers", async () => {
  expect(await mixed(8)).not.toBe(await mixed(7));
});

test("faults are the same for the same seed", async () => {
  const first = await faulty(3);
  expect(first.length).toBeGreaterThan(10_000);
  expect(await faulty(3)).toBe(first);
  expect(await faulty(4)).not.toBe(first);
});
