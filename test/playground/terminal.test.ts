/**
 * `viaduct repl` on a pseudo-terminal (that of util-linux's `script`, which every Debian has): keys go in, and the screen
 * has to show what the test waits for. Where there is no `script` the same program is tried through pipes alone.
 */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "viaduct-repl-"));
const started: ChildProcessWithoutNullStreams[] = [];
afterAll(() => {
  // One that did not end by itself has failed its test already.
  for (const it of started) it.kill();
  rmSync(folder, { recursive: true, force: true });
});
const main = new URL("../../src/node/main.ts", import.meta.url).pathname;
const history = join(folder, "history");
const environment = {
  ...process.env,
  TERM: "xterm",
  NO_COLOR: "1",
  HOME: folder,
  XDG_STATE_HOME: folder,
  COLUMNS: "100",
  // It reads a line from the terminal before it changes the file.
  EDITOR: "echo the editor has the keys; head -n 1 >/dev/null; sed -i s/Alive/Well/",
};

/** util-linux's, not that of BSD. */
const hasScript = (() => {
  try {
    return execFileSync("script", ["--version"], { encoding: "utf8" }).includes("util-linux");
  } catch {
    return false;
  }
})();

class Screen {
  readonly #child: ChildProcessWithoutNullStreams;
  #text = "";
  #seen = 0;
  readonly ended: Promise<number | null>;
  #changed = (): void => {};

  constructor(...args: string[]) {
    const command = [process.execPath, "--disable-warning=ExperimentalWarning", main, "repl", ...args];
    this.#child = spawn("script", ["-qec", command.map((it) => `'${it}'`).join(" "), "/dev/null"], {
      cwd: folder,
      env: environment,
    });
    started.push(this.#child);
    this.#child.stdout.on("data", (bytes: Buffer) => {
      this.#text += bytes.toString("utf8");
      this.#changed();
    });
    this.ended = new Promise((done) => {
      this.#child.on("exit", done);
    });
  }

  /** What is shown up to this text, from where the last wait ended. */
  async until(wanted: string): Promise<string> {
    for (;;) {
      const at = this.#text.indexOf(wanted, this.#seen);
      if (at >= 0) {
        const shown = this.#text.slice(this.#seen, at + wanted.length);
        this.#seen = at + wanted.length;
        return shown;
      }
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  keys(text: string): void {
    this.#child.stdin.write(text);
  }
}

const [TAB, UP, CTRL_C, CTRL_D] = ["\t", "\u001b[A", "\u0003", "\u0004"];

test.skipIf(!hasScript)("keys of a terminal: completion, history, Ctrl-C and Ctrl-D", { timeout: 60_000 }, async () => {
  const screen = new Screen();
  await screen.until("makes a call");
  await screen.until("> ");
  screen.keys("INVITE bob fr");
  await screen.until("INVITE bob fr");
  screen.keys(TAB);
  await screen.until("om ");
  screen.keys("alice\r");
  await screen.until("proxy -> bob");
  await screen.until("> ");
  // A nested name: the variable, then its transformation.
  screen.keys("$(ru{uri.ho");
  await screen.until("$(ru{uri.ho");
  screen.keys(TAB);
  await screen.until("st}");
  screen.keys(")\r");
  await screen.until('"proxy"');
  await screen.until("> ");
  screen.keys("$var(x) + (1");
  await screen.until("(1");
  screen.keys("\r");
  await screen.until("... ");
  screen.keys(CTRL_C);
  await screen.until("^C");
  await screen.until("> ");
  screen.keys(`${UP}${UP}`);
  await screen.until("$(ru{uri.host})");
  screen.keys("\r");
  await screen.until('"proxy"');
  await screen.until("> ");
  screen.keys("edit\r");
  await screen.until("the editor has the keys");
  screen.keys("a line for the editor\r");
  await screen.until("serves after");
  await screen.until("> ");
  screen.keys("OPTIONS from carol\r");
  await screen.until("200 Well");
  await screen.until("> ");
  screen.keys("bob 486\r");
  await screen.until("486 Busy Here");
  await screen.until("> ");
  screen.keys(CTRL_D);
  expect(await screen.ended).toBe(0);
  const kept = readFileSync(join(folder, "viaduct", "repl-history"), "utf8")
    .trim()
    .split("\n");
  expect(kept.at(-1)).toBe("bob 486");
  expect(kept).toContain("INVITE bob from alice");
});

test.skipIf(!hasScript)(
  "what was typed in another session is there again, and --no-history keeps nothing",
  { timeout: 60_000 },
  async () => {
    writeFileSync(history, "1 + 41\n");
    const screen = new Screen("--history", history);
    await screen.until("> ");
    screen.keys(`${UP}\r`);
    await screen.until("42");
    await screen.until("> ");
    screen.keys("quit\r");
    expect(await screen.ended).toBe(0);
    const again = new Screen("--no-history");
    await again.until("> ");
    again.keys("2 + 40\r");
    await again.until("42");
    again.keys(CTRL_D);
    expect(await again.ended).toBe(0);
    expect(readFileSync(join(folder, "history"), "utf8")).not.toContain("2 + 40");
  },
);

const piped = (input: string, ...args: string[]) =>
  spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", main, "repl", ...args], {
    cwd: folder,
    env: environment,
    input,
    encoding: "utf8",
  });

test("piped input: no prompt, lines below a message as in a ladder, status 1 when something went wrong", {
  timeout: 60_000,
}, () => {
  const fine = piped("alice -> proxy  OPTIONS sip:proxy\n    X-One: 1\nproxy -> alice  200\n$hdr(X-One)\n");
  expect(fine.stdout).toBe(
    '   0.000  alice -> proxy     OPTIONS sip:proxy\n   0.000  proxy -> alice     200 Alive  #2\n"1"\n',
  );
  expect(fine.status).toBe(0);
  const wrong = piped("bogus\n1 + 1\n");
  expect(wrong.stdout).toBe("not understood: bogus; `help` lists what can be entered\n2\n");
  expect(wrong.status).toBe(1);
});

test("--execute takes a file, --strict ends at the first mistake", { timeout: 60_000 }, () => {
  writeFileSync(join(folder, "lines.repl"), "# a comment\n1 + 1\nbogus\n2 + 2\n");
  const lenient = piped("", "--execute", "lines.repl");
  expect(lenient.stdout).toBe("2\nnot understood: bogus; `help` lists what can be entered\n4\n");
  const strict = piped("", "-x", "lines.repl", "--strict");
  expect(strict.stdout).toBe("2\nnot understood: bogus; `help` lists what can be entered\n");
  expect([lenient.status, strict.status]).toEqual([1, 1]);
  expect(piped("", "-x", "nothing.repl")).toMatchObject({ status: 2, stderr: "cannot read nothing.repl\n" });
});

test("a script that is refused leaves a session, in which it can be mended", { timeout: 60_000 }, () => {
  writeFileSync(join(folder, "broken.cfg"), 'loadmodule "sl.so"\nrequest_route { sl_send_repl("200", "OK"); }\n');
  const { stdout, status } = piped("OPTIONS from alice\nreload\n", "broken.cfg");
  expect(stdout).toContain("did you mean `sl_send_reply`?");
  expect(stdout).toContain("the script was not loaded");
  expect(status).toBe(1);
});
