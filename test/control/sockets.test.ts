/** Control sockets for real: unix stream (with Kamailio's kamcmd where there is one), TCP, UDP and FIFOs. */
import { execFile, execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Core } from "../../src/declare/core.ts";
import { type Kind, type Module, RpcFault } from "../../src/declare/module.ts";
import type { Value } from "../../src/declare/value.ts";
import { parseAddress } from "../../src/modules/ctl/address.ts";
import { ctl } from "../../src/modules/ctl/index.ts";
import { jsonrpcs } from "../../src/modules/jsonrpcs/index.ts";
import { createControl } from "../../src/node/control/index.ts";
import { createFiles } from "../../src/node/files.ts";
import { freePort } from "../free-port.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "control-"));
});
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  rmSync(folder, { recursive: true, force: true });
});

const log: string[] = [];
/** What a module needs of a core, with a few commands. */
function coreWith(more: Record<string, (args: readonly Value[]) => unknown> = {}): Core {
  const commands: Record<string, (args: readonly Value[]) => unknown> = {
    "t.echo": (args) => args,
    "t.struct": () => [{ name: "a", list: [{ item: { n: 1 } }, { item: { n: 2 } }] }, 5],
    "t.fault": () => {
      throw new RpcFault(404, "Not here");
    },
    ...more,
  };
  return {
    host: { control: createControl(), files: createFiles(), process: { runtimeDir: folder } },
    log: { write: (_: number, text: string) => log.push(text) },
    loaded: () => false,
    command: (name: string) => (commands[name] ? { run: commands[name] } : undefined),
  } as unknown as Core;
}

async function open(module: Module, params: Record<string, unknown>, core = coreWith(), old?: unknown) {
  const defaults = Object.fromEntries(
    Object.entries(module.params as Record<string, Kind<unknown>>).map(([name, kind]) => [name, kind.fallback]),
  );
  const state = module.start({ ...defaults, ...params }, core, old);
  if (typeof state === "string") throw new Error(state);
  await module.open?.(state, core);
  module.serve?.(state, core);
  closers.push(() => module.stop?.(state));
  return state;
}

/** Sends over a stream and gives what comes back until the other side closes, or until it has `length` bytes. */
const exchange = (where: string | number, data: string, length = Number.POSITIVE_INFINITY): Promise<string> =>
  new Promise((done, failed) => {
    const socket = typeof where === "string" ? connect(where) : connect(where, "127.0.0.1");
    let got = "";
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      got += text;
      if (got.length >= length) socket.destroy();
    });
    socket.on("error", failed);
    socket.on("close", () => done(got));
    socket.write(data, "latin1");
  });

const bytes = (hex: string): string => Buffer.from(hex, "hex").toString("latin1");
/** t.echo "a" 1, with cookie 7, and its answer. */
const request = bytes("a1000d07" + "71742e6563686f00" + "216100" + "1001");
const answer = bytes("a11005" + "07" + "216100" + "1001");

test("ctl: default socket, permissions, answers in order, garbage", async () => {
  await open(ctl, {});
  const path = join(folder, "kamailio_ctl");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await exchange(path, request + request, 2 * answer.length)).toBe(answer + answer);
  expect(await exchange(path, "GET / HTTP/1.1\r\n\r\n")).toBe("");
});

test("ctl makes the runtime folder, and leaves nothing behind but it", async () => {
  folder = join(folder, "new");
  const state = await open(ctl, {});
  expect(existsSync(join(folder, "kamailio_ctl"))).toBe(true);
  await ctl.stop?.(state);
  expect(readdirSync(folder)).toEqual([]);
  folder = dirname(folder);
});

test("ctl over TCP and UDP", async () => {
  const [tcp, udp] = [await freePort(), await freePort()];
  await open(ctl, { binrpc: [`tcp:127.0.0.1:${tcp}`, `udp:127.0.0.1:${udp}`] });
  expect(await exchange(tcp, request, answer.length)).toBe(answer);
  const socket = createSocket("udp4");
  const reply = new Promise<string>((done) => socket.once("message", (it) => done(it.toString("latin1"))));
  socket.send(Buffer.from(request, "latin1"), udp, "127.0.0.1");
  expect(await reply).toBe(answer);
  socket.close();
});

