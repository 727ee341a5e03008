/** Sends and receives SIP messages over datagrams and connections. */
import type { Destination, LocalSocket } from "../sip/address.ts";
import type { ListenSocket } from "./listen.ts";
import { level, type TransportOptions } from "./options.ts";
import type { Datagrams } from "./socket.ts";
import type { Sockets } from "./sockets.ts";
import { type StreamCounters, Streams } from "./streams.ts";

/** Datagrams shorter than this are keep-alives (Kamailio's MIN_UDP_PACKET). */
const shortest = 20;
/** Milliseconds between two attempts to bind a virtual address. */
const virtualInterval = 5000;

export class Transports {
  readonly #options: TransportOptions;
  readonly #datagrams = new Map<LocalSocket, Datagrams>();
  readonly #retries = new Set<{ cancel(): void }>();
  #closed = false;
  readonly streams: Streams;
  /** Datagrams received (keep-alives apart), sent, and refused by the system. */
  readonly udp = { received: 0, sent: 0, refused: 0 };

  constructor(options: TransportOptions) {
    this.#options = options;
    this.streams = new Streams(options);
  }

  get sockets(): Sockets {
    return this.#options.sockets;
  }
  get tcp(): StreamCounters {
    return this.streams.counters;
  }

  /** Opens every socket of the table. The problem that kept one from opening, when there was one; then all are closed. */
  async open(): Promise<string | undefined> {
    const { sockets } = this.#options;
    for (const socket of sockets.all) {
      try {
        await this.#openOne(socket);
      } catch (error) {
        const problem = `cannot listen on ${socket.protocol}:${socket.address}:${socket.port}: ${(error as Error).message}`;
        if (socket.virtual) {
          this.#later(socket, problem);
          continue;
        }
        await this.close();
        return problem;
      }
    }
    return undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#retries) timer.cancel();
    this.#retries.clear();
    const open = [...this.#datagrams.values()];
    this.#datagrams.clear();
    await Promise.all([...open.map((it) => it.close()), this.streams.close()]);
  }

  /**
   * Sends bytes (latin1). UDP answers at once; a stream answers false when the message could not be written or
   * queued. A promise while a connection is being made: it is queued, and false follows if the peer refuses soon.
   */
  send(text: string, to: Destination): boolean | Promise<boolean> {
    if (to.protocol !== "udp") return this.streams.send(text, to);
    const socket = to.socket ?? this.#options.sockets.toward("udp", to.ip);
    const datagrams = socket && this.#datagrams.get(socket);
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

  #openOne(socket: ListenSocket): Promise<void> {
    return socket.protocol === "udp" ? this.#bind(socket) : this.streams.listen(socket);
  }

  /** A virtual address may be another machine's for now: it is tried again until it is ours. */
  #later(socket: ListenSocket, problem: string): void {
    const { clock, log } = this.#options;
    log(level.warn, `${problem}; trying again`);
    const timer = clock.after(virtualInterval, () => {
      this.#retries.delete(timer);
      this.#openOne(socket).catch((error: Error) => {
        if (!this.#closed) this.#later(socket, error.message);
      });
    });
    this.#retries.add(timer);
  }

  async #bind(socket: ListenSocket): Promise<void> {
    const { net, clock, settings, onMessage, log } = this.#options;
    const { address, port } = socket;
    const counters = this.udp;
    const datagrams = await net.bind(
      { address, port, family: socket.family, receiveBuffer: settings.udpReceiveBuffer },
      {
        message(text, srcIp, srcPort) {
          if (text.length >= settings.maxMessage) {
            log(level.warn, `datagram of ${text.length} bytes from ${srcIp}:${srcPort} is too long`);
            return;
          }
          if (text.length < shortest || srcPort === 0) return;
          counters.received++;
          onMessage(text, {
            socket,
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
    this.#datagrams.set(socket, datagrams);
  }
}
