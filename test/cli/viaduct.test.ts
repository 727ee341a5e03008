/** bin/viaduct as users start it: few cases, because each starts a process. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort } from "../free-port.ts";

const program = resolve("bin/viaduct");
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "viaduct-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs it in the test's folder to its end. */
const run = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: "latin1", timeout: 20_000 });
  return { status, stdout, stderr };
};
const script = (text: string): string => {
  writeFileSync(join(folder, "a.cfg"), text);
  return "a.cfg";
};
const answering = (port: number) => `
listen=udp:127.0.0.1:${port}
auto_aliases=no
log_stderror=yes
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "xlog.so"
request_route { xlog("L_WARN", "> $rm\\n"); sl_send_reply("200", "Fine"); exit; }
`;
/** The first line that the server answers to an OPTIONS. */
const ask = (port: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.on("message", (data) => {
      socket.close();
      resolve(data.toString("latin1").split("\r\n")[0]!);
    });
    socket.bind(0, "127.0.0.1", () => {
      const via = `Via: SIP/2.0/UDP 127.0.0.1:${socket.address().port};branch=z9hG4bK1\r\n`;
      const names = "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n";
      socket.send(`OPTIONS sip:a@127.0.0.1 SIP/2.0\r\n${via}${names}Content-Length: 0\r\n\r\n`, port, "127.0.0.1");
    });
  });
/** Resolves when the child printed what is looked for. */
const printed = (child: ChildProcess, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let all = "";
    child.stdout!.on("data", (data) => {
      all += data;
      if (all.includes(text)) resolve();
    });
    child.on("exit", (code) => reject(new Error(`ended with ${code}: ${all}`)));
  });

test("-c: status 0 and Kamailio's closing line, 255 with the problems and their places", () => {
  expect(run("-c", "-f", script("auto_aliases=no\nrequest_route { exit; }\n"))).toMatchObject({
    status: 0,
    stderr: "config file ok, exiting...\n",
  });
  const bad = run("-c", "-f", script("auto_aliases=no\nrequest_route {\n  nothing_like_it();\n}\n"));
  expect(bad.status).toBe(255);
  expect(bad.stderr).toMatch(/a\.cfg:3:3: error unknown-function: .*nothing_like_it/);
  expect(bad.stderr).toMatch(/ERROR: bad config file \(1 errors\)\n$/);
  expect(run("-c", "-f", "missing.cfg")).toMatchObject({ status: 255 });
});

test("-c opens nothing: no address, no control socket, no file", () => {
  const text = `
listen=udp:192.0.2.1:5060
auto_aliases=no
loadmodule "ctl.so"
loadmodule "jsonrpcs.so"
loadmodule "htable.so"
modparam("htable", "htable", "a=>size=2")
request_route { exit; }
event_route[htable:mod-init] { $sht(a=>x) = 1; }
`;
  const checked = run("-c", "-Y", join(folder, "run"), "-P", "pid", "-f", script(`loadmodule "pv.so"${text}`));
  expect(checked).toMatchObject({ status: 0, stderr: "config file ok, exiting...\n" });
  expect(readdirSync(folder)).toEqual(["a.cfg"]);
});

test("through a symbolic link, and a wrong flag", () => {
  symlinkSync(program, join(folder, "link"));
  symlinkSync("link", join(folder, "further"));
  const { status, stdout } = spawnSync("./further", ["-v"], { cwd: folder, encoding: "latin1" });
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^version: viaduct \d/)]);
  expect(run("-Z")).toEqual({ status: 255, stdout: "", stderr: "Unknown option '-Z'. Use -h for help.\n" });
});

test("in the foreground: serves, logs, minds signals, takes its pid file away", async () => {
  const port = await freePort();
  const child = spawn(program, ["-DD", "-E", "-f", script(answering(port)), "-P", "pid", "-Y", folder], {
    cwd: folder,
  });
  let log = "";
  child.stderr.on("data", (data) => (log += data));
  await printed(child, `udp: 127.0.0.1:${port}`);
  child.removeAllListeners("exit");
  expect(readFileSync(join(folder, "pid"), "latin1")).toBe(`${child.pid}\n`);
  child.kill("SIGHUP");
  expect(await ask(port)).toBe("SIP/2.0 200 Fine");
  const ended = new Promise((resolve) => child.on("exit", resolve));
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
  expect(existsSync(join(folder, "pid"))).toBe(false);
  expect(log).toBe(` 0(${child.pid}) WARNING: <script>: > OPTIONS\n`);
});

