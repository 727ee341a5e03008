/** Every story under test/modules; `UPDATE=1` writes down what happens now. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseStories, tell, writeStories } from "./stories.ts";

const folder = new URL("./", import.meta.url);

for (const file of readdirSync(folder).filter((it) => it.endsWith(".stories")))
  describe(file, async () => {
    const stories = parseStories(readFileSync(new URL(file, folder), "utf8"));
    if (process.env["UPDATE"])
      test("update", async () => {
        const told = [];
        for (const story of stories) told.push({ ...story, expected: await tell(story) });
        writeFileSync(new URL(file, folder), writeStories(told));
      });
    else
      for (const story of stories)
        test(story.title, async () => {
          expect(await tell(story)).toEqual(story.expected);
        });
  });
