/** A connection as a WebSocket (RFC 7118): what modules say and learn of one, and what the transports do with it. */
import type { Endpoint, LocalSocket } from "./address.ts";

/** How a WebSocket is kept alive and whom it tells. */
export interface WebSocketOptions {
  /** What is sent after `timeout` seconds of silence; a ping must be answered within as long. */
  readonly keepAlive: "none" | "ping" | "pong" | "check";
  readonly timeout: () => number;
  /** Payload of pings and pongs, at most 125 bytes. */
  readonly payload: string;
  readonly counters: WebSocketCounters;
  /** It is gone. */
  readonly closed: (end: WebSocketEnd) => void;
}

interface Counted {
  value: number;
}

/** What `ws.*` statistics count. */
export interface WebSocketCounters {
  /** Frames of every kind. */
  readonly received: Counted;
  readonly sent: Counted;
  /** Those of them that are messages. */
  readonly messagesReceived: Counted;
  readonly messagesSent: Counted;
  readonly localClosed: Counted;
  readonly remoteClosed: Counted;
  readonly failed: Counted;
  readonly current: Counted;
  readonly most: Counted;
}

/** The connection that was, for event_route[websocket:closed]. */
export interface WebSocketEnd {
  readonly id: number;
  readonly protocol: "ws" | "wss";
  readonly remote: Endpoint;
  readonly local: Endpoint;
  /** The listening socket that stands for it. */
  readonly socket: LocalSocket;
}

export interface WebSocketInfo extends WebSocketEnd {
  readonly closing: boolean;
  readonly awaitingPong: boolean;
  /** Seconds since a frame went either way. */
  readonly idle: number;
}
