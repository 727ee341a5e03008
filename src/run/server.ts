/**
 * The server: what outlives a script (sockets, transactions, counters, worker pools), and the generation that serves now.
 * It does no I/O of its own: the host and the socket port do.
 */
import type { ParseInput } from "../../grammar/index.ts";
import type { Watcher } from "../compile/watch.ts";
import { type Config, LogLevel } from "../declare/core.ts";
import type { Host } from "../declare/host.ts";
import { Lists } from "../declare/lists.ts";
import type { Module } from "../declare/module.ts";
import { type Answer, after, type Value } from "../declare/value.ts";
import type { Destination, LocalSocket, Protocol } from "../sip/address.ts";
import type { SipMessage } from "../sip/message.ts";
import { transactionLayer } from "../transaction/create.ts";
import type { TransactionLayer } from "../transaction/layer.ts";
import { defaultSettings, type TransportSettings } from "../transport/settings.ts";
import type { SocketPort } from "../transport/socket.ts";
import { Sockets } from "../transport/sockets.ts";
import { Transports } from "../transport/transports.ts";
import type { Additions } from "./command-line.ts";
import { GenerationConfig } from "./config.ts";
import type { Generation } from "./generation.ts";
import { type LoadOptions, type LoadResult, load } from "./load.ts";
import { type LogSink, ServerLog } from "./log.ts";
import type { Meter } from "./meter.ts";
import { Destinations, type Serving } from "./names/destinations.ts";
import { Pools } from "./pools.ts";
import { Receiver } from "./receive.ts";
import { Regexes } from "./regexes.ts";
import type { Cooling } from "./reload/cooling.ts";
import { Generations, type Known } from "./reload/generations.ts";
import type { Probation } from "./reload/probation.ts";
import { type ReloadOptions, type ReloadResult, Reloads } from "./reload/reload.ts";
import type { Ending } from "./reload/retire.ts";
import { Routes, sentBy } from "./routes.ts";
import { Stateless } from "./stateless.ts";
import { ServerStatistics } from "./statistics.ts";
import { type Tracer, Tracing } from "./trace/trace.ts";
import { countTransports } from "./transport-statistics.ts";

export interface ServerOptions {
  readonly host: Host;
  readonly net: SocketPort;
  /** Every module that a script may load. */
  readonly modules: readonly Module[];
  /** Modules that are always there (control commands of the core). */
  readonly builtin?: readonly Module[];
  readonly sink: LogSink;
  /** `-A name[=value]`, in order when it is a list. */
  readonly defines?: ParseInput["defines"];
  /** `--subst`, `--substdef`, `--substdefs`. */
  readonly substitutions?: ParseInput["substitutions"];
  /** What else the command line adds to the script. */
  readonly additions?: Additions;
  /** Core parameters that the command line sets over the script: `-n` children, `-d` debug, … */
  readonly overrides?: ReadonlyMap<string, Value>;
  /** `-l`: addresses to listen on besides those of the script, as a listen line has them. */
  readonly listen?: readonly string[];
  /** What a module that Viaduct lacks is: an error, or a warning with functions that return -1. */
  readonly missing?: "error" | "warn";
  /** Seconds after which a generation that cools is ended, and how; without it, calls end by themselves. */
  readonly maxAge?: { readonly seconds: number; readonly how: Ending };
  /** Whether a script that was taken up is given up again by itself. */
  readonly probation?: Probation;
  /** Watches every program that is loaded: coverage, breakpoints. */
  readonly watcher?: Watcher;
  /** Told of every message from the start: what a simulation records. */
  readonly tracer?: Tracer;
}

/** Kamailio's `maxbuffer`: bytes of datagrams that wait for a worker. */
const DEFAULT_QUEUE_BYTES = 262_144;

