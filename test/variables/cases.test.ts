/**
 * Formats and what they give. A case of a `.cases` file is `# what it shows`, lines of script, and lines
 * `format -> text`; `format -> !` says that a script with that format is refused.
 */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { values } from "./run.ts";

const folder = new URL("./", import.meta.url);

for (const file of readdirSync(folder).filter((it) => it.endsWith(".cases")))
  for (const text of readFileSync(new URL(file, folder), "latin1").split(/\n(?=# )/)) {
    const [title = "", ...lines] = text.trimEnd().split("\n");
    const script = lines.filter((it) => !it.includes(" -> "));
    const wanted = lines.filter((it) => it.includes(" -> ")).map((it) => it.split(/ +-> ?/) as [string, string]);
    test(`${file.replace(".cases", "")}: ${title.slice(2)}`, async () => {
      expect(wanted.length).toBeGreaterThan(0);
      const good = wanted.filter(([, it]) => it !== "!");
      if (good.length > 0)
        expect(
          await values(
            script.join("\n"),
            good.map(([it]) => it),
          ),
        ).toEqual(good.map(([, it]) => it));
      for (const [format] of wanted.filter(([, it]) => it === "!"))
        expect([format, await values(script.join("\n"), [format])]).toEqual([format, "refused"]);
    });
  }
