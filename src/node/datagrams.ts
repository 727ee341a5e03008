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

/** The UDP sockets of a process. */
export class DatagramSockets {
  /** How many of ours are on each port. */
  readonly #ports = new Map<number, number>();

  /**
   * Ours share a port, as Kamailio's do (SO_REUSEADDR): one on every address beside one on a single address. Another
   * process may not: with that option the system would give it our datagrams, or us its, and say nothing.
   */
  async bind(options: DatagramOptions, handlers: DatagramHandlers): Promise<Datagrams> {
    if (options.port !== 0 && !this.#ports.has(options.port)) {
      const probe = open(options, false);
      await bound(probe, options);
      await closed(probe);
    }
    const socket = open(options, true);
    await bound(socket, options);
    socket.on("error", (error) => handlers.failed(error.message));
    receive(socket, handlers);
    // The system chooses one for 0.
    const { port } = socket.address();
    this.#ports.set(port, (this.#ports.get(port) ?? 0) + 1);
    return new NodeDatagrams(socket, () => {
      const left = this.#ports.get(port)! - 1;
      if (left > 0) this.#ports.set(port, left);
      else this.#ports.delete(port);
    });
  }
}

const open = (options: DatagramOptions, reuseAddr: boolean): Socket =>
  createSocket({
    type: options.family === 6 ? "udp6" : "udp4",
    ipv6Only: options.family === 6,
    reuseAddr,
    lookup: literal,
    ...(options.receiveBuffer && { recvBufferSize: options.receiveBuffer }),
    ...(options.sendBuffer && { sendBufferSize: options.sendBuffer }),
  });

const bound = (socket: Socket, { address, port }: DatagramOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    const failed = (error: Error): void => reject(error);
    socket.once("error", failed);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off("error", failed);
      resolve();
    });
  });

const closed = (socket: Socket): Promise<void> => new Promise((resolve) => void socket.close(() => resolve()));

class NodeDatagrams implements Datagrams {
  readonly local: { address: string; port: number };
  readonly #socket: Socket;
  readonly #wire: Wire;
  readonly #gone: () => void;
  #closed = false;

  /** `gone` is called when it is being closed. */
  constructor(socket: Socket, gone: () => void) {
    this.#socket = socket;
    this.#gone = gone;
    const { address, port } = socket.address();
    this.local = { address, port };
    this.#wire = new Wire(socket);
  }

  send(text: string, ip: string, port: number): boolean {
    return !this.#closed && this.#wire.send(text, ip, port);
  }

  get refused(): string {
    return this.#closed ? "socket is closed" : getSystemErrorMessage(this.#wire.code);
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    this.#gone();
    return closed(this.#socket);
  }
}

/** Hands over what comes as the handle below the socket has it: an event of the socket for each costs a tenth more. */
function receive(socket: Socket, handlers: DatagramHandlers): void {
  const handle = handleOf(socket);
  const take = (data: Buffer, from: Sender): void => handlers.message(data.toString("latin1"), from.address, from.port);
  const rest = handle?.onmessage;
  if (handle === undefined || typeof rest !== "function") {
    socket.on("message", take);
    return;
  }
  handle.onmessage = (length, it, data, from) => {
    // Errors go Node's way.
    if (length < 0) rest(length, it, data, from);
    else take(data, from);
  };
}

interface Request {
  readonly constructor: new () => Request;
  list?: readonly Buffer[];
}

interface Sender {
  readonly address: string;
  readonly port: number;
}

/** What lies below a socket of Node's: not documented, so everything about it is looked at before it is used. */
interface Handle {
  /** More than 0: sent. 0: it waits in `request`. Negative: the system's error number. */
  send(request: Request, list: readonly Buffer[], length: number, port: number, ip: string, callback: boolean): number;
  /** Called for each datagram, or with a negative `length` for an error. */
  onmessage(length: number, handle: Handle, data: Buffer, from: Sender): void;
}

function handleOf(socket: Socket): Partial<Handle> | undefined {
  const symbol = Object.getOwnPropertySymbols(socket).find((it) => it.description === "state symbol");
  return symbol && (socket as unknown as Record<symbol, { handle?: Partial<Handle> } | undefined>)[symbol]?.handle;
}

/** Bytes of the longest datagram that is written to memory kept for it. */
const USUAL = 4096;

/** The memory that datagrams are written to on their way out, with a view of its beginning for each usual length. */
class Scratch {
  readonly #memory = Buffer.allocUnsafeSlow(USUAL);
  readonly #views = new Array<Buffer | undefined>(USUAL + 1);

  /** The bytes of the text (latin1), until the next text is written. */
  write(text: string): Buffer {
    const { length } = text;
    if (length > USUAL) return Buffer.from(text, "latin1");
    this.#memory.write(text, 0, length, "latin1");
    return (this.#views[length] ??= this.#memory.subarray(0, length));
  }
}

/**
 * Sends on the handle below a socket. Node tries to send in the very call, but reports a refusal (network unreachable)
 * only later, through a callback that costs time for every datagram; the script wants to know at once. What Node does
 * above the handle costs a tenth of a datagram, too. The first datagram goes Node's way and shows what the handle wants.
 * Where a future Node has no such handle, all do, and a refused one counts as sent, as one that is lost on the way does.
 */
class Wire {
  /** What the system said to the last datagram: negative error number, or not. */
  code = 0;
  readonly #socket: Socket;
  #handle: Handle | undefined;
  /** What a datagram that cannot be sent at once waits in. */
  #request: Request | undefined = undefined;
  #list: Buffer[] = [];
  #scratch = new Scratch();

  constructor(socket: Socket) {
    this.#socket = socket;
    const handle = handleOf(socket);
    if (typeof handle?.send === "function") this.#handle = handle as Handle;
  }

  /** False: the system refused. */
  send(text: string, ip: string, port: number): boolean {
    const request = this.#request;
    if (request === undefined) return this.#throughNode(Buffer.from(text, "latin1"), ip, port);
    const list = this.#list;
    list[0] = this.#scratch.write(text);
    this.code = this.#handle!.send(request, list, 1, port, ip, false);
    if (this.code <= 0) {
      // It is in use, and so are the bytes.
      request.list = list;
      this.#request = new request.constructor();
      this.#list = [];
      this.#scratch = new Scratch();
    }
    return this.code >= 0;
  }

  #throughNode(datagram: Buffer, ip: string, port: number): boolean {
    const handle = this.#handle;
    this.code = 0;
    if (handle) {
      const { send } = handle;
      handle.send = (request, ...rest) => {
        this.code = send.call(handle, request, ...rest);
        this.#request = new request.constructor();
        return this.code;
      };
    }
    this.#socket.send(datagram, port, ip);
    if (handle) Reflect.deleteProperty(handle, "send");
    return this.code >= 0;
  }
}

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