export class Server {
  readonly options: ServerOptions;
  readonly host: Host;
  readonly log: ServerLog;
  readonly statistics: ServerStatistics;
  readonly destinations: Destinations;
  readonly regexes = new Regexes();
  readonly pools: Pools;
  readonly routes: Routes;
  readonly receiver: Receiver;
  readonly stateless: Stateless;
  readonly transactions: TransactionLayer;
  readonly startedAt: number;
  /** The generation that takes new requests. */
  active!: Generation;
  sockets: Sockets;
  /** What the transports obey: the parameters of the generation that serves, in an object that stays. */
  readonly transportSettings: TransportSettings = defaultSettings();
  /** Generations that were, with their sources. */
  readonly generations: Generations;
  /** Undefined while no generation cools, which is nearly always. */
  cooling: Cooling | undefined = undefined;
  /** Undefined while nobody traces, which is nearly always. */
  tracer: Tracer | undefined;
  readonly traces: Tracing;
  /** Undefined unless metrics were asked for. */
  meter: Meter | undefined = undefined;
  /** Told of each reload that was carried out. */
  onReload: ((result: ReloadResult) => void) | undefined = undefined;
  /** Told when a generation serves well: at once, or when its probation is over. */
  onProven: ((generation: Known) => void) | undefined = undefined;
  readonly #reloads: Reloads;
  #transports: Transports | undefined;

