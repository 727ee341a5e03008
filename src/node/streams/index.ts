/** TCP on Node's net, and TLS over it. */
import { createServer, connect as netConnect, type Server, type Socket } from "node:net";
import type { Endpoint } from "../../sip/address.ts";
import type {
  ConnectOptions,
  KeepAlive,
  Listener,
  ListenOptions,
  Stream,
  StreamHandlers,
  StreamOptions,
} from "../../transport/socket.ts";
import { reasonOf } from "../system-error.ts";
import { probe } from "./keep-alive.ts";
import { readProxyHeader } from "./proxied.ts";
import { connectSecurely, type Ends, SecureListener, SecureStream } from "./tls.ts";

export const listenStreams = (
  options: ListenOptions,
  accept: (stream: Stream) => StreamHandlers | undefined,
): Promise<Listener> =>
  new Promise((resolve, reject) => {
    const open = new Set<Socket>();
    const secure = options.tls && new SecureListener(options);
    const take = (socket: Socket, ends?: Ends): void => {
      const profiles = options.tls?.();
      const stream = secure ? new SecureStream(socket, ends) : new NodeStream(socket, ends);
      const handlers = secure && !profiles ? undefined : accept(stream);
      if (!handlers) {
        socket.on("error", () => {});
        socket.destroy();
        return;
      }
      stream.start(handlers);
      if (stream instanceof SecureStream) secure?.begin(socket, stream, profiles!);
    };
    const server = createServer(tuning(options), (socket) => {
      // The peer may be gone before it is looked at.
      if (socket.remoteAddress === undefined) {
        socket.destroy();
        return;
      }
      open.add(socket);
      socket.once("close", () => open.delete(socket));
      probe(socket, options.keepAlive);
      if (options.proxied) readProxyHeader(socket, options.proxied, take);
      else take(socket);
    });
    server.once("error", reject);
    const { address: host, port, backlog, family } = options;
    server.listen({ host, port, ipv6Only: family === 6, exclusive: true, ...(backlog && { backlog }) }, () => {
      server.off("error", reject);
      // Accepting failed, for lack of descriptors say: the next connection may succeed.
      server.on("error", () => {});
      resolve({ local: endpoint(server), close: () => shut(server, open) });
    });
  });

export const connectStream = (options: ConnectOptions, handlers: StreamHandlers): Stream => {
  if (options.tls) return connectSecurely(options, options.tls, handlers);
  const socket = netConnect({
    host: options.address,
    port: options.port,
    ...(options.localAddress !== undefined && { localAddress: options.localAddress }),
    ...tuning(options),
  });
  probe(socket, options.keepAlive);
  const stream = new NodeStream(socket, { remote: { address: options.address, port: options.port } });
  stream.start(handlers);
  return stream;
};

const tuning = (options: StreamOptions) => ({ noDelay: options.noDelay });

const endpoint = (server: Server): Endpoint => {
  const bound = server.address();
  return bound && typeof bound === "object" ? { address: bound.address, port: bound.port } : { address: "", port: 0 };
};

const shut = (server: Server, open: Set<Socket>): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of open) socket.destroySoon();
  });

class NodeStream implements Stream {
  readonly #socket: Socket;
  readonly #local: Endpoint | undefined;
  readonly remote: Endpoint;
  readonly carrier: Endpoint | undefined;
  #handlers: StreamHandlers | undefined;

  constructor(socket: Socket, ends?: Ends) {
    this.#socket = socket;
    this.#local = ends?.local;
    this.remote = ends?.remote ?? { address: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
    this.carrier = ends?.carrier;
  }

  start(handlers: StreamHandlers): void {
    this.#handlers = handlers;
    let reason: string | undefined;
    const socket = this.#socket;
    if (handlers.connected) socket.once("connect", () => handlers.connected?.());
    socket.on("data", (data: Buffer) => handlers.data(data.toString("latin1")));
    socket.on("error", (error) => {
      reason = reasonOf(error);
    });
    socket.once("close", () => handlers.closed(reason));
  }

  get local(): Endpoint {
    return this.#local ?? { address: this.#socket.localAddress ?? "", port: this.#socket.localPort ?? 0 };
  }
  get queued(): number {
    return this.#socket.writableLength;
  }
  write(text: string): void {
    const socket = this.#socket;
    if (!socket.writable) return;
    socket.write(text, "latin1", () => {
      if (socket.writableLength === 0) this.#handlers?.drained?.();
    });
  }
  end(): void {
    this.#socket.destroySoon();
  }
  destroy(reset = false): void {
    if (reset) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }
  probe(probes: KeepAlive | undefined): void {
    probe(this.#socket, probes);
  }
}
