/**
 * Scripts and what they do. A case of a `.stories` file is `# what it shows`, the script, `--`, and the notes, log lines
 * and end of its run; `UPDATE=1` writes what came instead.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { story } from "./rig.ts";

const folder = new URL("./", import.meta.url);

for (const name of readdirSync(folder).filter((it) => it.endsWith(".stories"))) {
  const file = new URL(name, folder);
  const cases = readFileSync(file, "utf8")
    .split(/\n(?=# )/)
    .map((it) => {
      const at = it.indexOf("\n");
      const end = it.lastIndexOf("\n--\n");
      return { title: it.slice(2, at), script: it.slice(at + 1, end), told: it.slice(end + 4).trim() };
    });
  const came: string[] = [];
  for (const { title, script, told } of cases)
    test(`${name.replace(".stories", "")}: ${title}`, async () => {
      const text = (await story(script)).join("\n");
      came.push(`# ${title}\n${script}\n--\n${text}\n`);
      if (!process.env["UPDATE"]) expect(text).toBe(told);
    });
  afterAll(() => {
    if (process.env["UPDATE"]) writeFileSync(file, came.join("\n"));
  });
}
