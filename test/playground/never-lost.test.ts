/** Whatever goes wrong, ours included, the session goes on. */
import { expect, test } from "vitest";
import { memory, typed } from "./desk.ts";

test("a defect of ours is shown, and the next line is carried out", async () => {
  const outside = memory();
  const broken = {
    ...outside,
    write(): string | undefined {
      throw new TypeError("a defect");
    },
  };
  const screen = await typed(["write x.cfg", "1 + 1"], { outside: broken });
  expect(screen).toMatch(/Viaduct failed: TypeError: a defect\n[\s\S]*> 1 \+ 1\n2\n$/);
});

test("Ctrl-C drops what was begun", async () => {
  const screen = await typed(["if (1) {", null, "1 + 1"]);
  expect(screen).toMatch(/> if \(1\) \{\n\.\.\. \^C\n> 1 \+ 1\n2\n$/);
});
