/** docs/repl.md: its sessions go as written. `vitest run test/playground -u` writes down how they go now. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { inputsOf, typedInParts } from "./desk.ts";

const path = fileURLToPath(new URL("../../docs/repl.md", import.meta.url));
const FENCE = /```repl\n([\s\S]*?)```/g;

test("the sessions of docs/repl.md", async () => {
  const page = readFileSync(path, "utf8");
  const blocks = [...page.matchAll(FENCE)].map(([, text]) => text!);
  const inputs = blocks.map((it, i) => inputsOf(i === 0 ? it : `\n${it}`));
  expect(blocks.slice(1).every((it) => !it.startsWith("$ "))).toBe(true);
  const [begin, ...parts] = await typedInParts(inputs.flat());
  let shown = 0;
  const now = inputs.map((it, i) => {
    const text = parts.slice(shown, (shown += it.length)).join("");
    return i === 0 ? `$ viaduct repl\n${begin}${text}` : text;
  });
  await expect(page.replace(FENCE, () => `\`\`\`repl\n${now.shift()}\`\`\``)).toMatchFileSnapshot(path);
});

test("help and the page name every command", async () => {
  const { commands } = await import("../../playground/repl/commands.ts");
  const page = readFileSync(path, "utf8");
  expect(Object.keys(commands).filter((it) => it !== "exit" && !page.includes(`\`${it}`))).toEqual([]);
});
