/**
 * A message from its bytes to the script (Kamailio's receive_msg): parsed, given to a worker slot of its socket,
 * run through request_route or reply_route, and handed to the transaction layer.
 */
import { Call, type RawBytes, RunFlag } from "../declare/call.ts";
import { LogLevel } from "../declare/core.ts";
import { type Answer, after } from "../declare/value.ts";
import { defaultPort, type ReceiveInfo } from "../sip/address.ts";
import { SipMessage } from "../sip/message.ts";
import type { Generation } from "./generation.ts";
import { runRoute } from "./routes.ts";
import type { Server } from "./server.ts";
import type { Slot, Task } from "./workers.ts";

export class Receiver {
  readonly #server: Server;
  #lastId = 0;
  readonly #requests;
  readonly #replies;
  readonly #badRequests;
  readonly #badReplies;
  readonly #dropped;
  readonly #droppedReplies;

  constructor(server: Server) {
    this.#server = server;
    const { statistics } = server;
    this.#requests = statistics.counter("core", "rcv_requests");
    this.#replies = statistics.counter("core", "rcv_replies");
    this.#badRequests = statistics.counter("core", "err_requests");
    this.#badReplies = statistics.counter("core", "err_replies");
    this.#dropped = statistics.counter("core", "drop_requests");
    this.#droppedReplies = statistics.counter("core", "drop_replies");
  }

  /** A message came. What cannot be parsed is counted and dropped (false); never throws. */
  receive(text: string, received: ReceiveInfo): boolean {
    const { active } = this.#server;
    if (active.bytesReceived === undefined && active.bytesHook === undefined) return this.#take(text, received);
    const seen = this.#seen(active, text, received);
    if (seen instanceof Promise) {
      void seen.then((it) => it !== undefined && this.#take(it, received));
      return true;
    }
    return seen === undefined || this.#take(seen, received);
  }

  /** What event routes that see bytes make of them; undefined when one drops them. */
  #seen(
    { bytesReceived, bytesHook, core }: Generation,
    text: string,
    received: ReceiveInfo,
  ): Answer<string | undefined> {
    const hooked = (it: string): Answer<string> => (bytesHook ? bytesHook(it, true, received) : it);
    if (!bytesReceived) return hooked(text);
    const raw: RawBytes = { text, received, changeable: true, event: 1 };
    const run = core.runDetached(bytesReceived, (call) => {
      call.raw = raw;
    });
    return after(run, (call) => ((call.flags & RunFlag.drop) === 0 ? hooked(raw.text) : undefined));
  }

  #take(text: string, received: ReceiveInfo): boolean {
    const server = this.#server;
    const msg = new SipMessage(text, received);
    msg.id = ++this.#lastId;
    if (msg.malformed !== "") {
      (text.startsWith("SIP/") ? this.#badReplies : this.#badRequests).value++;
      if (msg.protocol === "sip") server.active.core.runEvent("core:receive-parse-error", msg);
      server.meter?.malformed();
      server.malformed(msg);
      return false;
    }
    if (msg.isRequest) this.#requests.value++;
    else this.#replies.value++;
    server.tracer?.received(msg);
    if (server.meter !== undefined && msg.protocol === "sip") server.meter.received(msg);
    const generation = server.cooling ? server.cooling.generationOf(msg) : server.active;
    if (!generation) {
      this.#dropped.value++;
      return true;
    }
    const task: Task = {
      key: msg.callId,
      size: text.length,
      run: (slot) => this.#run(generation, msg, slot),
    };
    generation.enter();
    if (!server.pools.of(received.socket).submit(task)) {
      generation.leave();
      this.#dropped.value++;
    }
    return true;
  }

