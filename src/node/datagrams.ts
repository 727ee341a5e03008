/** UDP sockets on Node's dgram, kept as short as it allows on the way of each datagram. */
import { createSocket, type Socket } from "node:dgram";
import type { DatagramHandlers, DatagramOptions, Datagrams, Family } from "../transport/socket.ts";
import { getSystemErrorMessage } from "./system-error.ts";

/** Addresses are literals here: answering at once saves a trip through the resolver for each datagram. */
const literal = (
  address: string,
  options: unknown,
  callback?: (error: Error | null, address: string, family: number) => void,
): void => {
  const done = (callback ?? options) as (error: Error | null, address: string, family: number) => void;
  done(null, address, address.includes(":") ? 6 : 4);
};

export const bindDatagrams = (options: DatagramOptions, handlers: DatagramHandlers): Promise<Datagrams> =>
  new Promise((resolve, reject) => {
    const socket = createSocket({
      type: options.family === 6 ? "udp6" : "udp4",
      ipv6Only: options.family === 6,
      // Kamailio sets SO_REUSEADDR: a restart need not wait for the process before it.
      reuseAddr: true,
      lookup: literal,
      ...(options.receiveBuffer && { recvBufferSize: options.receiveBuffer }),
      ...(options.sendBuffer && { sendBufferSize: options.sendBuffer }),
    });
    const failed = (error: Error): void => reject(error);
    socket.once("error", failed);
    socket.bind({ address: options.address, port: options.port, exclusive: true }, () => {
      socket.off("error", failed);
      socket.on("error", (error) => handlers.failed(error.message));
      socket.on("message", (data, from) => handlers.message(data.toString("latin1"), from.address, from.port));
      resolve(new NodeDatagrams(socket));
    });
  });

class NodeDatagrams implements Datagrams {
  readonly local: { address: string; port: number };
  readonly #socket: Socket;
  /** What the system said to the last datagram: negative error number, or not. */
  #code = 0;
  #closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    const { address, port } = socket.address();
    this.local = { address, port };
    overhear(socket, (code) => {
      this.#code = code;
    });
  }

  send(text: string, ip: string, port: number): boolean {
    if (this.#closed) return false;
    this.#code = 0;
    this.#socket.send(Buffer.from(text, "latin1"), port, ip);
    return this.#code >= 0;
  }

  get refused(): string {
    return this.#closed ? "socket is closed" : getSystemErrorMessage(this.#code);
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    return new Promise((resolve) => {
      this.#socket.close(() => resolve());
    });
  }
}

interface Handle {
  send(request: unknown, list: unknown, length: number, port: number, ip: string, callback: boolean): number;
}

/**
 * Node tries to send in the very call, but reports a refusal (network unreachable) only later, through a callback
 * that costs time for every datagram. The script wants to know at once, so we listen at the handle below. Where a
 * future Node has no such handle, a refused datagram counts as sent, as one that is lost on the way does.
 */
const overhear = (socket: Socket, tell: (code: number) => void): void => {
  const symbol = Object.getOwnPropertySymbols(socket).find((it) => it.description === "state symbol");
  const state = symbol && (socket as unknown as Record<symbol, { handle?: Handle } | undefined>)[symbol];
  const handle = state?.handle;
  if (typeof handle?.send !== "function") return;
  const send = handle.send;
  handle.send = function (this: Handle, request, list, length, port, ip, callback) {
    const code = send.call(this, request, list, length, port, ip, callback);
    if (code < 0) tell(code);
    return code;
  };
};

/** The address that the system would send from: what a socket gets that is connected to `ip` without sending. */
export const routeTo = (ip: string, family: Family): string | undefined => {
  const socket = createSocket({ type: family === 6 ? "udp6" : "udp4", lookup: literal });
  socket.on("error", () => {});
  try {
    // Everything happens in this call because the addresses need no look-up; it throws when there is no route.
    socket.connect(discardPort, ip);
    socket.remoteAddress();
    return socket.address().address;
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
};

const discardPort = 9;
