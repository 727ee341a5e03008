/** What modules may do with stream connections (tls, websocket, tcpops). The transports implement it. */
import type { TlsFacts, TlsProfiles } from "../sip/secure.ts";

export interface StreamEndpoint {
  readonly address: string;
  readonly port: number;
}

export interface StreamControl {
  /** How TLS connections are secured from now on; those that are open stay as they are. */
  tls: TlsProfiles | undefined;
  /** How a connection is secured; undefined when it is not, or its handshake is not done. */
  secured(connection: number): TlsFacts | undefined;
  /** Whether the connection is open or being opened. */
  info(connection: number): { readonly passive: boolean; readonly remote: StreamEndpoint } | undefined;
  /** Closes a connection. False when there is none of that id. */
  shut(connection: number): boolean;
  /** Seconds of silence until this connection is closed. */
  setLifetime(connection: number, seconds: number): boolean;
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

export interface WebSocketOptions {
  /** What happens after `timeout` seconds of silence; a ping must be answered within as long. */
  readonly keepAlive: "none" | "ping" | "pong" | "check";
  readonly timeout: () => number;
  /** Payload of pings and pongs, at most 125 bytes. */
  readonly payload: string;
  readonly counters: WebSocketCounters;
  /** It is gone. */
  readonly closed: (end: WebSocketEnd) => void;
}

export interface WebSocketCounters {
  received: number;
  sent: number;
  localClosed: number;
  remoteClosed: number;
  failed: number;
  current: number;
  most: number;
}

export interface WebSocketEnd {
  readonly id: number;
  readonly protocol: "ws" | "wss";
  readonly remote: StreamEndpoint;
  readonly local: StreamEndpoint;
}

export interface WebSocketInfo extends WebSocketEnd {
  readonly closing: boolean;
  readonly awaitingPong: boolean;
  /** Seconds since a frame went either way. */
  readonly idle: number;
}
