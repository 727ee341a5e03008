/** Every script under configs/, played: `name.steps` here holds the calls that `name.cfg` must answer as written. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { modules } from "../../src/modules/index.ts";
import { runLadder } from "../../src/simulate/ladder/run.ts";

const scripts = new URL("../../configs/", import.meta.url);
const here = new URL("./", import.meta.url);

/** Where a script's peers are: the first that a file of steps names has 127.0.0.2, the next 127.0.0.3. */
const defines: Record<string, Record<string, string>> = { proxy: { GATEWAY: '"sip:gateway:5060"' } };

for (const file of readdirSync(scripts).filter((it) => it.endsWith(".cfg"))) {
  const name = file.slice(0, -".cfg".length);
  test(file, async () => {
    const script = `${readFileSync(new URL(file, scripts), "latin1")}\n---\n`;
    const steps = readFileSync(new URL(`${name}.steps`, here), "latin1");
    const failures = await runLadder(script + steps, { modules, defines: defines[name] ?? {} });
    const before = script.split("\n").length - 1;
    expect(failures.map(({ line, message }) => `${name}.steps:${line - before}: ${message}`)).toEqual([]);
  });
}
