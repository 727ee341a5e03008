/**
 * `viaduct test` on the examples of test-command/: what it prints and writes is in test-command/expected/.
 * `UPDATE=test-command` writes that anew.
 */
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const examples = fileURLToPath(new URL("test-command/", import.meta.url));
const main = fileURLToPath(new URL("../../src/node/main.ts", import.meta.url));
const patience = { timeout: 60_000 };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "test-command-"));
  cpSync(examples, folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

/** In a copy of the examples. */
function viaduct(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };
  return spawnSync(process.execPath, [main, "test", ...args], { cwd: folder, encoding: "utf8", env });
}

/** Without times, and without the folder. */
const steady = (text: string): string =>
  text
    .replace(/in \d+\.\d+ s$/gm, "in # s")
    .replace(/time="[\d.]+"/g, 'time="#"')
    .replace(/"ms": \d+/g, '"ms": 0')
    .replaceAll(`${folder}/`, "");

function expectText(text: string, name: string): void {
  const path = new URL(`test-command/expected/${name}`, import.meta.url);
  if (process.env.UPDATE?.includes("test-command")) writeFileSync(path, steady(text));
  expect(steady(text)).toBe(readFileSync(path, "utf8"));
}

test("prints what went otherwise, side by side, and the lines of the script that ran", patience, () => {
  const { status, stdout, stderr } = viaduct("calls", "--junit", "out/junit.xml");
  expect(stderr).toBe("");
  expectText(stdout, "failures.txt");
  expectText(readFileSync(join(folder, "out/junit.xml"), "utf8"), "junit.xml");
  expect(status).toBe(1);
});

test("says which lines of the script ran", patience, () => {
  const reports = ["--coverage", "--coverage-lcov", "lcov.info", "--coverage-html", "pages"];
  const { status, stdout } = viaduct("calls/passing.ladder", ...reports);
  expectText(stdout, "coverage.txt");
  expectText(readFileSync(join(folder, "lcov.info"), "utf8"), "lcov.info");
  expect(readFileSync(join(folder, "pages/index.html"), "utf8")).toContain("kamailio.cfg");
  expect(status).toBe(0);
});

test("JSON", patience, () => {
  const { status, stdout } = viaduct("--format", "json", "calls/passing.ladder", "calls/refused.ladder");
  expectText(stdout, "results.json");
  expect(status).toBe(1);
});

test("--filter leaves scenes by file and title", patience, () => {
  const { status, stdout } = viaduct("--filter", "passing.ladder: Who");
  expectText(stdout, "filter.txt");
  expect(status).toBe(0);
});

test("--update writes what happened, and leaves the rest as it is", patience, () => {
  expect(viaduct("--update", "outdated.ladder").status).toBe(0);
  expectText(readFileSync(join(folder, "outdated.ladder"), "utf8"), "updated.ladder");
  expect(viaduct("outdated.ladder").status).toBe(0);
});

test("-A defines for every ladder", patience, () => {
  expect(viaduct("defined", "-A", 'GATEWAY="sip:carol:5060"', "--seed", "5").status).toBe(0);
});

test.each([
  [["nowhere.ladder"], "nowhere.ladder: there is no such file\n"],
  [["--filter", "no such scene"], 'no scene has "no such scene" in its file or title\n'],
  [["--seed", "x"], "error: option '--seed <number>' argument 'x' is invalid. Write a number.\n"],
  [["-A", "=1"], "error: option '-A, --define <name[=value]>' argument '=1' is invalid. Write NAME or NAME=VALUE.\n"],
])("%j cannot be run", patience, (args, message) => {
  const { status, stderr } = viaduct(...args);
  expect(stderr).toBe(message);
  expect(status).toBe(2);
});

test("--help", patience, () => {
  const { status, stdout } = viaduct("--help");
  expectText(stdout, "help.txt");
  expect(status).toBe(0);
});

test("--watch runs again when the script has changed", patience, async () => {
  const child = spawn(process.execPath, [main, "test", "--watch", "calls/passing.ladder"], { cwd: folder });
  let printed = "";
  const until = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (pattern.test(printed)) resolve();
      };
      child.stdout.on("data", look);
      child.once("exit", () => reject(new Error(`it has ended: ${printed}`)));
      look();
    });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  try {
    await until(/3 passed in[\s\S]*waiting for changes/);
    printed = "";
    appendFileSync(join(folder, "kamailio.cfg"), "route[BROKEN] { nix(); }\n");
    await until(/3 failed in[\s\S]*waiting for changes/);
  } finally {
    child.removeAllListeners("exit");
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill();
    await ended;
  }
});
