/** Log lines as they arrive in a file. */
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { jsonLog, textLog } from "../../src/node/log.ts";
import { syslogLog } from "../../src/node/log-syslog.ts";

let folder: string;
let fd: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "log-"));
  fd = openSync(join(folder, "log"), "w");
});
afterEach(() => {
  closeSync(fd);
  rmSync(folder, { recursive: true });
});
const written = () => readFileSync(join(folder, "log"), "latin1");

test("Kamailio's form: number, process, level, where from, text", () => {
  const log = textLog({ fd, pid: 4711, colours: false });
  log.line(-1, "no socket", undefined, undefined);
  log.line(2, "> hello\n", "<script>", undefined);
  log.line(2, "no line end", "<script>: ", undefined);
  log.line(-2, "\xff\n", "tm", undefined);
  log.line(-1, "n=exit\n", "*** cfgtrace:", undefined, "exec");
  log.flush();
  expect(written()).toBe(
    " 0(4711) ERROR: <core>: no socket\n" +
      " 0(4711) INFO: <script>: > hello\n" +
      " 0(4711) INFO: <script>: no line end" +
      " 0(4711) CRITICAL: tm: \xff\n" +
      " 0(4711) exec: *** cfgtrace:: n=exit\n",
  );
});

test.each([
  [-5, "ALERT"],
  [-4, "BUG"],
  [-3, "CRITICAL"],
  [-2, "CRITICAL"],
  [-1, "ERROR"],
  [0, "WARNING"],
  [1, "NOTICE"],
  [2, "INFO"],
  [3, "DEBUG"],
])("level %i is %s", (level, name) => {
  const log = textLog({ fd, pid: 1, colours: false });
  log.line(level, "x", undefined, undefined);
  log.flush();
  expect(written()).toBe(` 0(1) ${name}: <core>: x\n`);
});

test("lines are written by themselves at the end of the turn, in order", async () => {
  const log = textLog({ fd, pid: 1, colours: false });
  for (let i = 0; i < 1000; i++) log.line(2, `${i}\n`, "<script>", undefined);
  expect(written()).toBe("");
  await new Promise((resolve) => setImmediate(resolve));
  const numbers = written()
    .trimEnd()
    .split("\n")
    .map((line) => Number(line.split(": ")[2]));
  expect(numbers).toEqual(Array.from({ length: 1000 }, (_, i) => i));
});

test("colours by level", () => {
  const log = textLog({ fd, pid: 1, colours: true });
  log.line(-1, "x", undefined, undefined);
  log.flush();
  expect(written()).toBe("\x1b[31m 0(1) ERROR: <core>: x\n\x1b[0m");
});

test("JSON: a line each, bytes of the script as UTF-8", async () => {
  const log = await jsonLog({ fd, hostname: "sip1" });
  log.line(0, 'caf\xc3\xa9 "x"\n', "<script>", "LOG_LOCAL3", "exec");
  log.flush();
  const line = Buffer.from(written(), "latin1").toString("utf8");
  expect(line.endsWith("}\n")).toBe(true);
  expect(JSON.parse(line)).toMatchObject({
    level: 40,
    severity: "exec",
    hostname: "sip1",
    from: "<script>",
    facility: "LOG_LOCAL3",
    msg: 'café "x"',
  });
});

test("syslog: the logger command gets priorities and lines", async () => {
  const out = join(folder, "out");
  writeFileSync(
    join(folder, "logger"),
    `#!/bin/sh\necho "$1 $2 $3" > ${out}\nwhile read -r line; do echo "$line" >> ${out}; done\n`,
    {
      mode: 0o755,
    },
  );
  const path = process.env["PATH"];
  process.env["PATH"] = `${folder}:${path}`;
  const log = syslogLog({ tag: "sip", facility: "LOG_DAEMON" });
  process.env["PATH"] = path;
  log.line(-1, "two\nlines\n", undefined, undefined);
  log.line(1, "> x\n", "<script>: ", "LOG_LOCAL0", "exec");
  const read = () => (existsSync(out) ? readFileSync(out, "latin1") : "");
  while (!read().includes("> x")) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(read()).toBe(
    "--prio-prefix --tag sip\n<27>ERROR: <core>: two\n<27>ERROR: <core>: lines\n<133>exec: <script>: > x\n",
  );
});
