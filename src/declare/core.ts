/** What the server offers to its modules: one Core per generation, over what outlives it. */
import type { Destination, LocalSocket, Protocol, ReceiveInfo } from "../sip/address.ts";
import type { SipMessage } from "../sip/message.ts";
import type { TransactionLayer } from "../transaction/layer.ts";
import type { Owner } from "../transaction/owner.ts";
import type { Call } from "./call.ts";
import type { Host } from "./host.ts";
import type { Module, Regex } from "./module.ts";
import type { Names } from "./names.ts";
import type { StreamControl } from "./streams.ts";
import type { Traces } from "./trace.ts";
import type { Answer, Int, Value } from "./value.ts";
import type { Route, Variables } from "./variable.ts";

/** Kamailio's log levels, L_ALERT to L_DBG. */
export const LogLevel = {
  alert: -5,
  bug: -4,
  crit2: -3,
  crit: -2,
  err: -1,
  always: 0,
  warn: 0,
  notice: 1,
  info: 2,
  dbg: 3,
} as const;

export interface Log {
  /** `level` is one of L_ALERT -5, L_BUG -4, L_CRIT2 -3, L_CRIT -2, L_ERR -1, L_WARN 0, L_NOTICE 1, L_INFO 2, L_DBG 3. */
  /** `name` is printed in the place of the level's. */
  write(level: number, text: string, prefix?: string, facility?: string, name?: string): void;
  /** False when a line of this level would not be shown; test before building an expensive line. */
  enabled(level: number): boolean;
  /** A level that goes before the `debug` parameter (setdebug); undefined ends it. */
  setLevel(level: number | undefined): void;
  /** Letters of foreground and background, as in `$C(xy)`, for the lines of a level on a terminal. */
  setColor?(level: number, colors: string): void;
}

export interface Counter {
  readonly group: string;
  readonly name: string;
  value: number;
  /** Cannot be reset (`no_reset`). */
  pinned?: boolean;
}
export interface Statistics {
  /** The counter of that name, made on first use. Its value survives a reload. */
  counter(group: string, name: string): Counter;
  /** A counter whose value is computed when somebody asks. */
  gauge(group: string, name: string, read: () => number): void;
  get(name: string): number | undefined;
  list(): readonly { readonly group: string; readonly name: string; readonly value: number }[];
  reset(name: string): boolean;
}

/** Core and custom parameters in force (`debug`, `children`, `group.name`): `$sel(cfg_get.…)`, `cfg.get`. */
export interface Config {
  int(name: string): number;
  str(name: string): string;
  /** In an instance of the group, the value that it has there, else the group's. */
  get(group: string, name: string, instance?: number): Value | undefined;
  has(name: string): boolean;
  hasInstance(group: string, instance: number): boolean;
  /** False when there is no such parameter or instance, or it cannot change at run time. */
  set(group: string, name: string, value: Value, instance?: number): boolean;
  /** Takes an instance's own value away, so that the group's counts. False when there is no such instance or parameter. */
  unset(group: string, name: string, instance: number): boolean;
  /** Makes an instance of a group, with the group's values. False when there is no such group. */
  addInstance(group: string, instance: number): boolean;
  /** False when there is no such instance. */
  removeInstance(group: string, instance: number): boolean;
  groups(): readonly { readonly group: string; readonly names: readonly string[] }[];
  describe(group: string, name: string): string | undefined;
  /** Makes a module's own value visible to `cfg.get`, and to `cfg.set_now_*` when it has a setter (Kamailio's cfg framework). */
  expose(group: string, name: string, variable: ConfigVariable): void;
}

export interface ConfigVariable {
  readonly doc: string;
  get(): Value;
  /** False refuses the value. */
  set?(value: Value): boolean;
}

export interface SocketTable {
  readonly all: readonly LocalSocket[];
  find(protocol: Protocol | undefined, address: string, port?: number): LocalSocket | undefined;
  byName(name: string): LocalSocket | undefined;
  /** Parses `proto:host:port` or a socket's name. */
  parse(text: string): LocalSocket | undefined;
  /** The socket to reach `ip` with `protocol`, Kamailio's get_send_socket; `near` is preferred when it fits. */
  toward(protocol: Protocol, ip: string, near?: LocalSocket): LocalSocket | undefined;
  aliases(): readonly { readonly protocol: Protocol | undefined; readonly host: string; readonly port: number }[];
}

/** The counters of one pool of worker slots. */
export interface WorkerPool {
  readonly name: string;
  readonly slots: number;
  readonly busy: number;
  readonly queued: number;
  readonly dropped: number;
  readonly handled: number;
}

