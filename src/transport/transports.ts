/** Sends and receives SIP messages over datagrams and connections. */
import type { Destination, LocalSocket, ReceiveInfo } from "../sip/address.ts";
import type { StreamCounters } from "./counters.ts";
import type { ListenSocket } from "./listen.ts";
import { level, type TransportOptions } from "./options.ts";
import type { Datagrams, Listener } from "./socket.ts";
import type { Sockets } from "./sockets.ts";
import { Streams } from "./streams.ts";

/** Datagrams shorter than this are keep-alives (Kamailio's MIN_UDP_PACKET). */
const shortest = 20;
/** Milliseconds between two attempts to bind a virtual address. */
const virtualInterval = 5000;

/** Messages that may come between opening and `serve`. */
const mostWaiting = 1000;

/** Messages that came on a socket that is open and not yet in service. */
type Waiting = [text: string, received: ReceiveInfo][];

/** Sockets that another table needs and that have been opened for it; either `commit` or `abort` has to follow. */
export interface Change {
  /** Changes to the table. Gives the sockets that it has no more: they stay open until `drop`. */
  commit(): readonly ListenSocket[];
  abort(): Promise<void>;
}

/** An open socket. After a change of script another object may stand for the same address. */
interface Open {
  socket: ListenSocket;
  readonly datagrams?: Datagrams;
  readonly listener?: Listener;
}

const keyOf = ({ protocol, address, port }: LocalSocket): string => `${protocol}:${address}:${port}`;

