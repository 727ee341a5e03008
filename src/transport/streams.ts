/** Connections of the stream transports: accepting, opening, reading, bounded writing, closing. */
import type { Destination } from "../sip/address.ts";
import type { TlsFacts, TlsProfiles } from "../sip/secure.ts";
import { Connection, type ConnectionInfo } from "./connection.ts";
import { Connections } from "./connections.ts";
import { type StreamCounters, streamCounters } from "./counters.ts";
import type { ListenSocket } from "./listen.ts";
import { level, type TransportOptions } from "./options.ts";
import type { KeepAlive, Listener, Stream, StreamHandlers, StreamOptions } from "./socket.ts";
import type { Sockets } from "./sockets.ts";
import { WebSockets } from "./web-sockets.ts";
import { messageFrame } from "./websocket.ts";

export type CloseReason = "closed" | "timeout" | "reset";

/** Milliseconds between two looks at the connections' time limits. */
const sweepInterval = 1000;
/** How long a send waits to learn that its new connection is refused; after that it counts as queued. */
const refusalWait = 50;

export class Streams {
  readonly counters: StreamCounters = streamCounters();
  readonly #options: TransportOptions;
  /** Chooses the socket that a new connection stands for. */
  sockets: Sockets;
  /** How TLS connections are secured; without, there are none. */
  tls: TlsProfiles | undefined = undefined;
  /** Hears of every connection that is gone. */
  closed: ((it: ConnectionInfo, why: CloseReason) => void) | undefined = undefined;
  readonly webSockets: WebSockets;
  readonly #table = new Connections();
  #sweep: { cancel(): void } | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.sockets = options.sockets;
    this.webSockets = new WebSockets({
      clock: options.clock,
      longest: Math.min(options.settings.readBuffer, options.settings.maxMessage - 1),
      find: (id) => this.#table.get(id),
      write: (connection, bytes, closeAfter) => this.#put(connection, bytes, closeAfter),
      drop: (connection, reason) => this.#drop(connection, reason),
    });
  }

  /** The result's `socket` may be changed for another that stands for the same address. */
  async listen(first: ListenSocket): Promise<{ socket: ListenSocket; readonly listener: Listener }> {
    const { net, settings } = this.#options;
    const { address, port, family } = first;
    const listener = await net.listen(
      {
        address,
        port,
        family,
        backlog: settings.backlog,
        ...this.#tuning(),
        ...(first.protocol === "tls" && { tls: () => this.tls }),
        ...(settings.proxyHeader !== "none" && {
          proxied: { wait: settings.proxyWait, required: settings.proxyHeader === "required" },
        }),
      },
      (stream) => this.#accept(it.socket, stream),
    );
    const it = { socket: first, listener };
    return it;
  }

  /** Closes the connections. */
  close(): void {
    this.#sweep?.cancel();
    this.#sweep = undefined;
    for (const connection of [...this.#table]) this.#drop(connection, "closed");
  }

  /** Connections that are open or being opened. */
  get open(): number {
    return this.#table.size;
  }
  /** Bytes that wait on all connections. */
  get queued(): number {
    let sum = 0;
    for (const connection of this.#table) sum += connection.queued;
    return sum;
  }
  /** How a connection is secured; undefined when it is not, or its handshake is not done. */
  secured(id: number): TlsFacts | undefined {
    return this.#table.get(id)?.stream?.secure;
  }
  list(): ConnectionInfo[] {
    return [...this.#table].map((it) => this.#describe(it));
  }
  info(id: number): ConnectionInfo | undefined {
    const connection = this.#table.get(id);
    return connection && this.#describe(connection);
  }
  /** The newest connection to or from that address and port; 0 when there is none. */
  find(ip: string, port: number): number {
    return this.#table.to(ip, port, usable)?.id ?? 0;
  }
  /** The WebSocket to that address and port, as a destination. */
  webSocket(ip: string, port: number): Destination | undefined {
    const it = this.#table.to(ip, port, (it) => usable(it) && it.websocket !== undefined);
    return it && { socket: it.socket, protocol: it.protocol, ip, port, connection: it.id };
  }
  /** Switches TCP keep-alive on or, with undefined, off. False when there is no such connection. */
  probe(id: number, probes: KeepAlive | undefined): boolean {
    const connection = this.#table.get(id);
    connection?.stream?.probe?.(probes);
    return connection !== undefined;
  }
  /** Lets requests to `port` of the connection's peer use this connection (force_tcp_alias, Via's alias). */
  addAlias(id: number, port: number, force = true): boolean {
    const connection = this.#table.get(id);
    return connection !== undefined && this.#table.addAlias(connection, port, force);
  }
  /** Seconds of silence until this connection is closed (tcp_set_connection_lifetime). */
  setLifetime(id: number, seconds: number): boolean {
    const connection = this.#table.get(id);
    if (!connection) return false;
    connection.lifetime = seconds;
    return true;
  }
  /** Closes a connection (tcp_close_connection). False when there is none of that id. */
  shut(id: number): boolean {
    const connection = this.#table.get(id);
    if (connection) this.#drop(connection, "closed");
    return connection !== undefined;
  }

  send(text: string, to: Destination): boolean | Promise<boolean> {
    const connection = this.#existing(to);
    if (connection) return this.#write(connection, text, to);
    // A server opens no WebSockets.
    const closed = to.protocol === "ws" || to.protocol === "wss";
    if (closed || to.noConnect || this.#options.settings.noConnect || to.port === 0) return false;
    const made = this.#connect(to);
    return made ? this.#write(made, text, to) : false;
  }

  #existing(to: Destination): Connection | undefined {
    const named = to.connection === 0 ? undefined : this.#table.get(to.connection);
    if (named && usable(named)) return named;
    const strict = this.#options.settings.strictMatch;
    return this.#table.to(
      to.ip,
      to.port,
      (it) =>
        usable(it) && (!strict || (it.protocol === to.protocol && (!to.socket || it.socket.port === to.socket.port))),
    );
  }

  #accept(socket: ListenSocket, stream: Stream): StreamHandlers | undefined {
    const { settings, log, clock } = this.#options;
    const { address, port } = stream.remote;
    const reason = this.#refusal(socket, stream);
    if (reason !== undefined) {
      this.counters.rejected++;
      log(level.error, `connection from ${address}:${port} refused: ${reason}`);
      return undefined;
    }
    const connection = new Connection({
      id: this.#table.nextId(),
      protocol: socket.protocol,
      passive: true,
      socket,
      remote: { address, port },
      now: clock.now(),
      settings,
    });
    connection.stream = stream;
    if (socket.protocol === "tls") connection.idle = this.tls?.idle;
    this.counters.passive++;
    this.#add(connection);
    return this.#handlers(connection);
  }

  /** Why a connection is not accepted; undefined when it is. */
  #refusal(socket: ListenSocket, { remote, local }: Stream): string | undefined {
    const { settings } = this.#options;
    if (settings.perAddress > 0 && this.#table.from(remote.address) >= settings.perAddress)
      return "too many from there";
    if (this.#table.size >= settings.maxConnections) return "too many";
    if (socket.protocol === "tls" && this.#table.secure >= settings.maxSecure) return "too many with TLS";
    if (!settings.unique) return undefined;
    const same = (it: Connection): boolean => it.local.port === local.port && it.local.address === local.address;
    return this.#table.to(remote.address, remote.port, same) ? "there is one like it" : undefined;
  }

  #connect(to: Destination): Connection | undefined {
    const { settings, log, clock, net } = this.#options;
    const where = `${to.protocol}:${to.ip}:${to.port}`;
    if (this.#table.size >= settings.maxConnections) {
      log(level.error, `${where}: maximum number of connections exceeded (${settings.maxConnections})`);
      return undefined;
    }
    const socket = to.socket ?? this.sockets.toward(to.protocol, to.ip);
    if (!socket) {
      log(level.error, `${where}: no socket to connect from`);
      return undefined;
    }
    if (to.protocol === "tls" && this.#table.secure >= settings.maxSecure) {
      log(level.error, `${where}: maximum number of TLS connections exceeded (${settings.maxSecure})`);
      return undefined;
    }
    const source = to.bound ? socket.address : to.ip.includes(":") ? settings.source6 : settings.source4;
    const from = (): string => source || net.routeTo(to.ip, to.ip.includes(":") ? 6 : 4) || socket.address;
    const profile = to.protocol === "tls" ? this.tls?.client(from(), 0, to.lists) : undefined;
    if (to.protocol === "tls" && !profile) {
      log(level.error, `${where}: TLS has no settings`);
      return undefined;
    }
    const connection = new Connection({
      id: this.#table.nextId(),
      protocol: to.protocol,
      passive: false,
      socket,
      remote: { address: to.ip, port: to.port },
      now: clock.now(),
      settings,
    });
    connection.stream = net.connect(
      {
        address: to.ip,
        port: to.port,
        ...this.#tuning(),
        ...(source !== "" && { localAddress: source }),
        ...(profile && { tls: profile }),
      },
      this.#handlers(connection),
    );
    // The port may have failed at once.
    if (!usable(connection)) return undefined;
    this.#add(connection);
    return connection;
  }

  #tuning(): StreamOptions {
    const { keepAlive, keepIdle: idle, keepInterval: interval, keepCount: count } = this.#options.settings;
    return { noDelay: true, ...(keepAlive && { keepAlive: { idle, interval, count } }) };
  }

  #add(connection: Connection): void {
    this.#table.add(connection);
    this.#sweep ??= this.#options.clock.after(sweepInterval, () => this.#look());
  }

  #handlers(connection: Connection): StreamHandlers {
    return {
      connected: () => {
        // An accepted one whose TLS handshake is done.
        if (connection.passive) return;
        connection.state = "open";
        this.counters.connected++;
        this.counters.established++;
        if (connection.protocol === "tls" && this.tls?.opened?.(connection.id) === false) {
          this.#options.log(level.info, `${this.#name(connection)}: closed by the script`);
          return this.#drop(connection, "closed");
        }
        this.#settle(connection, true);
      },
      data: (text) => this.#read(connection, text),
      drained: () => {
        connection.queuedSince = -1;
        if (connection.closing) this.#drop(connection, "closed");
      },
      closed: (reason) => this.#gone(connection, reason),
    };
  }

  #read(connection: Connection, bytes: string): void {
    const { clock, settings, log } = this.#options;
    const now = clock.now();
    connection.lastUsed = now;
    connection.framer.push(bytes);
    // Closed while its messages were served: the rest is not read.
    while (connection.state === "open") {
      const frame = connection.framer.next();
      if (!frame) break;
      if (frame.kind === "control") {
        this.webSockets.control(connection, frame);
      } else if (frame.kind === "message") {
        if (this.webSockets.keepAlive(connection, frame.text)) continue;
        connection.messageSince = -1;
        if (!connection.spoken && connection.passive) this.counters.established++;
        connection.spoken = true;
        this.counters.received++;
        if (!this.#deliver(connection, frame.text) && !settings.keepAfterError) this.#drop(connection, "closed");
      } else if (frame.kind === "ping") {
        if (settings.crlfPing) connection.stream?.write("\r\n");
      } else {
        log(level.error, `${this.#name(connection)}: ${frame.message}`);
        if (frame.code !== undefined) this.webSockets.fail(connection, frame.code);
        this.#drop(connection, "closed");
      }
    }
    if (!connection.framer.pending) connection.messageSince = -1;
    else if (connection.messageSince < 0) connection.messageSince = now;
  }

  #deliver(connection: Connection, text: string): boolean {
    const { local, remote } = connection;
    return this.#options.onMessage(text, {
      socket: connection.socket,
      protocol: connection.protocol,
      srcIp: remote.address,
      srcPort: remote.port,
      dstIp: local.address,
      dstPort: local.port,
      connection: connection.id,
      time: this.#options.clock.now(),
    });
  }

  #write(connection: Connection, text: string, to: Destination): boolean | Promise<boolean> {
    const { websocket } = connection;
    if (!websocket) return this.#put(connection, text, to.closeAfter);
    return this.webSockets.message(websocket) && this.#put(connection, messageFrame(text), to.closeAfter);
  }

  /** Bytes as they are. */
  #put(connection: Connection, text: string, closeAfter = false): boolean | Promise<boolean> {
    const { settings, clock, log } = this.#options;
    const stream = connection.stream!;
    const waiting = stream.queued;
    const shaking = connection.protocol === "tls" && connection.state === "connecting";
    const longest = (shaking ? this.tls?.waiting : undefined) ?? settings.connectionQueue;
    if (waiting > 0 && (waiting + text.length > longest || this.queued + text.length > settings.totalQueue)) {
      log(level.error, `${this.#name(connection)}: ${waiting} bytes are waiting already, peer too slow`);
      this.counters.queueFull++;
      this.#drop(connection, "closed");
      return false;
    }
    stream.write(text);
    const now = clock.now();
    connection.lastUsed = now;
    if (closeAfter) connection.closing = true;
    if (connection.state === "connecting") return this.#outcome(connection);
    this.counters.sent++;
    if (stream.queued === 0) {
      if (connection.closing) this.#drop(connection, "closed");
    } else if (connection.queuedSince < 0) {
      connection.queuedSince = now;
      connection.queuedThen = stream.queued;
    }
    return true;
  }

  /** Waits a moment for a refusal. */
  #outcome(connection: Connection): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(refusalWait, () => resolve(true));
      connection.waiting.push((sent) => {
        timer.cancel();
        if (sent) this.counters.sent++;
        resolve(sent);
      });
    });
  }

  #settle(connection: Connection, sent: boolean): void {
    for (const tell of connection.waiting.splice(0)) tell(sent);
  }

  /** Closes at once, from our side. */
  #drop(connection: Connection, reason: CloseReason): void {
    if (connection.state === "closed") return;
    const graceful = connection.state === "open" && reason === "closed" && !this.#options.settings.closeReset;
    this.#forget(connection, reason);
    if (graceful) connection.stream?.end();
    else connection.stream?.destroy(this.#options.settings.closeReset);
  }

  /** The stream told that it is gone. */
  #gone(connection: Connection, reason: string | undefined): void {
    if (connection.state === "closed") return;
    const { log } = this.#options;
    if (connection.state === "connecting") {
      this.counters.connectFailed++;
      log(level.error, `${this.#name(connection)}: connect failed: ${reason ?? "closed"}`);
    } else if (reason !== undefined) {
      this.counters.resets++;
      log(level.debug, `${this.#name(connection)}: ${reason}`);
    }
    this.#forget(connection, reason === undefined ? "closed" : "reset");
  }

  #forget(connection: Connection, reason: CloseReason): void {
    const info = this.closed && this.#describe(connection);
    connection.state = "closed";
    this.#table.remove(connection);
    this.#settle(connection, false);
    this.webSockets.gone(connection);
    if (info) this.closed?.(info, reason);
  }

  /** Closes what is over its time. */
  #look(): void {
    const { clock, settings, log } = this.#options;
    const now = clock.now();
    for (const connection of [...this.#table]) {
      this.webSockets.look(connection, now);
      const why = connection.state === "closed" ? undefined : connection.overdue(now, settings);
      if (why === undefined) continue;
      log(level.debug, `${this.#name(connection)}: ${why}`);
      this.counters.timeouts++;
      if (why === "send timeout") this.counters.sendTimeouts++;
      if (connection.state === "connecting") this.counters.connectFailed++;
      this.#drop(connection, "timeout");
    }
    this.#sweep = this.#table.size === 0 ? undefined : clock.after(sweepInterval, () => this.#look());
  }

  #describe(it: Connection): ConnectionInfo {
    return it.describe(this.#options.clock.now(), this.#options.settings);
  }

  #name(it: Connection): string {
    return `${it.protocol} connection ${it.id} (${it.passive ? "from" : "to"} ${it.remote.address}:${it.remote.port})`;
  }
}

const usable = (it: Connection): boolean => it.state !== "closed" && !it.closing;
