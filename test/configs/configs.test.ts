/** Every script under configs/, played: `name.ladder` beside `name.cfg` goes as written, and reaches nearly all of it. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { modules } from "../../src/modules/index.ts";
import { createFiles } from "../../src/node/files.ts";
import { Coverage, lineShare, percent } from "../../src/simulate/coverage.ts";
import { failureText } from "../../src/simulate/ladder/failure.ts";
import { runLadder } from "../../src/simulate/ladder/run.ts";

const folder = fileURLToPath(new URL("../../configs/", import.meta.url));
const disk = createFiles();

/** Per cent of the lines of a script that its ladder has to reach. */
const ENOUGH = 90;

for (const file of readdirSync(folder).filter((it) => it.endsWith(".cfg")))
  test(file, async () => {
    const path = `${folder}${file.slice(0, -".cfg".length)}.ladder`;
    const coverage = new Coverage();
    const failures = await runLadder(readFileSync(path, "latin1"), { modules, path, disk, watcher: coverage });
    expect(failures.map((it) => `${it.file ?? path}:${it.line}: ${failureText(it)}`)).toEqual([]);
    const covered = coverage.files().find((it) => it.file === folder + file);
    expect(percent(lineShare(covered!))).toBeGreaterThanOrEqual(ENOUGH);
  });