export class Transports {
  readonly #options: TransportOptions;
  #sockets: Sockets;
  readonly #open = new Map<string, Open>();
  /** The way of each datagram: by the object, without making a key. Objects of an earlier script are found by key. */
  readonly #datagrams = new Map<LocalSocket, Datagrams>();
  readonly #retries = new Map<string, { cancel(): void }>();
  #waiting: Waiting | undefined = [];
  /** By key: what comes on sockets whose table is not in force yet. */
  readonly #held = new Map<string, Waiting>();
  readonly streams: Streams;
  /** The table of a change that is under way, and sockets that were to be closed meanwhile and that it wants. */
  #next: Sockets | undefined = undefined;
  #spared: ListenSocket[] = [];
  /** Datagrams received (keep-alives apart), sent, and refused by the system. */
  readonly udp = { received: 0, sent: 0, refused: 0 };

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#sockets = options.sockets;
    this.streams = new Streams({ ...options, onMessage: (text, received) => this.#deliver(text, received) });
  }

  get sockets(): Sockets {
    return this.#sockets;
  }
  get tcp(): StreamCounters {
    return this.streams.counters;
  }

  /** Opens every socket of the table. The problem that kept one from opening, when there was one; then none is open. */
  async open(): Promise<string | undefined> {
    const problem = await this.use(this.#sockets);
    if (problem !== undefined) await this.close();
    return problem;
  }

  /** Messages are delivered from now on, first those that came since the sockets were opened. */
  serve(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const [text, received] of waiting) this.#options.onMessage(text, received);
  }

  /**
   * Changes to another table, of a new script: sockets that both have stay open with what is under way on them, new
   * ones are opened, and the others closed. The problem that kept a new one from opening; then all is as it was.
   */
  async use(sockets: Sockets): Promise<string | undefined> {
    const change = await this.prepare(sockets);
    if (typeof change === "string") return change;
    await this.drop(change.commit());
    return undefined;
  }

  /** Opens what another table has besides this one. A string is the problem that kept one from opening. */
  async prepare(sockets: Sockets): Promise<Change | string> {
    const opened: Open[] = [];
    const later: [ListenSocket, string][] = [];
    const held: string[] = [];
    this.#next = sockets;
    const abort = async (): Promise<void> => {
      this.#next = undefined;
      for (const key of held) this.#held.delete(key);
      for (const it of opened) await this.#shut(it);
      await this.drop(this.#spared.splice(0));
    };
    for (const socket of sockets.all) {
      const key = keyOf(socket);
      if (this.#open.has(key)) continue;
      this.#held.set(key, []);
      held.push(key);
      try {
        opened.push(await this.#openOne(socket));
      } catch (error) {
        const problem = `cannot listen on ${key}: ${(error as Error).message}`;
        if (socket.virtual) {
          later.push([socket, problem]);
          continue;
        }
        await abort();
        return problem;
      }
    }
    return { abort, commit: () => this.#commit(sockets, held, later) };
  }

  #commit(sockets: Sockets, held: readonly string[], later: readonly [ListenSocket, string][]): ListenSocket[] {
    this.#sockets = sockets;
    this.#next = undefined;
    this.#spared = [];
    this.streams.sockets = sockets;
    this.#datagrams.clear();
    for (const socket of sockets.all) {
      const it = this.#open.get(keyOf(socket));
      if (!it) continue;
      it.socket = socket;
      if (it.datagrams) this.#datagrams.set(socket, it.datagrams);
    }
    const wanted = new Set(sockets.all.map(keyOf));
    for (const [key, timer] of [...this.#retries])
      if (!wanted.has(key)) {
        timer.cancel();
        this.#retries.delete(key);
      }
    for (const [socket, problem] of later) if (!this.#retries.has(keyOf(socket))) this.#later(socket, problem);
    for (const key of held) {
      const waiting = this.#held.get(key) ?? [];
      this.#held.delete(key);
      for (const [text, received] of waiting) this.#deliver(text, received);
    }
    return [...this.#open].filter(([key]) => !wanted.has(key)).map(([, it]) => it.socket);
  }

  /** Closes sockets that the table has no more; those that it has again, or is about to have, stay open. */
  async drop(sockets: readonly ListenSocket[]): Promise<void> {
    const has = (table: Sockets | undefined, key: string): boolean =>
      table?.all.some((it) => keyOf(it) === key) === true;
    for (const socket of sockets) {
      const key = keyOf(socket);
      const it = this.#open.get(key);
      // The tables may change while one is being closed.
      if (!it || has(this.#sockets, key)) continue;
      if (has(this.#next, key)) this.#spared.push(socket);
      else await this.#shut(it);
    }
  }

  async close(): Promise<void> {
    for (const timer of this.#retries.values()) timer.cancel();
    this.#retries.clear();
    this.#datagrams.clear();
    const open = [...this.#open.values()];
    this.streams.close();
    await Promise.all(open.map((it) => this.#shut(it)));
  }

  /**
   * Sends bytes (latin1). UDP answers at once; a stream answers false when the message could not be written or
   * queued. A promise while a connection is being made: it is queued, and false follows if the peer refuses soon.
   */
  send(text: string, to: Destination): boolean | Promise<boolean> {
    if (to.protocol !== "udp") return this.streams.send(text, to);
    const socket = to.socket ?? this.#sockets.toward("udp", to.ip);
    const datagrams = socket && (this.#datagrams.get(socket) ?? this.#open.get(keyOf(socket))?.datagrams);
    if (!datagrams) {
      this.#options.log(level.error, `no socket to send to udp:${to.ip}:${to.port}`);
      return false;
    }
    if (datagrams.send(text, to.ip, to.port)) {
      this.udp.sent++;
      return true;
    }
    this.udp.refused++;
    this.#options.log(
      level.error,
      `sending ${text.length} bytes from ${socket.address}:${socket.port} to ${to.ip}:${to.port} failed: ${datagrams.refused}`,
    );
    return false;
  }

  async #openOne(socket: ListenSocket): Promise<Open> {
    const it = socket.protocol === "udp" ? await this.#bind(socket) : await this.streams.listen(socket);
    this.#open.set(keyOf(socket), it);
    return it;
  }

  async #shut(it: Open): Promise<void> {
    const key = keyOf(it.socket);
    if (this.#open.get(key) === it) this.#open.delete(key);
    await (it.datagrams ?? it.listener)?.close();
  }

  /** A virtual address may be another machine's for now: it is tried again until it is ours. */
  #later(socket: ListenSocket, problem: string): void {
    const { clock, log } = this.#options;
    log(level.warn, `${problem}; trying again`);
    const key = keyOf(socket);
    const timer = clock.after(virtualInterval, () => {
      this.#openOne(socket).then(
        (it) => {
          // Given up while it was being opened.
          if (this.#retries.get(key) !== timer) return this.#shut(it);
          this.#retries.delete(key);
          if (it.datagrams) this.#datagrams.set(socket, it.datagrams);
          return undefined;
        },
        (error: Error) => {
          if (this.#retries.get(key) === timer) this.#later(socket, error.message);
        },
      );
    });
    this.#retries.set(key, timer);
  }

  #deliver(text: string, received: ReceiveInfo): boolean {
    if (this.#held.size > 0) {
      const held = this.#held.get(keyOf(received.socket));
      if (held) {
        if (held.length < mostWaiting) held.push([text, received]);
        return true;
      }
    }
    if (!this.#waiting) return this.#options.onMessage(text, received);
    if (this.#waiting.length < mostWaiting) this.#waiting.push([text, received]);
    return true;
  }

  async #bind(first: ListenSocket): Promise<Open> {
    const { net, clock, settings, log } = this.#options;
    const { address, port } = first;
    const counters = this.udp;
    const datagrams = await net.bind(
      { address, port, family: first.family, receiveBuffer: settings.udpReceiveBuffer },
      {
        message: (text, srcIp, srcPort) => {
          if (text.length >= settings.maxMessage) {
            log(level.warn, `datagram of ${text.length} bytes from ${srcIp}:${srcPort} is too long`);
            return;
          }
          if (text.length < shortest || srcPort === 0) return;
          counters.received++;
          this.#deliver(text, {
            socket: it.socket,
            protocol: "udp",
            srcIp,
            srcPort,
            dstIp: address,
            dstPort: port,
            connection: 0,
            time: clock.now(),
          });
        },
        failed: (message) => log(level.error, `udp:${address}:${port}: ${message}`),
      },
    );
    const it: Open = { socket: first, datagrams };
    return it;
  }
}
