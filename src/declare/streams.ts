/** What modules may do with stream connections (tls, websocket, tcpops). The transports implement it. */
import type { Endpoint, LocalSocket, Protocol } from "../sip/address.ts";
import type { TlsFacts, TlsProfiles } from "../sip/secure.ts";
import type { WebSocketInfo, WebSocketOptions } from "../sip/web-socket.ts";

/** One connection, open or being opened. */
export interface StreamInfo {
  readonly id: number;
  readonly protocol: Protocol;
  readonly state: "connecting" | "open" | "closed";
  /** Accepted here rather than opened by us. */
  readonly passive: boolean;
  readonly remote: Endpoint;
  readonly local: Endpoint;
  /** The listening socket that stands for it. */
  readonly socket: LocalSocket;
  /** Seconds until it is closed when nothing happens. */
  readonly timeout: number;
  readonly queued: number;
  /** Further ports of the peer that lead to it. */
  readonly aliases: readonly number[];
  /** Milliseconds on the host's clock when it was accepted or begun. */
  readonly openedAt: number;
  /** The other end of the connection itself, when a proxy has announced another as `remote`. */
  readonly carrier: Endpoint | undefined;
}

/** Why a connection is gone: closed by either side, its time was over, or broken off. */
export type StreamEnd = "closed" | "timeout" | "reset";

/** Probes of the system on a silent connection (TCP keep-alive), in seconds. */
export interface StreamProbes {
  readonly idle: number;
  readonly interval: number;
  /** Unanswered ones after which the connection is broken off. */
  readonly count: number;
}

export interface StreamControl {
  /** How TLS connections are secured from now on; those that are open stay as they are. */
  tls: TlsProfiles | undefined;
  /** Hears of every connection that is gone. */
  closed: ((it: StreamInfo, why: StreamEnd) => void) | undefined;
  /** Lets the connection be found by another port of its peer (RFC 5923). False: it is gone, or has too many. */
  addAlias(connection: number, port: number): boolean;
  /** How a connection is secured; undefined when it is not, or its handshake is not done. */
  secured(connection: number): TlsFacts | undefined;
  info(connection: number): StreamInfo | undefined;
  list(): readonly StreamInfo[];
  /** The newest connection to or from that address and port, or 0. */
  find(address: string, port: number): number;
  /** Closes a connection. False when there is none of that id. */
  shut(connection: number): boolean;
  /** Seconds of silence until this connection is closed. */
  setLifetime(connection: number, seconds: number): boolean;
  /** Switches the system's probes on or, with undefined, off. False when there is no such connection. */
  probe(connection: number, probes: StreamProbes | undefined): boolean;
  readonly webSockets: WebSocketControl;
}

export interface WebSocketControl {
  /** Makes a connection a WebSocket, after the answer to its handshake was sent. False: it is none that can be one. */
  upgrade(connection: number, options: WebSocketOptions): boolean;
  /** Begins the closing handshake; a second time closes at once. False when there is no such WebSocket. */
  close(connection: number, code: number, reason: string): boolean;
  /** Sends a ping or an unasked pong. False when there is no such WebSocket, or it is closing. */
  ping(connection: number, pong?: boolean): boolean;
  info(connection: number): WebSocketInfo | undefined;
}
