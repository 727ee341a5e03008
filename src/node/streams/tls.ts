/** TLS on Node: streams of servers and clients over TCP. */
import type { Socket } from "node:net";
import { connect, createServer, type SecureContext, type Server, type TLSSocket } from "node:tls";
import type { Endpoint } from "../../sip/address.ts";
import type { TlsFacts, TlsProfile, TlsProfiles } from "../../sip/secure.ts";
import type { ConnectOptions, KeepAlive, Stream, StreamHandlers } from "../../transport/socket.ts";
import { reasonOf } from "../system-error.ts";
import { probe } from "./keep-alive.ts";
import { contextOf, contextOptions } from "./tls-context.ts";
import { depthOf, factsOf } from "./tls-facts.ts";

/** Ends of a connection that are not those of its socket, or not known to it yet. */
export interface Ends {
  readonly remote: Endpoint;
  readonly local?: Endpoint;
  readonly carrier?: Endpoint;
}

/** A stream whose bytes are secured. What is written before the handshake is done waits, and so does `connected`. */
export class SecureStream implements Stream {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly carrier: Endpoint | undefined;
  readonly #announced: boolean;
  #socket: Socket;
  #handlers: StreamHandlers | undefined;
  #waiting: string[] = [];
  #facts: TlsFacts | undefined;
  #reason: string | undefined;

  constructor(socket: Socket, ends?: Ends) {
    this.#socket = socket;
    this.#announced = ends?.local !== undefined;
    this.local = ends?.local ?? { address: socket.localAddress ?? "", port: socket.localPort ?? 0 };
    this.remote = ends?.remote ?? { address: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
    this.carrier = ends?.carrier;
    socket.on("error", (error) => this.fail(reasonOf(error)));
    socket.once("close", () => this.#handlers?.closed(this.#reason));
  }

  start(handlers: StreamHandlers): void {
    this.#handlers = handlers;
  }

  /** The handshake is done and the peer is welcome. */
  secured(socket: TLSSocket, facts: TlsFacts): void {
    if (socket !== this.#socket) socket.on("error", (error) => this.fail(reasonOf(error)));
    this.#socket = socket;
    this.#facts = facts;
    if (!this.#announced)
      Object.assign(this.local, { address: socket.localAddress ?? "", port: socket.localPort ?? 0 });
    socket.on("data", (data: Buffer) => this.#handlers?.data(data.toString("latin1")));
    this.#handlers?.connected?.();
    for (const text of this.#waiting.splice(0)) this.write(text);
  }

  /** Why it is about to be closed; the first reason counts. */
  fail(reason: string): void {
    this.#reason ??= reason;
  }

  get secure(): TlsFacts | undefined {
    return this.#facts;
  }
  get queued(): number {
    return this.#waiting.reduce((sum, text) => sum + text.length, this.#facts ? this.#socket.writableLength : 0);
  }
  write(text: string): void {
    const socket = this.#socket;
    if (!this.#facts) {
      this.#waiting.push(text);
      return;
    }
    if (!socket.writable) return;
    socket.write(text, "latin1", () => {
      if (socket.writableLength === 0) this.#handlers?.drained?.();
    });
  }
  end(): void {
    this.#socket.destroySoon();
  }
  destroy(): void {
    this.#socket.destroy();
  }
  probe(probes: KeepAlive | undefined): void {
    probe(this.#socket, probes);
  }
}

/** Why a peer is refused after its handshake; undefined when it is welcome. */
const refusal = (profile: TlsProfile, depth: number, facts: TlsFacts): string | undefined => {
  if (!facts.peer) return profile.demand ? "peer has no certificate" : undefined;
  if (!profile.verify) return undefined;
  if (facts.verdict !== "") return `certificate of the peer: ${facts.verdict}`;
  return depth > profile.depth ? "certificate chain of the peer is too long" : undefined;
};

/** The TLS side of one listening address. Connections are handed to it as they are accepted. */
export class SecureListener {
  readonly #local: Endpoint;
  #profiles: TlsProfiles | undefined;
  #server: Server | undefined;
  readonly #shaking = new Map<string, SecureStream>();

  constructor(local: Endpoint) {
    this.#local = local;
  }

  /** Begins the handshake. Handlers of the stream hear of its end whatever becomes of it. */
  begin(socket: Socket, stream: SecureStream, profiles: TlsProfiles): void {
    const key = keyOf(socket);
    this.#shaking.set(key, stream);
    socket.once("close", () => this.#shaking.delete(key));
    this.#serverFor(profiles).emit("connection", socket);
  }

  /** Contexts are made once for each set of profiles; the handshakes of an earlier set go on with theirs. */
  #serverFor(profiles: TlsProfiles): Server {
    if (this.#server && this.#profiles === profiles) return this.#server;
    const { address, port } = this.#local;
    const fallback = profiles.server(address, port);
    const contexts = new Map<TlsProfile, SecureContext>();
    const server = createServer({
      ...contextOptions(fallback),
      requestCert: profiles.asks,
      // The profile, which is known when the client has named its server, decides about the certificate.
      rejectUnauthorized: false,
      SNICallback(name, done) {
        const profile = profiles.server(address, port, name);
        if (profile === fallback) return done(null);
        try {
          const context = contexts.get(profile) ?? contextOf(profile);
          contexts.set(profile, context);
          done(null, context);
        } catch (error) {
          done(error as Error);
        }
      },
    });
    server.on("secureConnection", (socket) => {
      const stream = this.#take(socket);
      const name = typeof socket.servername === "string" && socket.servername !== "" ? socket.servername : undefined;
      const profile = profiles.server(address, port, name);
      const depth = depthOf(socket);
      const known = factsOf(socket, profile.name, name);
      // Node asks on behalf of all profiles; for one that does not ask the answer is nothing.
      const facts = profile.ask ? known : { ...known, peer: undefined, verdict: "" };
      const reason = stream ? refusal(profile, depth, facts) : "unknown connection";
      if (stream && reason === undefined) return stream.secured(socket, facts);
      stream?.fail(reason!);
      socket.on("error", () => {});
      socket.destroy();
    });
    server.on("tlsClientError", (error, socket) => {
      this.#take(socket)?.fail(`TLS handshake: ${error.message}`);
      socket.destroy();
    });
    this.#profiles = profiles;
    this.#server = server;
    return server;
  }

  #take(socket: TLSSocket): SecureStream | undefined {
    const key = keyOf(socket);
    const stream = this.#shaking.get(key);
    this.#shaking.delete(key);
    return stream;
  }
}

const keyOf = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;

export const connectSecurely = (options: ConnectOptions, profile: TlsProfile, handlers: StreamHandlers): Stream => {
  const socket = connect({
    host: options.address,
    port: options.port,
    ...(options.localAddress !== undefined && { localAddress: options.localAddress }),
    ...(profile.serverName && { servername: profile.serverName }),
    secureContext: contextOf(profile),
    rejectUnauthorized: false,
    // Kamailio compares no names: the certificate must be trusted, whoever it is of.
    checkServerIdentity: () => undefined,
  });
  socket.setNoDelay(options.noDelay);
  probe(socket, options.keepAlive);
  const stream = new SecureStream(socket, { remote: { address: options.address, port: options.port } });
  stream.start(handlers);
  socket.once("secureConnect", () => {
    const depth = depthOf(socket);
    const facts = factsOf(socket, profile.name, profile.serverName);
    const reason = refusal(profile, depth, facts);
    if (reason === undefined) return stream.secured(socket, facts);
    stream.fail(reason);
    socket.destroy();
  });
  return stream;
};
