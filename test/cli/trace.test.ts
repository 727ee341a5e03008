/** `viaduct trace` beside a server, each a process of its own. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { TraceEvent } from "../../src/declare/trace.ts";
import { freePort } from "../free-port.ts";

const program = resolve("bin/viaduct");
let folder: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "viaduct-"));
});
afterEach(() => {
  for (const it of children.splice(0)) it.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

const start = (...args: string[]): ChildProcess => {
  const child = spawn(program, args, { cwd: folder });
  children.push(child);
  return child;
};

const options = (user: string, port: number): string =>
  [
    "OPTIONS sip:bob@example.org SIP/2.0",
    `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${user}`,
    `From: <sip:${user}@example.org>;tag=1`,
    "To: <sip:bob@example.org>",
    `Call-ID: ${user}`,
    "CSeq: 1 OPTIONS",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");

test("the calls that fit are shown while the server runs; it ends when they are counted and quiet", async () => {
  const port = await freePort();
  writeFileSync(
    join(folder, "a.cfg"),
    `listen=udp:127.0.0.1:${port}\nauto_aliases=no\nloadmodule "sl.so"\nrequest_route { sl_send_reply("200", "Fine"); }\n`,
  );
  const control = join(folder, "v.sock");
  start("-f", "a.cfg", "-DD", "-E", "--control", control);
  const client = createSocket("udp4").bind(0, "127.0.0.1");
  await new Promise((done) => client.once("listening", done));
  const ask = (): void => {
    for (const user of ["carol", "alice"]) client.send(options(user, client.address().port), port, "127.0.0.1");
  };
  // It serves as soon as it answers.
  await new Promise<void>((done) => {
    const asking = setInterval(ask, 50);
    client.once("message", () => {
      clearInterval(asking);
      done();
    });
  });
  const trace = start("trace", "--control", control, "--from", "alice", "--count", "1", "--quiet", "1", "--json");
  let text = "";
  const asking = setInterval(ask, 50);
  trace.stdout!.on("data", (data) => {
    clearInterval(asking);
    text += data;
  });
  let said = "";
  trace.stderr!.on("data", (data) => {
    said += data;
  });
  expect(await new Promise((done) => trace.once("exit", done))).toBe(0);
  client.close();
  const events = text
    .trimEnd()
    .split("\n")
    .map((it) => JSON.parse(it) as TraceEvent);
  expect(new Set(events.map((it) => it.call))).toEqual(new Set(["alice"]));
  expect(events.slice(0, 6).map((it) => it.kind)).toEqual(["received", "begin", "step", "sent", "result", "end"]);
  expect(events[2]).toMatchObject({ line: 4, source: 'sl_send_reply("200", "Fine")' });
  expect(said).toBe("1 call followed, 0 requests not\n");
});

test("without a server, or with what it refuses, it says so", () => {
  const run = (...args: string[]) => {
    const { status, stderr } = spawnSync(program, ["trace", ...args], { cwd: folder, encoding: "utf8" });
    return { status, stderr };
  };
  expect(run("--runtime-dir", folder)).toEqual({
    status: 2,
    stderr: "no server is running here; name its control socket with --control PATH\n",
  });
  expect(run("--control", "nowhere.sock")).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^cannot reach nowhere\.sock/),
  });
  expect(run("--quiet", "no").status).toBe(2);
});
