/**
 * Keep-alive connections for HTTP, a pool for each server and set of connection options. Every exchange has a
 * connection of its own, because scripts wait for slow services in parallel; idle ones are used again, latest first.
 *
 * Measured with 700 exchanges of one second each a second: this and undici's own Agent with a plain handler cost the
 * same CPU; `request` costs a quarter more and `fetch` three times as much.
 */
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { checkServerIdentity, connect as connectTls, type TLSSocket } from "node:tls";
import { type buildConnector, Client } from "undici";
import type { HttpRequest } from "../declare/host.ts";
import { tlsOptions } from "./http-tls.ts";
import { type HttpUrl, parseHttpUrl } from "./http-url.ts";

/** Milliseconds that an idle connection is kept, unless the server says otherwise; libcurl keeps them 118 s. */
const idleTime = 60_000;

/** One connection and its client. `opened` tells when it was made; times are `performance.now()`, 0 when not reached. */
export class Connection {
  readonly client: Client;
  readonly #pool: Pool;
  #socket: Socket | undefined;
  /** How many exchanges it has carried. */
  uses = 0;
  connected = false;
  lookup = 0;
  connect = 0;
  appConnect = 0;

  constructor(pool: Pool) {
    this.#pool = pool;
    this.client = new Client(pool.origin, {
      connect: (target, done) => this.#open(target, done),
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: idleTime,
      allowH2: pool.version !== "1.1",
    });
    this.client.on("disconnect", () => this.#pool.drop(this));
    this.client.on("connectionError", () => this.#pool.drop(this));
  }

  /** Puts it back for the next exchange. */
  release(): void {
    this.uses++;
    this.#pool.put(this);
  }

  /** Ends it at once, whatever it is doing. */
  destroy(error: Error): void {
    this.#pool.drop(this);
    this.#socket?.destroy();
    // The client tells its request's handler, if there is one, through onResponseError.
    void this.client.destroy(error).catch(() => {});
  }

  #open(target: buildConnector.Options, done: buildConnector.Callback): void {
    const { request, tls, session, proxy, localAddress, version } = this.#pool;
    const secure = target.protocol === "https:";
    const host = target.hostname.replace(/^\[|\]$/g, "");
    const port = Number(target.port) || (secure ? 443 : 80);
    const keepAlive = request.keepAlive;
    const tunnel = secure && proxy !== undefined;
    const tcpOptions = {
      host: tunnel ? proxy.host : host,
      port: tunnel ? proxy.port : port,
      noDelay: true,
      ...(localAddress !== undefined && { localAddress }),
      ...(keepAlive?.enabled && { keepAlive: true, keepAliveInitialDelay: (keepAlive.idleSeconds || 60) * 1000 }),
    };
    const secureOptions = {
      ...tls,
      ...(isIP(host) ? {} : { servername: host }),
      ALPNProtocols: version === "1.1" ? ["http/1.1"] : ["h2", "http/1.1"],
      ...(session !== undefined && { session }),
    };
    let waiting = true;
    const finish = (error: Error | null, socket?: Socket): void => {
      if (!waiting) return;
      waiting = false;
      if (error) {
        // The outermost socket alone: it closes the one below, which must not go while TLS still uses it.
        this.#socket?.destroy();
        done(error, null);
      } else {
        this.connected = true;
        done(null, socket!);
      }
    };
    const fail = (error: Error): void => finish(error);
    const watch = (socket: Socket): void => {
      this.#socket = socket;
      socket.on("error", fail);
      socket.once("close", () => finish(new Error("connection closed")));
    };
    const watchTls = (socket: TLSSocket): void => {
      watch(socket);
      socket.on("session", (ticket: Buffer) => (this.#pool.session = ticket));
      socket.once("secureConnect", () => {
        this.appConnect = performance.now();
        // Without peer verification Node checks no name either; libcurl keeps the two apart.
        const unchecked = request.tls?.verifyPeer === false && request.tls.verifyHost !== false;
        finish((unchecked && checkServerIdentity(host, socket.getPeerCertificate())) || null, socket);
      });
    };
    const socket = secure && !tunnel ? connectTls({ ...tcpOptions, ...secureOptions }) : connectTcp(tcpOptions);
    if (secure && !tunnel) watchTls(socket as TLSSocket);
    else watch(socket);
    socket.once("lookup", () => (this.lookup = performance.now()));
    socket.once("connect", () => {
      this.connect = performance.now();
      if (tunnel)
        openTunnel(socket, `${target.hostname}:${port}`, fail, () =>
          watchTls(connectTls({ ...secureOptions, socket, host })),
        );
      // The client asks the socket which protocol was agreed on; here it was agreed beforehand.
      else if (!secure) finish(null, version === "2-prior" ? Object.assign(socket, { alpnProtocol: "h2" }) : socket);
    });
  }
}

/** Asks a proxy for a tunnel (RFC 9110, 9.3.6). */
function openTunnel(socket: Socket, authority: string, fail: (error: Error) => void, then: () => void): void {
  let head = "";
  const read = (bytes: Buffer): void => {
    head += bytes.toString("latin1");
    const end = head.indexOf("\r\n\r\n");
    if (end < 0 && head.length < 16_384) return;
    socket.off("data", read);
    socket.pause();
    if (/^HTTP\/1\.[01] 2\d\d/.test(head)) then();
    else fail(Object.assign(new Error(`proxy refused the tunnel: ${head.split("\r\n")[0]}`), { code: "PROXY" }));
  };
  socket.on("data", read);
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
}

/** An address of the interface, or the text itself when it is no interface's name. */
const addressOf = (name: string): string => networkInterfaces()[name]?.[0]?.address ?? name;

class Pool {
  readonly request: HttpRequest;
  readonly origin: string;
  readonly version: "1.1" | "2" | "2-prior";
  readonly proxy: HttpUrl | undefined;
  readonly tls: ReturnType<typeof tlsOptions>;
  readonly localAddress: string | undefined;
  /** TLS ticket of the latest connection: the next one resumes its session. */
  session: Buffer | undefined;
  readonly #idle: Connection[] = [];
  readonly #empty: () => void;

  constructor(url: HttpUrl, request: HttpRequest, proxy: HttpUrl | undefined, empty: () => void) {
    this.request = request;
    this.version = request.version ?? "1.1";
    this.proxy = proxy;
    this.origin = proxy && !url.secure ? proxy.origin : url.origin;
    this.tls = url.secure ? tlsOptions(request.tls) : {};
    this.localAddress = request.interface ? addressOf(request.interface) : undefined;
    this.#empty = empty;
  }

  take(): Connection {
    return this.#idle.pop() ?? new Connection(this);
  }
  fresh(): Connection {
    return new Connection(this);
  }
  put(connection: Connection): void {
    if (connection.client.destroyed) return;
    this.#idle.push(connection);
  }
  drop(connection: Connection): void {
    const at = this.#idle.lastIndexOf(connection);
    if (at < 0) return;
    this.#idle.splice(at, 1);
    void connection.client.destroy().catch(() => {});
    if (this.#idle.length === 0) this.#empty();
  }
  close(): void {
    for (const connection of this.#idle.splice(0)) void connection.client.destroy().catch(() => {});
  }
}

export class Pools {
  readonly #pools = new Map<string, Pool>();

  /** Throws when a TLS file cannot be read. */
  of(url: HttpUrl, request: HttpRequest): Pool {
    const { tls, keepAlive, proxy, version } = request;
    const plain = !tls && !keepAlive && !proxy && !version && !request.interface;
    const key = plain
      ? url.origin
      : JSON.stringify([url.origin, url.secure && tls, keepAlive, proxy, version, request.interface]);
    let pool = this.#pools.get(key);
    if (!pool) {
      const through = proxy && proxyUrl(proxy);
      const made: Pool = new Pool(url, request, through, () => {
        if (this.#pools.get(key) === made) this.#pools.delete(key);
      });
      pool = made;
      this.#pools.set(key, pool);
    }
    return pool;
  }

  close(): void {
    for (const pool of this.#pools.values()) pool.close();
    this.#pools.clear();
  }
}

export type { Pool };

function proxyUrl(proxy: { readonly url: string; readonly port?: number }): HttpUrl | undefined {
  const url = parseHttpUrl(proxy.url);
  if (!url) return undefined;
  // libcurl: a port given apart wins, and 1080 is a proxy's own port.
  const port = proxy.port || (/:\d+\/?$/.test(proxy.url) ? url.port : 1080);
  return {
    ...url,
    secure: false,
    port,
    origin: `http://${url.host.includes(":") ? `[${url.host}]` : url.host}:${port}`,
  };
}
