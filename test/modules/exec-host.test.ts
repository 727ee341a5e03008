/** Commands that the shell runs: what comes of them, and their end when they take too long. */
import { expect, test } from "vitest";
import { createExec } from "../../src/node/exec.ts";

const { run } = createExec();

test("status, output, input and environment, byte by byte", async () => {
  expect(
    await run("cat; printf $A; echo wrong >&2; exit 3", { stdin: "\xff\n", env: { A: "b" }, stderr: true }),
  ).toEqual({
    status: 3,
    stdout: "\xff\nb",
    stderr: "wrong\n",
  });
  expect(await run("no-such-command 2>/dev/null", {})).toMatchObject({ status: 127 });
  expect(await run("kill -9 $$", {})).toMatchObject({ status: -1 });
});

test("when the time is over, everything that the shell has started ends", async () => {
  const began = performance.now();
  // What holds the output is not the shell itself.
  expect(await run("echo a; sleep 60; echo b", { timeout: 300 })).toMatchObject({ status: -1, stdout: "a\n" });
  expect(performance.now() - began).toBeLessThan(30_000);
});