test("ctl: what cannot be opened, and a new generation on the same address", async () => {
  await expect(open(ctl, { binrpc: ["unixd:/run/x"] })).rejects.toThrow(/unix datagram sockets are not available/);
  await expect(open(ctl, { binrpc: ["unixs:/nowhere/at/all"] })).rejects.toThrow(
    "cannot listen on unix-stream:/nowhere/at/all",
  );
  await expect(open(ctl, { binrpc: ["tcp::1"] })).rejects.toThrow("not a control socket");
  const first = await open(ctl, {});
  await expect(open(ctl, {})).rejects.toThrow("already in use");
  await open(ctl, {}, coreWith({ "t.echo": () => ["new"] }), first);
  await ctl.stop?.(first);
  expect(await exchange(join(folder, "kamailio_ctl"), request, 9)).toContain("new");
});

test("ctl: the text protocol over TCP, and no default socket beside it", async () => {
  const port = await freePort();
  const state = await open(ctl, { fifo: [`tcp:127.0.0.1:${port}`] });
  expect(await exchange(port, ":t.echo:\na\n5\n\n:nope:\n\n", 40)).toBe("200 OK\na\n5\n500 Command 'nope' not found\n");
  expect(existsSync(join(folder, "kamailio_ctl"))).toBe(false);
  expect(ctl.commands["ctl.listen"]!.run({} as never, state, coreWith())).toEqual([
    "fifo",
    "tcp",
    "127.0.0.1",
    String(port),
  ]);
});

test("ctl: a FIFO of the text protocol", async () => {
  log.length = 0;
  await open(ctl, { fifo: [join(folder, "fifo")] });
  await promisify(execFile)("sh", ["-c", `printf ':t.echo:../x\n\n' > ${join(folder, "fifo")}`]);
  await expect.poll(() => log.join()).toContain('no name of a reply FIFO: "../x"');
});

const kamcmd = ["/usr/sbin/kamcmd", "/usr/bin/kamcmd", "/usr/local/sbin/kamcmd"].find((it) => existsSync(it));
// Where tests count it is installed: .ci/run sees to that.
test.skipIf(!kamcmd && !process.env["CI"])("kamcmd understands us", async () => {
  expect(kamcmd, "kamcmd is not installed").toBeDefined();
  const core = coreWith();
  const state = await open(ctl, {}, core);
  const own = ctl.commands;
  const withOwn = coreWith(
    Object.fromEntries(Object.entries(own).map(([name, it]) => [name, () => it.run({} as never, state, core)])),
  );
  await open(ctl, {}, withOwn, state);
  const run = async (...args: string[]): Promise<string> => {
    const { stdout, stderr } = await promisify(execFile)(kamcmd!, [
      "-s",
      `unixs:${folder}/kamailio_ctl`,
      ...args,
    ]).catch((error: { stdout: string; stderr: string }) => error);
    return stdout + stderr;
  };
  expect(await run("t.echo", "a", "s:12", "70000", "2.5")).toBe("a\n12\n70000\n2.5\n");
  expect(await run("t.struct")).toBe(
    "{\n\tname: a\n\tlist: {\n\t\titem: {\n\t\t\tn: 1\n\t\t}\n\t\titem: {\n\t\t\tn: 2\n\t\t}\n\t}\n}\n5\n",
  );
  expect(await run("t.fault")).toBe("error: 404 - Not here\n");
  expect(await run("nope")).toBe("error: 500 - command nope not found\n");
  expect(await run("ctl.connections")).toBe("1\n");
  expect(await run("ctl.who")).toBe(`binrpc\nunix_stream\n<anonymous unix socket>\n\n${folder}/kamailio_ctl\n\n`);
  expect(await run("ctl.listen")).toBe(`binrpc\nunix_stream\n${folder}/kamailio_ctl\n\n`);
});

const echo = '{"jsonrpc":"2.0","method":"t.echo","params":["a"],"id":1}';
const echoed = '{"jsonrpc":"2.0","result":["a"],"id":1}';

