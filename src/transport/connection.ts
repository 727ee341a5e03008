/** One connection of a stream transport: its stream, its framing, and what limits it. */
import type { Endpoint, LocalSocket, Protocol } from "../sip/address.ts";
import { Framer } from "./framing.ts";
import type { TransportSettings } from "./settings.ts";
import type { Stream } from "./socket.ts";
import type { WebSocketState } from "./web-sockets.ts";
import { WebSocketFramer } from "./websocket.ts";

/** Milliseconds that a peer may take to answer our close frame. */
const closeTimeout = 10_000;

export type ConnectionState = "connecting" | "open" | "closed";

/** What `core.tcp_list` and `$tcp(...)` tell of a connection. */
export interface ConnectionInfo {
  readonly id: number;
  readonly protocol: Protocol;
  readonly state: ConnectionState;
  readonly remote: Endpoint;
  readonly local: Endpoint;
  /** Accepted here rather than opened by us. */
  readonly passive: boolean;
  /** Seconds until it is closed when nothing happens. */
  readonly timeout: number;
  readonly queued: number;
  /** Further ports of the peer that lead to this connection (RFC 5923). */
  readonly aliases: readonly number[];
  /** The listening socket that stands for it. */
  readonly socket: LocalSocket;
  /** Milliseconds on the clock when it was accepted or begun. */
  readonly openedAt: number;
  /** The other end of the connection itself, when a proxy has announced another as `remote`. */
  readonly carrier: Endpoint | undefined;
}

export class Connection {
  readonly id: number;
  /** Becomes ws or wss when a handshake makes it a WebSocket. */
  protocol: Protocol;
  readonly passive: boolean;
  /** The listening socket that stands for it. */
  readonly socket: LocalSocket;
  readonly remote: Endpoint;
  framer: Framer | WebSocketFramer;
  websocket: WebSocketState | undefined = undefined;
  readonly ports: number[];
  state: ConnectionState;
  /** Set right after the stream exists; its events refer to the connection. */
  stream: Stream | undefined = undefined;
  /** Close as soon as what is queued has been sent. */
  closing = false;
  readonly openedAt: number;
  lastUsed: number;
  /** When the message that is arriving began, -1 for none. */
  messageSince = -1;
  /** A whole message has come. */
  spoken = false;
  /** When the queue became non-empty or last moved, -1 while it is empty; and its length then. */
  queuedSince = -1;
  queuedThen = 0;
  /** Seconds of silence until it is closed; undefined: the general lifetime. */
  lifetime: number | undefined = undefined;
  /** The same as long as nothing was sent or received on it; -1: for ever. */
  idle: number | undefined = undefined;
  /** Sends that wait to learn whether the connection came about. */
  waiting: ((sent: boolean) => void)[] = [];

  constructor(from: {
    id: number;
    protocol: Protocol;
    passive: boolean;
    socket: LocalSocket;
    remote: Endpoint;
    now: number;
    settings: TransportSettings;
  }) {
    this.id = from.id;
    this.protocol = from.protocol;
    this.passive = from.passive;
    this.socket = from.socket;
    this.remote = from.remote;
    this.ports = [from.remote.port];
    this.state = from.passive ? "open" : "connecting";
    this.openedAt = from.now;
    this.lastUsed = from.now;
    this.framer = new Framer({
      longest: Math.min(from.settings.readBuffer, from.settings.maxMessage - 1),
      acceptNoLength: from.settings.acceptNoLength,
    });
  }

  /** From here on its bytes are WebSocket frames, those too that have come behind the handshake. */
  upgrade(state: WebSocketState, longest: number): void {
    const rest = this.framer instanceof Framer ? this.framer.rest() : "";
    this.protocol = this.protocol === "tls" ? "wss" : "ws";
    this.framer = new WebSocketFramer(longest, rest);
    this.websocket = state;
  }

  get queued(): number {
    return this.stream?.queued ?? 0;
  }

  get local(): Endpoint {
    return this.stream!.local;
  }

  describe(now: number, settings: TransportSettings): ConnectionInfo {
    const silent = (now - this.lastUsed) / 1000;
    return {
      id: this.id,
      protocol: this.protocol,
      state: this.state,
      remote: this.remote,
      local: { ...this.local },
      passive: this.passive,
      timeout: Math.max(0, Math.round(this.#limit(settings) - silent)),
      queued: this.queued,
      aliases: this.ports.slice(1),
      socket: this.socket,
      openedAt: this.openedAt,
      carrier: this.stream?.carrier,
    };
  }

  /** Seconds of silence until it is closed. */
  #limit(settings: TransportSettings): number {
    if (this.lifetime !== undefined) return this.lifetime;
    if (this.idle !== undefined && this.lastUsed === this.openedAt) return this.idle < 0 ? 0x7fffffff : this.idle;
    return settings.lifetime;
  }

  /** The reason to close it now, undefined when there is none. */
  overdue(now: number, settings: TransportSettings): string | undefined {
    if (this.state === "connecting")
      return now - this.openedAt >= settings.connectTimeout * 1000 ? "connect timeout" : undefined;
    if (now - this.lastUsed >= this.#limit(settings) * 1000) return "lifetime over";
    if (this.messageSince >= 0 && now - this.messageSince >= settings.messageTimeout * 1000)
      return "message took too long";
    if (this.passive && !this.spoken && now - this.openedAt >= settings.dataTimeout * 1000) return "no message came";
    if (this.websocket?.closing && now - this.websocket.lastUsed >= closeTimeout) return "close not answered";
    if (this.queuedSince >= 0) {
      if (this.queued < this.queuedThen) this.queuedSince = now;
      else if (now - this.queuedSince >= settings.sendTimeout * 1000) return "send timeout";
      this.queuedThen = this.queued;
    }
    return undefined;
  }
}
