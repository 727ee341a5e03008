/** A server of its own, asked as an operator asks: over its control socket, by the command line, by a signal, by saving a file. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("../../src/node/main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "live-"));
const script = join(folder, "proxy.cfg");
const part = join(folder, "part.cfg");
const control = join(folder, "viaduct.sock");
const write = (reply: string): void => writeFileSync(part, `request_route { sl_send_reply("404", "${reply}"); }\n`);

let server: ChildProcess;
let log = "";

async function start(): Promise<void> {
  const options = ["-f", script, "-l", `udp:127.0.0.1:${27_900 + (process.pid % 1000)}`, "-Y", folder, "-DD", "-E"];
  server = spawn(process.execPath, [MAIN, ...options, "--watch", "--last-good"], { stdio: ["ignore", "pipe", "pipe"] });
  log = "";
  for (const stream of [server.stdout!, server.stderr!]) stream.on("data", (bytes) => (log += bytes));
  await said("Aliases:");
}

/** Waits until the server has said it. */
async function said(text: string): Promise<void> {
  for (let waited = 0; !log.includes(text); waited += 50) {
    if (waited > 20_000) throw new Error(`not said: ${text}\n${log}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What a command of ours exits with and prints. */
const run = (...args: string[]): Promise<{ status: number; out: string; err: string }> =>
  new Promise((done) => {
    execFile(process.execPath, [MAIN, ...args], (error, out, err) =>
      done({ status: error ? Number(error.code) : 0, out, err }),
    );
  });

beforeAll(async () => {
  writeFileSync(script, 'loadmodule "sl.so"\ninclude_file "part.cfg"\ndebug=1\n');
  write("one");
  await start();
});
afterAll(() => {
  server.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

test("the control socket speaks JSON-RPC 2.0 to its owner alone", async () => {
  expect(statSync(control).mode & 0o777).toBe(0o600);
  const socket = connect(control).setEncoding("utf8");
  const answers: string[] = [];
  socket.on("data", (text: string) => answers.push(...text.trim().split("\n")));
  for (const it of [
    '{"jsonrpc":"2.0","id":1,"method":"core.echo","params":["ä",5]}',
    '{"jsonrpc":"2.0","id":"two","method":"generation.use","params":{"generation":7}}',
    '{"jsonrpc":"2.0","method":"core.echo"}',
    '{"jsonrpc":"2.0","id":3,"method":"no.such"}',
    '[{"jsonrpc":"2.0","id":4,"method":"core.pwd"},{"id":5}]',
    "no JSON",
  ])
    socket.write(`${it}\n`);
  await expect.poll(() => answers.length).toBe(5);
  socket.destroy();
  expect(answers.map((it) => JSON.parse(it))).toEqual([
    { jsonrpc: "2.0", result: ["ä", "5"], id: 1 },
    { jsonrpc: "2.0", error: { code: 404, message: "there is no generation 7; known are 1" }, id: "two" },
    { jsonrpc: "2.0", error: { code: -32601, message: "there is no command no.such" }, id: 3 },
    [
      { jsonrpc: "2.0", result: [process.cwd()], id: 4 },
      { jsonrpc: "2.0", error: { code: -32600, message: "that is no JSON-RPC 2.0 request" }, id: null },
    ],
    { jsonrpc: "2.0", error: { code: -32700, message: "that is no JSON" }, id: null },
  ]);
});

test("a file that is saved, a signal and the command line reload; a broken script is told with its lines", async () => {
  write("two");
  await said("generation 2 (");
  server.kill("SIGHUP");
  await said("SIGHUP: the script is what serves already");
  writeFileSync(part, "request_route { sl_send_repli(); }\n");
  await said("a file was changed: the script was refused, and generation 2 serves on");
  const refused = await run("reload", "--control", control);
  expect(refused.status).toBe(1);
  expect(refused.err).toContain("generation 2 serves on: the script was refused");
  expect(refused.err).toMatch(/part\.cfg:1:17: error unknown-function.*\n.*\n.*\^{13}/);
  expect((await run("reload", "--control", control, "--if-generation", "1")).status).toBe(3);
  const list = await run("rpc", "--control", control, "--json", "generation.list");
  expect(JSON.parse(list.out).map((it: { state: string }) => it.state)).toEqual(["retired", "active"]);
  expect(await run("rpc", "--control", control, "core.prints", "s:5", "6")).toMatchObject({ status: 0, out: "5\n6\n" });
  expect((await run("rpc", "--control", join(folder, "none"), "core.pwd")).status).toBe(2);
  // The new script is tried with a ladder first, and would answer otherwise.
  const other = join(folder, "other.cfg");
  writeFileSync(other, 'loadmodule "sl.so"\nrequest_route { sl_send_reply("410", "Gone"); }\n');
  writeFileSync(join(folder, "x.ladder"), 'use "proxy.cfg"\n---\nalice -> proxy  OPTIONS sip:x@proxy\n');
  const tried = await run("reload", "--control", control, "--check-with", join(folder, "x.ladder"), other);
  expect(tried.status).toBe(4);
  expect(tried.out).toMatch(/- 404 two to .*\n.*\+ 410 Gone to /);
});

test("killed in the middle of a reload, it starts again: the socket is taken over, the last good script serves", async () => {
  const kept = readFileSync(join(folder, "viaduct-last-good.json"), "latin1");
  expect(kept).toContain("two");
  const gone = once(server, "exit");
  const socket = connect(control);
  await once(socket, "connect");
  socket.on("error", () => {});
  socket.write('{"jsonrpc":"2.0","id":1,"method":"generation.reload","params":["",0,1]}\n');
  server.kill("SIGKILL");
  await gone;
  expect(existsSync(control)).toBe(true);
  await start();
  expect(log).toContain("IS BROKEN. THE SERVER STARTS WITH THE SCRIPT THAT SERVED LAST");
  expect((await run("rpc", "--control", control, "core.uptime")).status).toBe(0);
  // Mended, it is taken up.
  write("three");
  await said("generation 2 (");
});
