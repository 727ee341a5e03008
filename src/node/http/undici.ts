/**
 * Exchanges that undici carries: HTTPS, HTTP/2 and those through a proxy, each connection a client of its own.
 *
 * Measured with 700 exchanges of one second each a second: this and undici's own Agent with a plain handler cost the
 * same CPU; `request` costs a quarter more and `fetch` three times as much.
 */
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls, type TLSSocket } from "node:tls";
import { type buildConnector, Client, type Dispatcher } from "undici";
import type { Exchange } from "./exchange.ts";
import type { Connection, HttpMessage, Pool } from "./pool.ts";

export class UndiciConnection implements Connection {
  readonly #client: Client;
  readonly #pool: Pool;
  #socket: Socket | undefined;
  uses = 0;
  connected = false;
  /** The client watches over idle time itself. */
  readonly idleUntil = Number.POSITIVE_INFINITY;
  lookup = 0;
  connect = 0;
  appConnect = 0;

  constructor(pool: Pool) {
    this.#pool = pool;
    this.#client = new Client(pool.origin, {
      connect: (target, done) => this.#open(target, done),
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: pool.idleTime,
      allowH2: pool.version !== "1.1",
    });
    this.#client.on("disconnect", () => this.close());
    this.#client.on("connectionError", () => this.close());
  }

  get closed(): boolean {
    return this.#client.destroyed;
  }

  send({ method, path, headers, body }: HttpMessage, exchange: Exchange): void {
    try {
      this.#client.dispatch(
        {
          path,
          method: method as "GET",
          headers: headers as string[],
          body: body === undefined ? null : Buffer.from(body, "latin1"),
        },
        new Handler(exchange),
      );
    } catch (error) {
      exchange.fail(error as Error);
    }
  }

  release(): void {
    this.uses++;
    this.#pool.put(this);
  }

  destroy(error: Error): void {
    this.#pool.drop(this);
    this.#socket?.destroy();
    // The client tells its request's handler, if there is one, through onResponseError.
    void this.#client.destroy(error).catch(() => {});
  }

  close(): void {
    this.#pool.drop(this);
    void this.#client.destroy().catch(() => {});
  }

  #open(target: buildConnector.Options, done: buildConnector.Callback): void {
    const { request, tls, session, proxy, tcpOptions, version } = this.#pool;
    const secure = target.protocol === "https:";
    const host = target.hostname.replace(/^\[|\]$/g, "");
    const tunnel = secure && proxy !== undefined;
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
        openTunnel(socket, `${target.hostname}:${target.port || 443}`, fail, () =>
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

/** Hands to an exchange what undici tells of it. */
class Handler implements Dispatcher.DispatchHandler {
  readonly #exchange: Exchange;
  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }
  onRequestStart(): void {
    this.#exchange.started();
  }
  onResponseStart(controller: Dispatcher.DispatchController, status: number, _: unknown, reason?: string): void {
    this.#exchange.answering();
    if (status >= 200) this.#exchange.head(status, reason ?? "", pairs(controller));
  }
  onResponseData(_: unknown, chunk: Buffer): void {
    this.#exchange.data(chunk.toString("latin1"));
  }
  onResponseEnd(): void {
    this.#exchange.end();
  }
  onResponseError(_: unknown, error: Error): void {
    this.#exchange.fail(error);
  }
}

/** Header fields as they were written, in their order. HTTP/2 gives strings, and pseudo fields that are not ours. */
function pairs(controller: Dispatcher.DispatchController): [string, string][] {
  const raw = (controller as { rawHeaders?: readonly (Buffer | string)[] | null }).rawHeaders ?? [];
  const list: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    const text = typeof name === "string" ? name : name.toString("latin1");
    if (!text.startsWith(":")) list.push([text, typeof value === "string" ? value : value.toString("latin1")]);
  }
  return list;
}
