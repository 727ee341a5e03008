/**
 * Each transcript here is a session: its inputs are typed again, and the screen has to show the same.
 * `vitest run test/playground -u` writes down what is shown now.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { replayed } from "./desk.ts";

const folder = new URL("./", import.meta.url);

for (const name of readdirSync(folder).filter((it) => it.endsWith(".transcript")))
  test(name.replace(/\.transcript$/, "").replaceAll("-", " "), async () => {
    const path = new URL(name, folder);
    const shown = await replayed(readFileSync(path, "utf8"));
    await expect(shown).toMatchFileSnapshot(fileURLToPath(path));
  });