  #run(generation: Generation, msg: SipMessage, slot: Slot): Answer<void> {
    const vars = generation.varsOf(slot);
    const server = this.#server;
    server.routes.use(generation, vars);
    const answer = this.#serve(generation, msg, slot);
    server.routes.use(server.active, server.active.timerVars);
    if (answer instanceof Promise) return answer.then(() => generation.leave());
    generation.leave();
  }

  /** Never rejects: a mistake of ours must not take the slot, or the generation, with it. */
  #serve(generation: Generation, msg: SipMessage, slot: Slot): Answer<void> {
    try {
      const answer = msg.protocol !== "sip" ? this.#other(generation, msg, 0) : this.#preRouting(generation, msg, slot);
      return answer instanceof Promise ? answer.catch((error) => this.#failed(error)) : answer;
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#server.scriptFailure(error, "serving a message");
  }

  /** event_route[core:pre-routing] sees every message first; what it drops goes no further. */
  #preRouting(generation: Generation, msg: SipMessage, slot: Slot): Answer<void> {
    if (!generation.preRouting) return this.#sip(generation, msg, slot);
    const { core, program } = this.#server.tracer?.side(generation, msg) ?? generation;
    const route = program.event.get("core:pre-routing")!;
    const vars = generation.varsOf(slot);
    const call = new Call(core, msg, "request", vars, this.#server.newLists(vars));
    return after(runRoute(this.#server, route, call), () => {
      if ((call.flags & RunFlag.drop) === 0) return this.#sip(generation, msg, slot);
    });
  }

  #sip(generation: Generation, msg: SipMessage, slot: Slot): Answer<void> {
    return msg.isRequest ? this.#request(generation, msg, slot) : this.#reply(generation, msg, slot);
  }

  /** What is not SIP is offered to the modules that take such, from the `next` one on, and goes nowhere else. */
  #other(generation: Generation, msg: SipMessage, next: number): Answer<void> {
    const module = generation.modules[next];
    if (!module) return;
    const taken = module.otherProtocol?.(msg, generation.states.get(module.name), generation.core) ?? false;
    return after(taken, (it) => (it ? undefined : this.#other(generation, msg, next + 1)));
  }

  #request(generation: Generation, msg: SipMessage, slot: Slot): Answer<void> {
    const { program, core } = this.#server.tracer?.side(generation, msg) ?? generation;
    if (generation.forceRport) msg.forceRport = true;
    if (generation.transportSettings.acceptAliases) this.#alias(msg);
    const vars = generation.varsOf(slot);
    const call = new Call(core, msg, "request", vars, this.#server.newLists(vars));
    const hooks = generation.requestHooks;
    for (let i = 0; i < hooks.length; i++) if (hooks[i]!(call)) return;
    if (!program.request) return;
    const answer = runRoute(this.#server, program.request, call);
    if (answer instanceof Promise) return answer.then((code) => this.#requestEnd(call, code));
    this.#requestEnd(call, answer);
  }

  /** A route that ends with an error closes the connection of its request, unless `tcp_script_mode` says otherwise. */
  #requestEnd(call: Call, code: number): void {
    const server = this.#server;
    const { connection } = call.msg.received;
    server.transactions.endRequest(call);
    if (code < 0 && connection !== 0 && !server.transportSettings.keepAfterError)
      server.transports?.streams.shut(connection);
  }

  /** RFC 5923: requests for the port that the peer's Via names may use the connection that it opened. */
  #alias(msg: SipMessage): void {
    const { connection, protocol } = msg.received;
    const via = msg.vias[0];
    if (connection !== 0 && via?.alias)
      this.#server.transports?.streams.addAlias(connection, via.port || defaultPort(protocol));
  }

  #reply(generation: Generation, msg: SipMessage, slot: Slot): Answer<void> {
    const { replyHooks: hooks } = generation;
    const { program, core } = this.#server.tracer?.side(generation, msg) ?? generation;
    if (!program.reply && hooks.length === 0) return this.#relayReply(generation, msg, slot);
    const vars = generation.varsOf(slot);
    const call = new Call(core, msg, "onreply", vars, this.#server.newLists(vars));
    for (let i = 0; i < hooks.length; i++) hooks[i]!(call);
    if (!program.reply) return this.#relayReply(generation, msg, slot);
    const end = (code: number): Answer<void> => {
      // Kamailio drops the reply when the route ends with 0 or fails as well as on `drop`.
      if (code < 0) this.#server.log.write(LogLevel.warn, "error while trying onreply script\n");
      else if (code !== 0 && (call.flags & RunFlag.drop) === 0) return this.#relayReply(generation, msg, slot);
      this.#droppedReplies.value++;
    };
    const answer = runRoute(this.#server, program.reply, call);
    return answer instanceof Promise ? answer.then(end) : end(answer);
  }

  /** A transaction takes the reply, or it goes where its second Via says (RFC 3261, 16.7 (1)). */
  #relayReply(generation: Generation, msg: SipMessage, slot: Slot): Answer<void> {
    const taken = this.#server.transactions.receiveReply(msg);
    if (taken === true) return;
    return after(taken, (it) => (it ? undefined : this.#strayReply(generation, msg, slot)));
  }

  /** A reply that belongs to no transaction is forwarded, unless a route that is there for those drops it. */
  #strayReply(generation: Generation, msg: SipMessage, slot: Slot): Answer<void> {
    const { stateless } = this.#server;
    const forward = (): Answer<void> => {
      const sent = stateless.forwardReply(msg);
      if (sent instanceof Promise) return sent.then(() => {});
    };
    const route = generation.strayReplies;
    if (!route) return forward();
    const vars = generation.varsOf(slot);
    const call = new Call(generation.core, msg, "onreply", vars, this.#server.newLists(vars));
    return after(runRoute(this.#server, route, call), (code) => {
      if (code !== 0 && (call.flags & RunFlag.drop) === 0) return forward();
    });
  }
}
