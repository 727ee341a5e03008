/**
 * Plays one flow against an installed Kamailio over loopback, in real time, and says what it did. The server listens
 * on 127.0.0.1:5060, so that each flow needs a network namespace of its own. Flows with HTTP services are not played.
 */
import { spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type Socket as Connection, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Flow, Outcome } from "./flow.ts";
import { normalise } from "./normalise.ts";
import { type Ground, Stage, type StreamEnds, type Wire } from "./peers.ts";

/** Says on stderr that the first worker is there. */
const UP = 'event_route[core:worker-one-init] { xlog("@@UP\\n"); }\n';
/** Milliseconds that a server gets to start. */
const PATIENCE = 10_000;

export interface Recording {
  readonly outcome: Outcome;
  /** What the server complained about. */
  readonly complaints: readonly string[];
  /** A process of the server died. */
  readonly crashed: boolean;
}

/** `head`: milliseconds between the start of the server and that of the flow. */
export async function recordFlow(flow: Flow, executable: string, modules: string, head = 160): Promise<Recording> {
  const folder = mkdtempSync(join(tmpdir(), "flow-"));
  const inFolder = (text: string): string => text.replaceAll("{dir}", folder);
  const script = join(folder, "k.cfg");
  writeFileSync(script, `${inFolder(flow.cfg)}\n${UP}`, "latin1");
  for (const [name, text] of Object.entries(flow.files ?? {})) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), inFolder(text), "latin1");
  }
  const ground = new RealGround();
  const stage = new Stage(flow, ground);
  await ground.ready();
  const options = ["-DD", "-E", "-f", script, "-L", modules, "-m", "32", "-M", "8", "-Y", folder, "-w", folder];
  const server = spawn(executable, [...options, "-P", join(folder, "pid"), ...(flow.args ?? [])], {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: process.env.PATH, TZ: "UTC", LANG: "C" },
    cwd: folder,
  });
  const lines: { at: number; level: string; text: string }[] = [];
  let crashed = false;
  let exited = false;
  const up = new Promise<boolean>((resolve) => {
    server.on("error", () => resolve(false));
    server.on("exit", () => {
      exited = true;
      resolve(false);
    });
    let rest = "";
    server.stderr.on("data", (bytes: Buffer) => {
      const whole = (rest + bytes.toString("latin1")).split("\n");
      rest = whole.pop()!;
      for (const line of whole) {
        if (line.includes("<script>: @@UP")) resolve(true);
        if (/child process \d+ exited by a signal|core was (not )?generated/.test(line)) crashed = true;
        const parts = /^\s*\d+\(\d+\) ([A-Z]+): (?:\{[^}]*\} )?(.*)$/s.exec(line);
        if (parts) lines.push({ at: ground.now(), level: parts[1]!, text: parts[2]! });
      }
    });
    setTimeout(() => resolve(false), PATIENCE);
  });
  const started = await up;
  if (started) {
    await sleep(head);
    lines.length = 0;
    stage.received.length = 0;
    stage.begin();
    await sleep(flow.duration_ms ?? 600);
  }
  ground.over = true;
  const gone = exited || new Promise((done) => server.once("exit", done));
  try {
    process.kill(-server.pid!, "SIGKILL");
  } catch {
    // It is gone already.
  }
  await gone;
  await ground.close();
  rmSync(folder, { recursive: true, force: true });
  const complaints = lines
    .filter((it) => /^(ERROR|CRITICAL|BUG|ALERT)$/.test(it.level) && !it.text.startsWith("<script>"))
    .map((it) => it.text);
  if (!started) return { outcome: { config_error: true }, complaints, crashed };
  const also = flow.log_also === undefined ? undefined : new RegExp(flow.log_also);
  const log = lines.flatMap(({ at, text }) => {
    const t = at - stage.start;
    if (text.startsWith("<script>: > ")) return [{ t, v: text.slice(12).replaceAll(folder, "{dir}") }];
    if (also?.test(text)) return [{ t, v: `! ${text.replace(/^\S+ \[[^\]]*\]: \w+\(\): /, "")}` }];
    return [];
  });
  const played = { received: stage.received, log, http: [], made: stage.made };
  return { outcome: normalise(flow, played), complaints, crashed };
}

class RealGround implements Ground {
  readonly #pending: Promise<unknown>[] = [];
  readonly #sockets: Socket[] = [];
  readonly #servers: Server[] = [];
  readonly #connections = new Set<Connection>();
  /** Nothing is received or sent any more. */
  over = false;

  now(): number {
    return performance.now();
  }
  later(ms: number, what: () => void): void {
    setTimeout(() => {
      if (!this.over) what();
    }, ms);
  }

  datagrams(at: { address: string; port: number }, message: (text: string, host: string, port: number) => void) {
    const socket = createSocket("udp4");
    this.#sockets.push(socket);
    socket.on("message", (bytes, from) => {
      if (!this.over) message(bytes.toString("latin1"), from.address, from.port);
    });
    this.#pending.push(
      new Promise<void>((done, fail) => {
        socket.once("error", fail);
        socket.bind(at.port, at.address, done);
      }),
    );
    return {
      send: (text: string, host: string, port: number): boolean => {
        socket.send(Buffer.from(text, "latin1"), port, host, () => undefined);
        return true;
      },
    };
  }

  listen(at: { address: string; port: number }, accept: (stream: Wire) => StreamEnds): void {
    const server = createServer((connection) => {
      const wire = this.#wire(connection);
      this.#read(connection, accept(wire));
    });
    this.#servers.push(server);
    this.#pending.push(new Promise<void>((done) => server.listen(at.port, at.address, done)));
  }

  connect(from: { address: string; port: number }, to: { address: string; port: number }, ends: StreamEnds): Wire {
    const connection = connect({ host: to.address, port: to.port, localAddress: from.address, localPort: from.port });
    this.#read(connection, ends);
    return this.#wire(connection);
  }

  #wire(connection: Connection): Wire {
    this.#connections.add(connection);
    connection.setNoDelay(true);
    return {
      write: (text) => void connection.write(text, "latin1"),
      destroy: () => void connection.destroy(),
    };
  }
  #read(connection: Connection, ends: StreamEnds): void {
    connection.on("data", (bytes) => {
      if (!this.over) ends.data(bytes.toString("latin1"));
    });
    connection.on("error", () => undefined);
    connection.on("close", () => {
      this.#connections.delete(connection);
      ends.closed();
    });
  }

  async ready(): Promise<void> {
    await Promise.all(this.#pending);
  }
  async close(): Promise<void> {
    for (const it of this.#connections) it.resetAndDestroy();
    for (const it of this.#servers) it.close();
    await Promise.all(this.#sockets.map((it) => new Promise<void>((done) => it.close(done))));
  }
}
