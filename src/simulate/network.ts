/**
 * A network in memory: datagrams and byte streams between addresses, delivered on the virtual clock in the order
 * they were sent. Faults (loss, duplicates, delay) are decided by a function, so that a test can seed them. Streams
 * with TLS are told of as secured, and carry their bytes as they are: certificates are not looked at.
 */
import type { Endpoint } from "../sip/address.ts";
import type { TlsFacts, TlsProfile } from "../sip/secure.ts";
import type {
  ConnectOptions,
  DatagramHandlers,
  DatagramOptions,
  Datagrams,
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

/** Bytes that one end sent: a datagram, or a piece of a stream. */
export interface Sent {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly protocol: "udp" | "tcp";
  readonly text: string;
}

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
  /** Sees everything that is sent, when it is sent. */
  tap: ((sent: Sent) => void) | undefined;
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
    this.tap?.({ from, to, protocol: "udp", text });
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
    const tap = (sent: Sent): void => this.tap?.(sent);
    const near = new Pipe(this.#clock, local, remote, handlers, tap);
    this.#clock.after(0, () => {
      const listener =
        this.#listeners.get(key(remote.address, remote.port)) ?? this.#listeners.get(key("0.0.0.0", remote.port));
      if (!listener || !this.reachable(remote.address))
        return near.finish(listener ? "network is unreachable" : "connection refused");
      const serverName = options.tls?.serverName;
      const profile = listener.options.tls?.()?.server(remote.address, remote.port, serverName);
      if (listener.options.tls && !profile) return near.finish("connection reset by peer");
      const far = new Pipe(this.#clock, remote, local, undefined, tap);
      near.secure = options.tls && factsOf(options.tls, serverName);
      far.secure = profile && factsOf(profile, serverName);
      near.join(far);
      const accepted = listener.accept(far);
      if (!accepted) return near.finish();
      far.handlers = accepted;
      near.connected();
      far.connected();
    });
    return near;
  }

  interfaces(): readonly NetInterface[] {
    return this.localInterfaces;
  }
  /** Interfaces have networks of 24 bits; everything else is reached by the first. */
  routeTo(ip: string): string {
    if (ip.includes(":")) return "::1";
    const network = ip.slice(0, ip.lastIndexOf(".") + 1);
    const near = this.localInterfaces.find((it) => !it.internal && it.address.startsWith(network));
    return (near ?? this.localInterfaces[0]!).address;
  }
  async lookup(name: string): Promise<{ address: string; family: 4 | 6 }[]> {
    const address = this.hosts.get(name.toLowerCase());
    return address === undefined ? [] : [{ address, family: address.includes(":") ? 6 : 4 }];
  }
  async reverse(): Promise<undefined> {
    return undefined;
  }
}

/** What a handshake between two of us comes to. */
const factsOf = ({ name }: TlsProfile, serverName: string | undefined): TlsFacts => ({
  profile: name,
  version: "TLSv1.3",
  cipher: "TLS_AES_256_GCM_SHA384",
  bits: 256,
  serverName,
  own: undefined,
  peer: undefined,
  verdict: "",
});

/** One end of a stream. What is written before the other end is there waits. */
class Pipe implements Stream {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  handlers: StreamHandlers | undefined;
  secure: TlsFacts | undefined = undefined;
  readonly #clock: VirtualClock;
  readonly #tap: (sent: Sent) => void;
  #peer: Pipe | undefined;
  #waiting: string[] = [];
  #open = true;

  constructor(
    clock: VirtualClock,
    local: Endpoint,
    remote: Endpoint,
    handlers: StreamHandlers | undefined,
    tap: (sent: Sent) => void,
  ) {
    this.#clock = clock;
    this.#tap = tap;
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
    else {
      this.#tap({ from: this.local, to: this.remote, protocol: "tcp", text });
      this.#clock.after(0, () => {
        if (peer.#open) peer.handlers?.data(text);
      });
    }
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
