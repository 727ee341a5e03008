/** Plays the vectors that come on standard input, a line each, over UDP on loopback; a line with each outcome goes out. */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { CTL, outcome, replyTo } from "./outcome.ts";
import { messages } from "./replay.ts";
import { ServerProcess } from "./udp-server.ts";
import { composeScript, hasReplyRoute, PORT, type Vector } from "./vector.ts";

/** Milliseconds: the server starts, a message is dealt with, and what is still under way arrives. */
const START = 10_000;
const DEAL = 5000;
const SETTLE = 4;

const [executable = "", moduleFolder = ""] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "golden-"));
let running: ServerProcess | undefined;
process.on("exit", () => {
  running?.kill();
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));

const bound = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    socket.once("error", reject);
    socket.bind(port, "127.0.0.1", () => resolve(socket));
  });
const client = await bound(PORT.client);
const ctl = await bound(PORT.ctl);
const sink = await bound(PORT.sink);
let toClient: string[] = [];
let toSink: string[] = [];
let answers: NonNullable<Vector["uas"]>[number][] | undefined;
client.on("message", (it) => toClient.push(it.toString("latin1")));
sink.on("message", (it, from) => {
  const text = it.toString("latin1");
  toSink.push(text);
  if (answers && !text.startsWith("SIP/2.0") && !text.startsWith("ACK "))
    void answer(text, answers.shift() ?? [], from);
});

async function answer(request: string, codes: NonNullable<Vector["uas"]>[number], from: RemoteInfo): Promise<void> {
  for (const code of codes) {
    sink.send(Buffer.from(replyTo(request, code), "latin1"), from.port, from.address);
    await sleep(8);
  }
}

const send = (socket: Socket, text: string): Promise<void> =>
  new Promise((resolve) => socket.send(Buffer.from(text, "latin1"), PORT.server, "127.0.0.1", () => resolve()));

/** The outcome, or what kept it from being seen. */
async function play(v: Vector): Promise<unknown> {
  toClient = [];
  toSink = [];
  answers = v.uas && [...v.uas];
  // Viaduct loads its own modules wherever they are said to be; Kamailio's are where it is installed.
  const script = composeScript(v).replace(/^mpath=.*$/m, `mpath="${moduleFolder}"`);
  const server = new ServerProcess(executable, v, script, folder);
  running = server;
  try {
    const started = await server.started(START);
    if (started === undefined) return { failure: "the server did not start" };
    if (!started) return { config_error: true };
    for (const name of typeof v.message === "string" ? [v.message] : (v.message ?? ["invite"])) {
      const raw = name.includes("\r\n") || name.startsWith("raw:") ? name.replace(/^raw:/, "") : messages[name]!;
      await send(client, raw);
      if (hasReplyRoute(v)) await sleep(150);
      else {
        const count = server.marks + 1;
        await send(ctl, CTL);
        if (!(await server.marked(count, DEAL))) return { failure: server.crashed ? "the server ended" : "no answer" };
      }
      if (v.wait_ms) await sleep(v.wait_ms);
    }
    await sleep(SETTLE);
    if (server.crashed) return { failure: "the server ended" };
  } finally {
    await server.stop();
    running = undefined;
  }
  return outcome(v, server.logged(), toClient, toSink);
}

for await (const line of createInterface({ input: process.stdin })) {
  const v = JSON.parse(line) as Vector;
  process.stdout.write(`${JSON.stringify({ id: v.id, got: await play(v) })}\n`);
}
for (const socket of [client, ctl, sink]) socket.close();
