/**
 * Every ladder under test/scripts: a script, and the calls that it must answer as written. `UPDATE=forking`
 * rewrites instead what is expected by those with "forking" in their path. A ladder may include `usual.cfg`, which loads what most of them need.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { coreCommands } from "../src/control/core-commands.ts";
import { modules } from "../src/modules/index.ts";
import { failureText } from "../src/simulate/ladder/failure.ts";
import { readLadder } from "../src/simulate/ladder/read.ts";
import { runScene, updateLadder } from "../src/simulate/ladder/run.ts";

const folder = new URL("./scripts/", import.meta.url);
const update = process.env.UPDATE;
const files = { "/usual.cfg": readFileSync(new URL("usual.cfg", folder), "latin1") };
const options = { modules, builtin: [coreCommands], files };

for (const file of (readdirSync(folder, { recursive: true }) as string[])
  .filter((it) => it.endsWith(".ladder"))
  .sort()) {
  const text = readFileSync(new URL(file, folder), "latin1");
  const ladder = readLadder(text);
  test(`${file}: is a ladder`, async () => {
    expect(ladder.mistakes).toEqual([]);
    if (update && file.includes(update))
      writeFileSync(new URL(file, folder), (await updateLadder(text, options)).text, "latin1");
  });
  if (update) continue;
  for (const scene of ladder.scenes)
    test(`${file}: ${scene.title}`, async () => {
      const failures = await runScene(ladder, scene, options);
      expect(failures.map((it) => `${file}:${it.line}: ${failureText(it)}`)).toEqual([]);
    });
}