/** A TCP, TLS or WebSocket connection, for core.tcp_list. */
export interface ConnectionInfo {
  readonly id: number;
  readonly protocol: Protocol;
  readonly state: "connecting" | "open";
  /** Seconds until it is closed as idle, and how long an idle one lives. */
  readonly timeout: number;
  readonly lifetime: number;
  readonly srcIp: string;
  readonly srcPort: number;
  readonly dstIp: string;
  readonly dstPort: number;
  /** Bytes that wait to be written. */
  readonly queued: number;
}

/**
 * Why a generation is still needed when another serves: work under way that will run its routes or use its modules'
 * states. Runs and transactions are counted by the server itself.
 */
export type Pending = "timers" | "launched" | "http";

export interface Core {
  readonly host: Host;
  readonly log: Log;
  readonly config: Config;
  readonly statistics: Statistics;
  readonly sockets: SocketTable;
  readonly transactions: TransactionLayer;
  readonly variables: Variables;
  readonly modules: readonly Module[];
  /** Kamailio's check_self: a missing port (0) fits any; see `myself` and is_myself(). */
  isMyself(host: string, port: number, protocol?: Protocol): boolean;
  /** State of another module of this generation (undefined when it is not loaded). */
  state<S>(module: string): S | undefined;
  loaded(module: string): boolean;
  /** A route block of this generation. */
  route(name: string): Route | undefined;
  block(kind: "failure" | "branch" | "onreply" | "event", name: string): Route | undefined;
  /** Runs `event_route[name]` when the script has one: undefined when it has none. */
  runEvent(name: string, msg?: SipMessage, prepare?: (call: Call) => void): Answer<Call> | undefined;
  /** Runs a route outside any message, on a faked request (timers, launch reports): Kamailio's, or the one of `text`. */
  runDetached(route: Route, prepare?: (call: Call) => void, text?: string): Answer<Call>;
  /** Compiles a POSIX extended regular expression, `null` when it is wrong. Cached. */
  regex(source: string, flags?: { readonly icase?: boolean; readonly newline?: boolean }): Regex | null;
  /** Sends bytes (latin1) as they are. */
  sendRaw(to: Destination, text: string): Answer<boolean>;
  /** RFC 3263 for `sip:` URIs: the first reachable target. Null: it cannot be resolved. Numeric hosts answer at once. */
  resolve(uri: string, near?: LocalSocket): Answer<Destination | null>;
  /** Stateless reply (sl). Gives the Kamailio code: 1 sent, negative not. */
  replyStateless(msg: SipMessage, code: number, reason: string): Answer<number>;
  /** Stateless forward of the request as edited (core `forward`, sl); `branch` ends the branch parameter of the Via. */
  forwardStateless(msg: SipMessage, to: Destination, branch?: number): Answer<number>;
  /** Passes a reply on to its second Via (core `forward_reply`). False: it could not be sent. */
  forwardReply(msg: SipMessage): Answer<boolean>;
  /** The To tag of a stateless reply to this message (Kamailio: MD5 prefix of the server + CRC of the Vias). */
  statelessToTag(msg: SipMessage): string;
  /** Commands of every module, by name: RPC transports look them up here. */
  command(
    name: string,
  ): { readonly module: Module; readonly run: (args: readonly Value[]) => Answer<unknown> } | undefined;
  commands(): readonly string[];
  workers(): readonly WorkerPool[];
  /** Open stream connections; absent where there are none to speak of. */
  connections?(): readonly ConnectionInfo[];
  /** The stream connections for those who change them; undefined while the script loads. */
  readonly streams?: StreamControl | undefined;
  /** Traces of what the script does; absent where nothing can be traced. */
  readonly traces?: Traces;
  /** What the preprocessor has defined, with its value when it has one. */
  defines?(): ReadonlyMap<string, string | undefined>;
  /** What is known of names and of destinations that failed; absent where nothing is resolved. */
  readonly names?: Names;
  readonly startedAt: number;
  /** Path of the script. */
  readonly file: string;
  /** Feeds a message to the engine as if it had been received. */
  inject(text: string, received: ReceiveInfo): void;
  /** `$var`s for a run that belongs to no worker: every slot 0. */
  freshVars(): Value[];
  /** Number of the generation, from 1. */
  readonly generation: number;
  /** What transactions name as theirs, so that they end on this generation. */
  readonly owner: Owner;
  /** Work of that kind has begun, or (`done`) has ended: the generation is not stopped in between. */
  pending(kind: Pending): void;
  done(kind: Pending): void;
}

export type { Int };
