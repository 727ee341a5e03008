/** The short run, always with the same inputs; `npm run fuzz` is the long one. */
import { expect, test } from "vitest";
import { campaign } from "./campaign.ts";
import { cases } from "./cases.ts";
import { createTargets } from "./targets.ts";

/** Inputs for each unit of a target's share. */
const RUNS = 12;
const SEED = 20_260;

const targets = await createTargets();

for (const target of targets)
  test(`${target.name} survives random inputs`, async () => {
    expect(await campaign(target, RUNS * target.weight, SEED)).toBeUndefined();
  });

for (const [name, inputs] of Object.entries(cases))
  for (const [index, input] of inputs.entries())
    test(`${name} survives case ${index}: ${input[0]!.slice(0, 40)}`, async () => {
      const target = targets.find((it) => it.name === name)!;
      await expect((async () => target.run(input))()).resolves.toBeUndefined();
    });
