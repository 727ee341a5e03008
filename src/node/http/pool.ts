/**
 * Keep-alive connections for HTTP, a pool for each server and set of connection options. Every exchange has a
 * connection of its own, because scripts wait for slow services in parallel; idle ones are used again, latest first.
 */
import type { TcpNetConnectOpts } from "node:net";
import { networkInterfaces } from "node:os";
import type { HttpRequest } from "../../declare/host.ts";
import type { Exchange } from "./exchange.ts";
import { PlainConnection } from "./plain.ts";
import { tlsOptions } from "./tls.ts";
import { UndiciConnection } from "./undici.ts";
import { type HttpUrl, parseHttpUrl } from "./url.ts";

/** Milliseconds that an idle connection is kept, unless the server says otherwise; libcurl keeps them 118 s. */
const idleTime = 60_000;
/** Milliseconds between two looks for connections that have been idle too long. */
const sweepTime = 5000;

/** A request as it goes over a connection. */
export interface HttpMessage {
  readonly method: string;
  readonly path: string;
  /** What the Host field says unless `headers` have one. */
  readonly host: string;
  /** Names and values by turns. */
  readonly headers: readonly string[];
  /** latin1 text. */
  readonly body: string | undefined;
}

/** A connection for one exchange at a time; times are `performance.now()`, 0 when not reached. */
export interface Connection {
  /** How many exchanges it has carried. */
  readonly uses: number;
  readonly connected: boolean;
  /** It is of no use any more. */
  readonly closed: boolean;
  /** When it has been idle for too long. */
  readonly idleUntil: number;
  readonly lookup: number;
  readonly connect: number;
  readonly appConnect: number;
  /** Tells the exchange how it goes. */
  send(message: HttpMessage, exchange: Exchange): void;
  /** Puts it back for the next exchange. */
  release(): void;
  /** Ends an idle one. */
  close(): void;
  /** Ends it at once, whatever it is doing. */
  destroy(error: Error): void;
}

/** An address of the interface, or the text itself when it is no interface's name. */
const addressOf = (name: string): string => networkInterfaces()[name]?.[0]?.address ?? name;

class Pool {
  readonly request: HttpRequest;
  readonly origin: string;
  readonly version: "1.1" | "2" | "2-prior";
  readonly proxy: HttpUrl | undefined;
  readonly tls: ReturnType<typeof tlsOptions>;
  readonly idleTime = idleTime;
  /** Of the first connection to make: to the server, or to the proxy that leads there. */
  readonly tcpOptions: TcpNetConnectOpts;
  /** TLS ticket of the latest connection: the next one resumes its session. */
  session: Buffer | undefined;
  /** Where plain connections read to: what is there is taken out before the next one reads. */
  readonly inbox: Buffer;
  readonly #idle: Connection[] = [];
  /** All that have not ended, idle or not. */
  readonly #open = new Set<Connection>();
  readonly #plain: boolean;
  readonly #empty: () => void;
  #sweeper: NodeJS.Timeout | undefined;

  constructor(url: HttpUrl, request: HttpRequest, proxy: HttpUrl | undefined, inbox: Buffer, empty: () => void) {
    this.request = request;
    this.inbox = inbox;
    this.version = request.version ?? "1.1";
    this.proxy = proxy;
    this.origin = proxy && !url.secure ? proxy.origin : url.origin;
    this.tls = url.secure ? tlsOptions(request.tls) : {};
    const { host, port } = proxy ?? url;
    const { keepAlive } = request;
    this.tcpOptions = {
      host,
      port,
      noDelay: true,
      ...(request.interface && { localAddress: addressOf(request.interface) }),
      ...(keepAlive?.enabled && { keepAlive: true, keepAliveInitialDelay: (keepAlive.idleSeconds || 60) * 1000 }),
    };
    this.#plain = !url.secure && !proxy && this.version === "1.1";
    this.#empty = empty;
  }

  take(): Connection {
    const now = performance.now();
    const latest = this.#idle.at(-1);
    if (latest && latest.idleUntil > now) return this.#idle.pop()!;
    // Made before the others end, so that the pool is not forgotten in between.
    const made = this.fresh();
    this.#sweep();
    return made;
  }
  fresh(): Connection {
    const made = this.#plain ? new PlainConnection(this) : new UndiciConnection(this);
    this.#open.add(made);
    return made;
  }
  put(connection: Connection): void {
    if (connection.closed) return;
    this.#idle.push(connection);
    this.#sweeper ??= setInterval(() => this.#sweep(), sweepTime).unref();
  }
  /** Forgets a connection that ends; with the last one the pool itself is forgotten. */
  drop(connection: Connection): void {
    if (!this.#open.delete(connection)) return;
    const at = this.#idle.lastIndexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    if (this.#idle.length === 0) this.#stop();
    if (this.#open.size === 0) this.#empty();
  }
  close(): void {
    this.#stop();
    for (const connection of this.#idle.splice(0)) connection.close();
  }

  #sweep(): void {
    const now = performance.now();
    for (const connection of this.#idle.filter((it) => it.idleUntil <= now)) connection.close();
  }
  #stop(): void {
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }
}

export class Pools {
  readonly #pools = new Map<string, Pool>();
  readonly #inbox = Buffer.allocUnsafeSlow(65_536);

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
      const made: Pool = new Pool(url, request, through, this.#inbox, () => {
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
