/**
 * A network in memory: datagrams and byte streams between addresses, delivered on the virtual clock in the order
 * they were sent. Faults (loss, duplicates, delay) are decided by a function, so that a test can seed them.
 */
import type {
  ConnectOptions,
  DatagramHandlers,
  DatagramOptions,
  Datagrams,
  Endpoint,
  Listener,
  ListenOptions,
  NetInterface,
  SocketPort,
  Stream,
  StreamHandlers,
} from "../transport/socket.ts";
import type { VirtualClock } from "./clock.ts";

/** What becomes of one datagram: the delays, in milliseconds, of each copy that arrives; none loses it. */
export type Faults = (datagram: {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly text: string;
}) => readonly number[];

const AT_ONCE: readonly number[] = [0];
const key = (address: string, port: number): string => `${address}|${port}`;

export class SimulatedNetwork implements SocketPort {
  readonly #clock: VirtualClock;
  readonly #datagrams = new Map<string, DatagramHandlers>();
  readonly #listeners = new Map<
    string,
    { options: ListenOptions; accept: (stream: Stream) => StreamHandlers | undefined }
  >();
  #nextPort = 40_000;

  /** Decides about each datagram; undefined delivers all at once. */
  faults: Faults | undefined;
  /** False: sending there fails at once ("Network is unreachable"). */
  reachable: (ip: string) => boolean = () => true;
  localInterfaces: NetInterface[] = [{ name: "lo", address: "127.0.0.1", family: 4, internal: true }];
  /** Names that the system's own resolver knows (the hosts file). */
  readonly hosts = new Map<string, string>();
  /** Datagrams sent to an address where nobody listens. */
  lost = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  async bind(options: DatagramOptions, handlers: DatagramHandlers): Promise<Datagrams> {
    return this.bindNow(options, handlers);
  }

  /** As `bind`, without a promise: for peers of a test. Throws when the address is taken. */
  bindNow(options: Endpoint, handlers: DatagramHandlers): Datagrams {
    const local = { address: options.address, port: options.port || this.#nextPort++ };
    const at = key(local.address, local.port);
    if (this.#datagrams.has(at)) throw new Error(`bind ${local.address}:${local.port}: address already in use`);
    this.#datagrams.set(at, handlers);
    const network = this;
    return {
      local,
      refused: "Network is unreachable",
      send(text, ip, port) {
        if (!network.reachable(ip)) return false;
        network.#send(local, { address: ip, port }, text);
        return true;
      },
      close: async () => {
        this.#datagrams.delete(at);
      },
    };
  }

  #send(from: Endpoint, to: Endpoint, text: string): void {
    for (const delay of this.faults?.({ from, to, text }) ?? AT_ONCE)
      this.#clock.after(delay, () => {
        const handlers = this.#datagrams.get(key(to.address, to.port)) ?? this.#datagrams.get(key("0.0.0.0", to.port));
        if (handlers) handlers.message(text, from.address, from.port);
        else this.lost++;
      });
  }

  async listen(options: ListenOptions, accept: (stream: Stream) => StreamHandlers | undefined): Promise<Listener> {
    return this.listenNow(options, accept);
  }

  listenNow(options: ListenOptions, accept: (stream: Stream) => StreamHandlers | undefined): Listener {
    const local = { address: options.address, port: options.port || this.#nextPort++ };
    const at = key(local.address, local.port);
    if (this.#listeners.has(at)) throw new Error(`listen ${local.address}:${local.port}: address already in use`);
    this.#listeners.set(at, { options, accept });
    return {
      local,
      close: async () => {
        this.#listeners.delete(at);
      },
    };
  }

  connect(options: ConnectOptions & { readonly localPort?: number }, handlers: StreamHandlers): Stream {
    const local = {
      address: options.localAddress ?? this.routeTo(options.address),
      port: options.localPort ?? this.#nextPort++,
    };
    const remote = { address: options.address, port: options.port };
    const near = new Pipe(this.#clock, local, remote, handlers);
    this.#clock.after(0, () => {
      const listener =
        this.#listeners.get(key(remote.address, remote.port)) ?? this.#listeners.get(key("0.0.0.0", remote.port));
      if (!listener || !this.reachable(remote.address))
        return near.finish(listener ? "network is unreachable" : "connection refused");
      const far = new Pipe(this.#clock, remote, local, undefined);
      near.join(far);
      const accepted = listener.accept(far);
      if (!accepted) return near.finish();
      far.handlers = accepted;
      near.connected();
    });
    return near;
  }

  interfaces(): readonly NetInterface[] {
    return this.localInterfaces;
  }
  routeTo(_ip: string): string {
    return this.localInterfaces[0]!.address;
  }
  async lookup(name: string): Promise<{ address: string; family: 4 | 6 }[]> {
    const address = this.hosts.get(name.toLowerCase());
    return address === undefined ? [] : [{ address, family: address.includes(":") ? 6 : 4 }];
  }
  async reverse(): Promise<undefined> {
    return undefined;
  }
}

/** One end of a stream. What is written before the other end is there waits. */
class Pipe implements Stream {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  handlers: StreamHandlers | undefined;
  readonly #clock: VirtualClock;
  #peer: Pipe | undefined;
  #waiting: string[] = [];
  #open = true;

  constructor(clock: VirtualClock, local: Endpoint, remote: Endpoint, handlers: StreamHandlers | undefined) {
    this.#clock = clock;
    this.local = local;
    this.remote = remote;
    this.handlers = handlers;
  }

  get queued(): number {
    return this.#waiting.reduce((sum, text) => sum + text.length, 0);
  }

  join(peer: Pipe): void {
    this.#peer = peer;
    peer.#peer = this;
  }

  connected(): void {
    this.handlers?.connected?.();
    for (const text of this.#waiting.splice(0)) this.write(text);
    this.handlers?.drained?.();
  }

  write(text: string): void {
    if (!this.#open) return;
    const peer = this.#peer;
    if (!peer) this.#waiting.push(text);
    else
      this.#clock.after(0, () => {
        if (peer.#open) peer.handlers?.data(text);
      });
  }

  end(): void {
    this.destroy();
  }

  destroy(): void {
    if (!this.#open) return;
    const peer = this.#peer;
    this.#clock.after(0, () => {
      this.finish();
      peer?.finish();
    });
  }

  /** The stream is gone: says so once. */
  finish(reason?: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.handlers?.closed(reason);
  }
}
