/** The services of one generation: what its modules and compiled routes are handed as `Core`. */
import type { Program } from "../compile/program.ts";
import { Call } from "../declare/call.ts";
import type { Config, ConnectionInfo, Core, Pending, SocketTable, Statistics, WorkerPool } from "../declare/core.ts";
import type { Host } from "../declare/host.ts";
import type { Lists } from "../declare/lists.ts";
import type { Module, Regex } from "../declare/module.ts";
import type { Names } from "../declare/names.ts";
import type { StreamControl } from "../declare/streams.ts";
import type { Traces } from "../declare/trace.ts";
import type { Answer, Value } from "../declare/value.ts";
import type { Route, Variables } from "../declare/variable.ts";
import type { Destination, LocalSocket, Protocol, ReceiveInfo } from "../sip/address.ts";
import type { SipMessage } from "../sip/message.ts";
import type { TransactionLayer } from "../transaction/layer.ts";
import type { Owner } from "../transaction/owner.ts";
import { Commands } from "./commands.ts";
import { fakedRequest } from "./fake.ts";
import type { Generation } from "./generation.ts";
import type { ServerLog } from "./log.ts";
import { runRoute } from "./routes.ts";
import type { Server } from "./server.ts";

export class GenerationCore implements Core {
  readonly host: Host;
  readonly log: ServerLog;
  readonly statistics: Statistics;
  readonly transactions: TransactionLayer;
  readonly generation: number;
  readonly config: Config;
  readonly modules: readonly Module[];
  readonly #server: Server;
  readonly #generation: Generation;
  readonly #commands: Commands;
  /** Undefined: the generation's. Another in the core of a twin (twin.ts). */
  program: Program | undefined = undefined;

  constructor(server: Server, generation: Generation, config: Config, modules: readonly Module[]) {
    this.#server = server;
    this.#generation = generation;
    this.host = server.host;
    this.log = server.log;
    this.statistics = generation.statistics;
    this.transactions = server.transactions;
    this.generation = generation.number;
    this.config = config;
    this.modules = modules;
    this.#commands = new Commands(modules, this, (module) => generation.states.get(module.name));
  }

  get #program(): Program {
    return this.program ?? this.#generation.program;
  }
  get traces(): Traces {
    return this.#server.traces;
  }
  /** For the commands that are about the server itself. */
  get server(): Server {
    return this.#server;
  }
  get variables(): Variables {
    return this.#generation.variables;
  }
  /** While the script loads these are not open yet. */
  get sockets(): SocketTable {
    return this.#generation.sockets;
  }
  get file(): string {
    return this.#generation.file;
  }
  get names(): Names {
    return this.#server.destinations.names;
  }
  get startedAt(): number {
    return this.#server.startedAt;
  }

  isMyself(host: string, port: number, protocol?: Protocol): boolean {
    if (this.#generation.sockets.isMyself(host, port, protocol)) return true;
    for (const module of this.modules)
      if (module.isMyself?.(host, port, protocol, this.#generation.states.get(module.name))) return true;
    return false;
  }
  state<S>(module: string): S | undefined {
    return this.#generation.states.get(module) as S | undefined;
  }
  loaded(module: string): boolean {
    return this.#generation.states.has(module);
  }

  route(name: string): Route | undefined {
    const program = this.#program;
    // Kamailio's name for request_route is 0.
    return program.routes.get(name) ?? (name === "0" ? program.request : undefined);
  }
  block(kind: "failure" | "branch" | "onreply" | "event", name: string): Route | undefined {
    return this.#program[kind].get(name);
  }

  runEvent(name: string, msg?: SipMessage, prepare?: (call: Call) => void): Answer<Call> | undefined {
    const side = msg && this.#server.tracer?.side(this.#generation, msg);
    if (side && side.core !== this) return side.core.runEvent(name, msg, prepare);
    const route = this.#program.event.get(name);
    return route && this.#run(route, msg ?? this.#faked(), this.#generation.timerVars, prepare);
  }
  runDetached(route: Route, prepare?: (call: Call) => void, text?: string): Answer<Call> {
    return this.#run(route, this.#faked(text), this.freshVars(), prepare);
  }
  freshVars(): Value[] {
    return this.#generation.slots.fresh();
  }

  newLists(): Lists {
    return this.#server.newLists(this.freshVars());
  }

  regex(source: string, flags?: { readonly icase?: boolean; readonly newline?: boolean }): Regex | null {
    return this.#server.regexes.compile(source, flags);
  }

  sendRaw(to: Destination, text: string): Answer<boolean> {
    return this.#server.send(text, to);
  }
  resolve(uri: string, near?: LocalSocket): Answer<Destination | null> {
    return this.#server.resolve(uri, near);
  }
  replyStateless(msg: SipMessage, code: number, reason: string): Answer<number> {
    return this.#server.stateless.reply(msg, code, reason);
  }
  forwardStateless(msg: SipMessage, to: Destination, branch = 0): Answer<number> {
    return this.#server.stateless.forward(msg, to, branch);
  }
  forwardReply(msg: SipMessage): Answer<boolean> {
    return this.#server.stateless.forwardReply(msg);
  }
  statelessToTag(msg: SipMessage): string {
    return this.#server.stateless.toTag(msg);
  }

  get owner(): Owner {
    return this.#generation;
  }
  pending(kind: Pending): void {
    this.#generation.begin(kind);
  }
  done(kind: Pending): void {
    this.#generation.done(kind);
  }

  /** A client that was connected when another generation took over commands that one. */
  command(name: string): ReturnType<Core["command"]> {
    const { active } = this.#server;
    const { state } = this.#generation;
    if (state === "cooling" || state === "retired") return active.core.command(name);
    return this.#commands.find(name);
  }
  commands(): readonly string[] {
    return this.#commands.names;
  }
  workers(): readonly WorkerPool[] {
    return this.#server.pools.list();
  }
  connections(): readonly ConnectionInfo[] {
    const { lifetime } = this.#generation.transportSettings;
    return (this.#server.transports?.streams.list() ?? []).map(({ remote, local, ...it }) => ({
      id: it.id,
      protocol: it.protocol,
      state: it.state === "connecting" ? "connecting" : "open",
      timeout: it.timeout,
      lifetime,
      srcIp: remote.address,
      srcPort: remote.port,
      dstIp: local.address,
      dstPort: local.port,
      queued: it.queued,
    }));
  }
  get streams(): StreamControl | undefined {
    return this.#server.transports?.streams;
  }
  defines(): ReadonlyMap<string, string | undefined> {
    return this.#generation.defines;
  }
  inject(text: string, received: ReceiveInfo): void {
    this.#server.receiver.receive(text, received);
  }

  #faked(text?: string): SipMessage {
    return fakedRequest(this.sockets.all[0], this.host.clock.now(), text);
  }

  #run(route: Route, msg: SipMessage, vars: Value[], prepare?: (call: Call) => void): Answer<Call> {
    const call = new Call(this, msg, "event", vars, this.#server.newLists(vars));
    prepare?.(call);
    this.#generation.enter();
    const end = (): Call => {
      this.transactions.endRequest(call);
      this.#generation.leave();
      return call;
    };
    const answer = runRoute(this.#server, route, call);
    return answer instanceof Promise ? answer.then(end) : end();
  }
}
