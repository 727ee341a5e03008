/**
 * What an I/O layer offers to the transports: datagrams, byte streams, names. `src/node` implements it on Node's
 * dgram and net, the simulator in memory. Bytes are latin1 text: one char, one byte.
 */

import type { Endpoint } from "../sip/address.ts";
import type { TlsFacts, TlsProfile, TlsProfiles } from "../sip/secure.ts";

export type Family = 4 | 6;

/** The local address, where port 0 lets the system choose one. */
export interface DatagramOptions extends Endpoint {
  readonly family: Family;
  /** SO_RCVBUF to ask for, in bytes; 0 leaves the system's. */
  readonly receiveBuffer?: number;
  readonly sendBuffer?: number;
}

export interface DatagramHandlers {
  message(text: string, ip: string, port: number): void;
  /** The socket failed for good or a datagram could not be received; for the log. */
  failed(message: string): void;
}

export interface Datagrams {
  readonly local: Endpoint;
  /** False when the system refused it at once (network unreachable, too long); what it said is in `refused`. */
  send(text: string, ip: string, port: number): boolean;
  /** Why the last refused datagram was refused. */
  readonly refused: string;
  close(): Promise<void>;
}

/** One byte stream. After `closed` was reported nothing more is, and writes are ignored. */
export interface Stream {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** The other end of the connection itself, when a proxy has announced another as `remote`. */
  readonly carrier?: Endpoint | undefined;
  /** Bytes accepted by `write` that the system has not taken yet. */
  readonly queued: number;
  /** How it is secured, once it is. */
  readonly secure?: TlsFacts | undefined;
  write(text: string): void;
  /** Sends what is queued, then closes. */
  end(): void;
  /** Closes at once; `reset` with RST instead of FIN. */
  destroy(reset?: boolean): void;
  /** Switches TCP keep-alive on or, with undefined, off. Absent where there is none. */
  probe?(probes: KeepAlive | undefined): void;
}

export interface StreamHandlers {
  /** An outgoing connection is established, or the handshake of an accepted one is done. */
  connected?(): void;
  data(text: string): void;
  /** Everything queued has been taken by the system. */
  drained?(): void;
  /** The stream is gone: by the peer, `end`, `destroy`, or for the reason given. Reported once. */
  closed(reason?: string): void;
}

/** TCP keep-alive, in seconds; 0 leaves what the system has. */
export interface KeepAlive {
  readonly idle: number;
  readonly interval: number;
  readonly count: number;
}

export interface StreamOptions {
  readonly noDelay: boolean;
  /** Undefined for no probes. */
  readonly keepAlive?: KeepAlive;
}

export interface ListenOptions extends Endpoint, StreamOptions {
  readonly family: Family;
  /** Length of the queue of connections that were not accepted yet. */
  readonly backlog?: number;
  /**
   * Connections begin with a header of the PROXY protocol, which names their real ends; one that does not come within
   * `wait` milliseconds, or is wrong, closes the connection. Where it is not `required`, another begin is a message's.
   */
  readonly proxied?: { readonly wait: number; readonly required: boolean };
  /** Streams are secured with the profiles in force when they come; `accept` is asked before the handshake. Undefined answers refuse them. */
  readonly tls?: () => TlsProfiles | undefined;
}

export interface ConnectOptions extends Endpoint, StreamOptions {
  /** The address to connect from; undefined lets the system choose. */
  readonly localAddress?: string;
  /** The stream is secured so; it is connected when the handshake is done. */
  readonly tls?: TlsProfile;
}

export interface Listener {
  readonly local: Endpoint;
  close(): Promise<void>;
}

export interface NetInterface {
  readonly name: string;
  readonly address: string;
  readonly family: Family;
  readonly internal: boolean;
}

/** The port. `bind` and `listen` reject with a readable message when the address cannot be had. */
export interface SocketPort {
  bind(options: DatagramOptions, handlers: DatagramHandlers): Promise<Datagrams>;
  /** `accept` may refuse a stream by answering undefined: it is then closed. */
  listen(options: ListenOptions, accept: (stream: Stream) => StreamHandlers | undefined): Promise<Listener>;
  /** Starts to connect. What is written before `connected` is queued. A failure is reported by `closed`. */
  connect(options: ConnectOptions, handlers: StreamHandlers): Stream;
  interfaces(): readonly NetInterface[];
  /** The local address that the system would send from towards `ip`; undefined when it has no route (mhomed). */
  routeTo(ip: string, family: Family): string | undefined;
  /** Addresses of a host name by the system's own resolver (hosts file included); empty when there are none. */
  lookup(name: string): Promise<readonly { readonly address: string; readonly family: Family }[]>;
  /** Host name of an address (auto_aliases); undefined when there is none. */
  reverse(address: string): Promise<string | undefined>;
}

/** Time, as the transports need it; every `Clock` of the transaction layer is one. */
export interface TransportClock {
  now(): number;
  after(ms: number, fire: () => void): { cancel(): void };
}
