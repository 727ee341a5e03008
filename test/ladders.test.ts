/** Every ladder under test/scripts: a script, and the calls that it must answer as written. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { modules } from "../src/modules/index.ts";
import { runLadder } from "../src/simulate/ladder/run.ts";

const folder = new URL("./scripts/", import.meta.url);

for (const file of (readdirSync(folder, { recursive: true }) as string[]).filter((it) => it.endsWith(".ladder")).sort())
  test(file, async () => {
    const failures = await runLadder(readFileSync(new URL(file, folder), "latin1"), { modules });
    expect(failures.map(({ line, message }) => `${file}:${line}: ${message}`)).toEqual([]);
  });