test("into the background: the command ends when the server listens", async () => {
  const port = await freePort();
  const { status } = run("-f", script(answering(port)), "-P", "pid");
  expect(status).toBe(0);
  const pid = Number(readFileSync(join(folder, "pid"), "latin1"));
  expect(await ask(port)).toBe("SIP/2.0 200 Fine");
  process.kill(pid, "SIGTERM");
  while (existsSync(join(folder, "pid"))) await new Promise((resolve) => setTimeout(resolve, 20));
});

test("into the background: what kept the server from starting is told, with status 255", () => {
  const failed = run(
    "-f",
    script("listen=udp:192.0.2.1:5060\nauto_aliases=no\nrequest_route { exit; }\n"),
    "-P",
    "pid",
  );
  expect(failed.status).toBe(255);
  expect(failed.stderr).toMatch(/cannot listen on udp:192\.0\.2\.1:5060/);
  expect(existsSync(join(folder, "pid"))).toBe(false);
});

test("check: every file's problems with their lines, one status", () => {
  writeFileSync(join(folder, "good.cfg"), "auto_aliases=no\nrequest_route { exit; }\n");
  expect(run("check", "good.cfg")).toMatchObject({ status: 0, stdout: "no problems\n" });
  const both = run("check", "good.cfg", script("auto_aliases=no\nrequest_route { nothing_like_it(); }\n"));
  expect(both.status).toBe(1);
  expect(both.stdout.replaceAll(`${realpathSync(folder)}/`, "")).toBe(
    [
      "a.cfg:2:17: error unknown-function: no loaded module has `nothing_like_it`",
      "  2 | request_route { nothing_like_it(); }",
      "    |                 ^^^^^^^^^^^^^^^",
      "1 error in 2 files",
      "",
    ].join("\n"),
  );
  expect(run("check", "missing.cfg").status).toBe(2);
  expect(run("check").status).toBe(2);
});

test("check: lint, levels, JSON, modules that are lacking", () => {
  script('auto_aliases=no\nloadmodule "cnxcc.so"\nrequest_route { if ($var(x) = 2) exit; cnxcc_terminate_all(); }\n');
  const codes = (...args: string[]) => {
    const { status, stdout } = run("check", "a.cfg", "--format=json", ...args);
    const lines = stdout.split("\n").filter((it) => it !== "");
    return [status, ...lines.map((it) => JSON.parse(it)).map(({ severity, code }) => `${severity} ${code}`)];
  };
  expect(codes("--loadmodule=pv", "--missing=warn", "--rule=unknown-module=off")).toEqual([
    1,
    "warning assignment-in-condition",
    "warning unknown-function",
  ]);
  expect(run("check", "a.cfg", "--rule=nonsense=off")).toMatchObject({ status: 2 });
});

test("check --format=sarif: one log for all files, each result with its file", () => {
  script("auto_aliases=no\nrequest_route {\n  nothing_like_it();\n}\n");
  writeFileSync(
    join(folder, "b c.cfg"),
    'auto_aliases=no\nimport_file "d.cfg"\nrequest_route { route(GONE); exit; }\n',
  );
  writeFileSync(join(folder, "d.cfg"), 'route[UNUSED] { neither_this("x"); }\n');
  const { status, stdout } = run("check", "a.cfg", "b c.cfg", "--format=sarif");
  expect(status).toBe(1);
  const log = JSON.parse(stdout);
  expect(log).toMatchObject({ version: "2.1.0", runs: [{ tool: { driver: { name: "viaduct" } } }] });
  const [{ tool, results }] = log.runs;
  const shown = results.map((it: { ruleIndex: number; ruleId: string; level: string; locations: unknown[] }) => {
    const [{ physicalLocation: at }] = it.locations as [
      { physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number; startColumn: number } } },
    ];
    expect(tool.driver.rules[it.ruleIndex].id).toBe(it.ruleId);
    return `${at.artifactLocation.uri.replace(/^.*\//, "")}:${at.region.startLine}:${at.region.startColumn} ${it.level} ${it.ruleId}`;
  });
  expect(shown).toEqual([
    "a.cfg:3:3 error unknown-function",
    "b%20c.cfg:3:23 error unknown-route",
    "d.cfg:1:7 note unused-route",
    "d.cfg:1:17 error unknown-function",
  ]);
});