test("jsonrpcs over TCP and UDP, and an answer that goes to a file", async () => {
  const [tcp, udp] = [await freePort(), await freePort()];
  await open(jsonrpcs, {
    transport: 12,
    pretty_format: 0,
    tcp_socket: `tcp:127.0.0.1:${tcp}`,
    dgram_socket: `udp:127.0.0.1:${udp}`,
  });
  expect(await exchange(tcp, echo)).toBe(echoed);
  const file = join(folder, "answer");
  expect(await exchange(tcp, echo.replace("{", `{"store_path":"${file}",`))).toContain('"Stored"');
  expect(readFileSync(file, "latin1")).toBe(echoed);
  const socket = createSocket("udp4");
  const reply = new Promise<string>((done) => socket.once("message", (it) => done(it.toString("latin1"))));
  socket.send(echo, udp, "127.0.0.1");
  expect(await reply).toBe(echoed);
  socket.close();
});

test("jsonrpcs over a FIFO", async () => {
  await open(jsonrpcs, { transport: 2, pretty_format: 0, fifo_reply_dir: folder });
  const [fifo, replies] = [join(folder, "kamailio_rpc.fifo"), join(folder, "replies")];
  expect(statSync(fifo).mode & 0o777).toBe(0o660);
  execFileSync("mkfifo", [replies]);
  const reader = promisify(execFile)("cat", [replies]);
  const named = echo.replace("{", '{"reply_name":"replies",');
  await promisify(execFile)("sh", [
    "-c",
    `printf '%s\\n' '${echo.replace("{", '{"reply_name":"../x",')}' '${named}' > ${fifo}`,
  ]);
  expect((await reader).stdout).toBe(echoed);
  expect(log.join()).toContain("forbidden name of a reply FIFO: ../x");
});

test("jsonrpcs: transports that are asked for and cannot be had refuse the script", async () => {
  await expect(open(jsonrpcs, { transport: 1 })).rejects.toThrow("needs the module xhttp");
  await expect(open(jsonrpcs, { transport: 4, dgram_socket: "rpc.sock" })).rejects.toThrow(
    "unix datagram sockets are not available",
  );
  await open(jsonrpcs, { transport: 0, fifo_name: "", dgram_socket: "rpc.sock" });
  expect(log.join()).toContain("unix datagram sockets are not available");
});

test("ctl: addresses, and whom they let in", async () => {
  expect(parseAddress("tcp:2050", "udp")).toEqual({ kind: "tcp", host: "127.0.0.1", port: 2050 });
  expect(parseAddress("2050", "udp")).toEqual({ kind: "udp", host: "127.0.0.1", port: 2050 });
  expect(parseAddress("tcp:*:2050", "udp")).toEqual({ kind: "tcp", host: "*", port: 2050 });
  expect(parseAddress("tcp:[::1]:5", "udp")).toEqual({ kind: "tcp", host: "::1", port: 5 });
  expect(parseAddress("tcp:localhost", "udp")).toEqual({ kind: "tcp", host: "localhost", port: 2049 });
  expect(parseAddress("/run/x", "udp")).toEqual({ kind: "unix-stream", path: "/run/x" });
  expect(parseAddress("/run/x", "fifo")).toEqual({ kind: "fifo", path: "/run/x" });
});

test("ctl and jsonrpcs: mode, owner and group of what stands in the file system", async () => {
  const { uid, gid } = userInfo();
  const owned = { user: String(uid), group: String(gid) };
  await open(ctl, { binrpc: [`unixs:${folder}/own`], mode: 0o666, ...owned });
  await open(jsonrpcs, {
    transport: 2,
    fifo_name: "own.fifo",
    fifo_mode: 0o640,
    fifo_user: owned.user,
    fifo_group: owned.group,
  });
  for (const [name, mode] of [
    ["own", 0o666],
    ["own.fifo", 0o640],
  ] as const) {
    const found = statSync(join(folder, name));
    expect([found.mode & 0o777, found.uid, found.gid]).toEqual([mode, uid, gid]);
  }
  await expect(open(ctl, { binrpc: [`unixs:${folder}/other`], user: "nobody-of-that-name" })).rejects.toThrow(
    "/etc/passwd does not know nobody-of-that-name",
  );
  // What could not be given to its owner is not left behind.
  expect(existsSync(join(folder, "other"))).toBe(false);
});