  constructor(options: ServerOptions) {
    const { host } = options;
    this.options = options;
    this.host = host;
    this.log = new ServerLog(options.sink, LogLevel.notice);
    this.statistics = new ServerStatistics();
    countTransports(this.statistics, () => this.#transports);
    // Modules that start may look up names before anything is served.
    const params = options.modules.find((it) => it.name === "core")?.params ?? {};
    const before = new GenerationConfig(params, options.overrides ?? new Map(), []);
    const sockets = (): Sockets => this.sockets;
    const config = (): Config => (this.active as Generation | undefined)?.config ?? before;
    // One object for good: it is looked at for every request.
    const serving: Serving = {
      get sockets() {
        return sockets();
      },
      get config() {
        return config();
      },
      webSocket: (ip, port) => this.#transports?.streams.webSocket(ip, port),
    };
    this.destinations = new Destinations(host, () => serving);
    this.destinations.resolver.cache.onSlow = (name, took) =>
      this.log.write(LogLevel.warn, `the name ${name} took ${took} ms to look up\n`);
    this.pools = new Pools({ children: 8, tcpChildren: 8, queueBytes: DEFAULT_QUEUE_BYTES });
    this.routes = new Routes(this);
    this.receiver = new Receiver(this);
    this.stateless = new Stateless(this);
    this.sockets = new Sockets([], [], options.net);
    this.startedAt = host.clock.wall();
    this.generations = new Generations();
    this.#reloads = new Reloads(this);
    this.tracer = options.tracer;
    this.traces = new Tracing(this);
    this.transactions = transactionLayer({
      clock: host.clock,
      random: host.random,
      user: this.routes,
      send: (text, to) => this.send(text, to),
      resolve: (uri, protocol, forced, near) => this.destinations.resolve(uri, near, protocol, forced),
      blocklist: this.destinations.places,
      tooLarge: (length, msg, to) => this.destinations.tooLarge(length, msg, to),
      forward: (msg, to) => this.stateless.forward(msg, to),
      requestOptions: () => this.active.buildSettings,
      replyOptions: () => this.active.buildSettings,
      log: (level, text) =>
        this.log.write(level === "error" ? LogLevel.err : level === "warn" ? LogLevel.warn : LogLevel.info, text),
    });
  }

  /** Makes a generation of a script without touching the one that serves. */
  load(file: string, options: LoadOptions = {}): Promise<LoadResult> {
    return load(this, file, this.generations.latest + 1, options);
  }

  /**
   * Changes to another script, or to the same one after it was edited, while calls go on. Whatever fails, the server is
   * as it was. One reload is carried out at a time, in the order they were asked for.
   */
  reload(options: ReloadOptions = {}): Promise<ReloadResult> {
    return this.#reloads.reload(options).then((result) => {
      this.onReload?.(result);
      return result;
    });
  }

  /** Opens the sockets and starts to serve. Rejects with what the user is to read when that is impossible. */
  async start(generation: Generation): Promise<void> {
    const { options, host } = this;
    Object.assign(this.transportSettings, generation.transportSettings);
    const transports = new Transports({
      sockets: generation.sockets,
      net: options.net,
      clock: host.clock,
      settings: this.transportSettings,
      onMessage: (text, received) => this.receiver.receive(text, received),
      log: (level, text) => this.log.write(level, text),
    });
    const problem = await transports.open();
    if (problem !== undefined) {
      await generation.stop();
      throw new Error(problem);
    }
    this.#transports = transports;
    try {
      for (const module of generation.modules)
        if (module.open) await module.open(generation.states.get(module.name), generation.core);
    } catch (error) {
      await transports.close();
      await generation.stop();
      throw error;
    }
    this.takeUp(generation);
    for (const event of STARTED) await generation.core.runEvent(event);
    transports.serve();
  }

  /** The generation serves from now on. Nothing here can fail or wait. */
  takeUp(generation: Generation): void {
    const { config } = generation;
    this.sockets = generation.sockets;
    this.pools.use(this.sockets.all, {
      children: config.int("children"),
      tcpChildren: config.int("tcp_children"),
      queueBytes: config.int("maxbuffer") || DEFAULT_QUEUE_BYTES,
    });
    Object.assign(this.transportSettings, generation.transportSettings);
    this.active = generation;
    this.transactions.engine.owner = generation;
    if (config.has("debug")) this.log.level = config.int("debug");
    generation.timerVars = generation.slots.fresh();
    this.routes.use(generation, generation.timerVars);
    generation.statistics.commit();
    generation.serve();
    this.generations.began(generation, this.host.clock.wall());
  }

  /** Closes the sockets and stops the modules. */
  async stop(): Promise<void> {
    this.#reloads.end();
    await this.#transports?.close();
    for (const it of this.cooling?.generations ?? []) await it.stop();
    await this.active?.stop();
  }

  get transports(): Transports | undefined {
    return this.#transports;
  }

  send(text: string, to: Destination): Answer<boolean> {
    const hook = this.active.bytesHook;
    if (hook === undefined) return this.#transmit(text, to);
    const socket = to.socket ?? this.sockets.toward(to.protocol, to.ip);
    if (!socket) return this.#transmit(text, to);
    const leaving = hook(text, false, sentBy({ ...to, socket }, this.host.clock.now()));
    return after(leaving, (it) => this.#transmit(it, to));
  }

  #transmit(text: string, to: Destination): Answer<boolean> {
    const sent = this.#transports?.send(text, to) ?? false;
    if (this.tracer !== undefined) this.tracer.sent(text, to, sent);
    if (this.meter !== undefined) this.meter.sent(text);
    return sent;
  }

  /** The first place to try for a URI and the socket to use. Null: there is none. */
  resolve(uri: string, near?: LocalSocket): Answer<Destination | null> {
    return this.destinations.resolve(uri, near);
  }

  isMyself(host: string, port: number, protocol?: Protocol): boolean {
    if (this.sockets.isMyself(host, port, protocol)) return true;
    for (const it of this.cooling?.generations ?? []) if (it.sockets.isMyself(host, port, protocol)) return true;
    return false;
  }

  newLists(vars: Value[]): Lists {
    const lists = new Lists();
    lists.vars = vars;
    return lists;
  }

  /** Something failed in a way that no script can cause: our own mistake, told with its place, never passed on. */
  scriptFailure(error: unknown, what: string): number {
    this.statistics.counter("core", "script_failures").value++;
    this.log.write(
      LogLevel.bug,
      `${what} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return -1;
  }

  /** A message that could not be parsed: logged, and dropped unless silence would be wrong (RFC 4475, 3.1.2.16). */
  malformed(msg: SipMessage): void {
    const { srcIp, srcPort } = msg.received;
    this.log.write(LogLevel.err, `message from ${srcIp}:${srcPort} dropped: ${msg.malformed}\n`);
    if (msg.refuse !== 0)
      void this.stateless.reply(msg, msg.refuse, msg.refuse === 505 ? "Version Not Supported" : "Bad Request");
  }
}

/** Event routes that run when the server starts to serve, in Kamailio's order. */
const STARTED = ["core:worker-one-init", "tm:init"] as const;
