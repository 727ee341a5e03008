/** Plays vectors over UDP on loopback against server processes: the peers' sockets, one vector alone, or many packed in one script. */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { setTimeout as sleep } from "node:timers/promises";
import { CTL, goTo, outcome, replyTo } from "./outcome.ts";
import { sentBy } from "./replay.ts";
import { ServerProcess } from "./udp-server.ts";
import { composePack, composeScript, hasReplyRoute, PORT, type Vector } from "./vector.ts";

/** Milliseconds: the server starts, a message is dealt with, and what is still under way arrives. */
const START = 10_000;
const DEAL = 5000;
const SETTLE = 4;

const bound = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    socket.once("error", reject);
    socket.bind(port, "127.0.0.1", () => resolve(socket));
  });

const send = (socket: Socket, text: string): Promise<void> =>
  new Promise((resolve) => socket.send(Buffer.from(text, "latin1"), PORT.server, "127.0.0.1", () => resolve()));

export class Peers {
  readonly #client: Socket;
  readonly #ctl: Socket;
  readonly #sink: Socket;
  readonly #executable: string;
  readonly #moduleFolder: string;
  readonly #folder: string;
  #toClient: string[] = [];
  #toSink: string[] = [];
  #answers: NonNullable<Vector["uas"]>[number][] | undefined;
  #running: ServerProcess | undefined;

  private constructor(sockets: readonly Socket[], executable: string, moduleFolder: string, folder: string) {
    [this.#client, this.#ctl, this.#sink] = sockets as [Socket, Socket, Socket];
    this.#executable = executable;
    this.#moduleFolder = moduleFolder;
    this.#folder = folder;
    this.#client.on("message", (it) => this.#toClient.push(it.toString("latin1")));
    this.#sink.on("message", (it, from) => {
      const text = it.toString("latin1");
      this.#toSink.push(text);
      if (this.#answers && !text.startsWith("SIP/2.0") && !text.startsWith("ACK "))
        void this.#answer(text, this.#answers.shift() ?? [], from);
    });
  }

  /** `executable` takes Kamailio's options; `folder` holds what the servers need. */
  static async bind(executable: string, moduleFolder: string, folder: string): Promise<Peers> {
    const sockets = await Promise.all([PORT.client, PORT.ctl, PORT.sink].map(bound));
    return new Peers(sockets, executable, moduleFolder, folder);
  }

  close(): void {
    for (const socket of [this.#client, this.#ctl, this.#sink]) socket.close();
  }

  /** Ends a server that runs, without waiting. */
  kill(): void {
    this.#running?.kill();
  }

  /** The outcome of one vector on a fresh server, or what kept it from being seen. */
  async play(v: Vector): Promise<unknown> {
    const server = this.#start(v, composeScript(v));
    try {
      const started = await server.started(START);
      if (started === undefined) return { failure: "the server did not start" };
      if (!started) return { config_error: true };
      this.#answers = v.uas && [...v.uas];
      for (const raw of sentBy(v)) {
        await send(this.#client, raw);
        if (hasReplyRoute(v)) await sleep(150);
        else {
          const count = server.marks + 1;
          await send(this.#ctl, CTL);
          if (!(await server.marked(count, DEAL)))
            return { failure: server.crashed ? "the server ended" : "no answer" };
        }
        if (v.wait_ms) await sleep(v.wait_ms);
      }
      await sleep(SETTLE);
      if (server.crashed) return { failure: "the server ended" };
    } finally {
      await this.#stop(server);
    }
    return outcome(v, server.logged(), this.#toClient, this.#toSink);
  }

  /**
   * The outcomes of vectors that differ in script, observations and message only, in order, on one server. Fewer come
   * back than went in when the server ended or hung at the vector after the last; undefined: the script was refused.
   */
  async playPack(pack: readonly Vector[]): Promise<unknown[] | undefined> {
    const server = this.#start(
      { ...pack[0]!, args: ["-m", "64", "-M", "32", ...(pack[0]!.args ?? [])] },
      composePack(pack),
    );
    const outcomes: unknown[] = [];
    try {
      if (!(await server.started(START))) return undefined;
      this.#answers = undefined;
      for (const [i, v] of pack.entries()) {
        const before = server.marks;
        await send(this.#ctl, goTo(i));
        if (!(await server.marked(before + 1, DEAL))) break;
        const from = server.written;
        this.#toClient = [];
        this.#toSink = [];
        for (const raw of sentBy(v)) await send(this.#client, raw);
        await send(this.#ctl, CTL);
        if (!(await server.marked(before + 2, DEAL))) break;
        await sleep(1);
        outcomes.push(outcome(v, server.logged().slice(from), this.#toClient, this.#toSink));
      }
    } finally {
      await this.#stop(server);
    }
    return outcomes;
  }

  #start(v: Vector, script: string): ServerProcess {
    this.#toClient = [];
    this.#toSink = [];
    // Viaduct loads its own modules wherever they are said to be; Kamailio's are where it is installed.
    const placed = script.replace(/^mpath=.*$/m, `mpath="${this.#moduleFolder}"`);
    this.#running = new ServerProcess(this.#executable, v, placed, this.#folder);
    return this.#running;
  }

  async #stop(server: ServerProcess): Promise<void> {
    await server.stop();
    this.#running = undefined;
  }

  async #answer(request: string, codes: NonNullable<Vector["uas"]>[number], from: RemoteInfo): Promise<void> {
    for (const code of codes) {
      this.#sink.send(Buffer.from(replyTo(request, code), "latin1"), from.port, from.address);
      await sleep(8);
    }
  }
}
