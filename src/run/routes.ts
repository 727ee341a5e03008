/** Runs the routes that the transaction layer asks for: each is one Call with the transaction in focus. */
import type { CompiledRoute } from "../compile/program.ts";
import { Call, RunFlag } from "../declare/call.ts";
import type { Lists } from "../declare/lists.ts";
import type { RouteKind } from "../declare/module.ts";
import { type Answer, after, type Value } from "../declare/value.ts";
import type { Route } from "../declare/variable.ts";
import type { Destination, ReceiveInfo } from "../sip/address.ts";
import { currentText } from "../sip/build.ts";
import { SipMessage } from "../sip/message.ts";
import type { Transaction } from "../transaction/transaction.ts";
import type { RouteHandle, RouteOutcome, TransactionUser } from "../transaction/user.ts";
import { Generation } from "./generation.ts";
import type { Meter } from "./meter.ts";
import { resumption } from "./reload/retire.ts";
import type { Server } from "./server.ts";

const WENT_ON: RouteOutcome = { dropped: false, code: 1 };

/** The same with the time that it takes. */
function measured(server: Server, meter: Meter, route: Route, call: Call): Answer<number> {
  const { clock } = server.host;
  const since = clock.now();
  const end = (code: number): number => {
    meter.ran(call.kind, route.name, clock.now() - since);
    return code;
  };
  const answer = run(server, route, call);
  return answer instanceof Promise ? answer.then(end) : end(answer);
}

/** Runs `route` on `call`. Never rejects: an error of ours is logged and counts as an error code. */
export const runRoute = (server: Server, route: Route, call: Call): Answer<number> =>
  server.meter === undefined ? run(server, route, call) : measured(server, server.meter, route, call);

function run(server: Server, route: Route, call: Call): Answer<number> {
  let answer: Answer<number>;
  try {
    answer = route.run(call);
  } catch (error) {
    return server.scriptFailure(error, `route ${route.name}`);
  }
  if (answer instanceof Promise) return answer.catch((error) => server.scriptFailure(error, `route ${route.name}`));
  return answer;
}

/** How a route ended, as the transaction layer wants to know it. */
const outcome = (call: Call, code: number): RouteOutcome =>
  code === 1 && (call.flags & RunFlag.drop) === 0 ? WENT_ON : { dropped: (call.flags & RunFlag.drop) !== 0, code };

export class Routes implements TransactionUser {
  readonly #server: Server;
  /** The `$var`s of the worker that handles the message being processed; of the timer process between messages. */
  vars: Value[] = [];
  /** The generation whose `$var`s these are; undefined before the first serves. */
  #generation: Generation | undefined = undefined;

  constructor(server: Server) {
    this.#server = server;
  }

  /** A message of that generation is about to be processed with these `$var`s, or is done. */
  use(generation: Generation, vars: Value[]): void {
    this.#generation = generation;
    this.vars = vars;
  }

  branchRoute(tx: Transaction, branch: number, request: SipMessage, route: RouteHandle): Answer<RouteOutcome> {
    return this.#run("branch", tx, branch, request, route, (tx.lists as Lists).vars);
  }
  replyRoute(tx: Transaction, branch: number, reply: SipMessage, route: RouteHandle): Answer<RouteOutcome> {
    return this.#run("onreply", tx, branch, reply, route);
  }
  failureRoute(
    tx: Transaction,
    branch: number,
    request: SipMessage,
    _reply: SipMessage | undefined,
    route: RouteHandle,
  ): Answer<RouteOutcome> {
    return this.#run("failure", tx, branch, request, route);
  }
  branchFailureRoute(
    tx: Transaction,
    branch: number,
    request: SipMessage,
    _reply: SipMessage | undefined,
    route: RouteHandle,
  ): Answer<RouteOutcome> {
    return this.#run("branch-failure", tx, branch, request, route);
  }
  /** A run that goes on after a suspension has `$var`s of its own, which start at 0 (DESIGN.md, decision 5). */
  resume(
    tx: Transaction,
    branch: number,
    message: SipMessage,
    route: RouteHandle,
    prepare?: (call: unknown) => void,
  ): Answer<RouteOutcome> {
    const goesOn = resumption(tx, route as CompiledRoute);
    const vars = goesOn.core.freshVars();
    return this.#run(message.isRequest ? "failure" : "onreply", tx, branch, message, goesOn, vars, prepare);
  }
  localRequest(tx: Transaction, text: string, to: Destination): Answer<RouteOutcome & { text: string }> | undefined {
    const route = tx.settings.runsLocalRequest ? this.#event(tx, "tm:local-request") : undefined;
    if (!route) return undefined;
    const request = new SipMessage(text, sentBy(to, this.#server.host.clock.now()));
    const socket = to.socket!;
    return after(this.#run("local", tx, -1, request, route), (outcome) => ({
      ...outcome,
      text: currentText(request, { inbound: undefined, outbound: socket, to }),
    }));
  }
  localAckSent(tx: Transaction, branch: number, reply: SipMessage): Answer<RouteOutcome> | undefined {
    const route = this.#event(tx, "tm:local-ack-sent");
    return route && this.#run("event", tx, branch, reply, route);
  }
  localResponse(tx: Transaction, text: string, to: Destination): Answer<RouteOutcome> | undefined {
    const seen = this.#owner(tx).repliesOut
      ? this.replyOut(new SipMessage(text, sentBy(to, this.#server.host.clock.now())), text, to, tx)
      : undefined;
    return seen instanceof Promise
      ? seen.then((it) => this.#localResponse(tx, text, to) ?? it)
      : (this.#localResponse(tx, text, to) ?? seen);
  }
  #localResponse(tx: Transaction, text: string, to: Destination): Answer<RouteOutcome> | undefined {
    const route = this.#event(tx, "tm:local-response");
    if (!route) return undefined;
    return this.#run("local", tx, -1, new SipMessage(text, sentBy(to, this.#server.host.clock.now())), route);
  }
  /** Shows a reply that goes upstream to the route that is there for them, which decides nothing. */
  replyOut(message: SipMessage, text: string, to: Destination, tx?: Transaction): Answer<RouteOutcome> | undefined {
    const route = (tx ? this.#owner(tx) : this.#server.active).repliesOut;
    if (!route) return undefined;
    return this.#run("event", tx, -1, message, route, undefined, (call) => {
      (call as Call).sending = { text, to };
    });
  }
  onSend(message: SipMessage, text: string, to: Destination): Answer<RouteOutcome> | undefined {
    if (message.isRequest) return this.#onSend(message, text, to);
    const seen = this.replyOut(message, text, to);
    return seen instanceof Promise
      ? seen.then(() => this.#onSend(message, text, to) ?? WENT_ON)
      : this.#onSend(message, text, to);
  }
  #onSend(message: SipMessage, text: string, to: Destination): Answer<RouteOutcome> | undefined {
    const generation = this.#generation ?? this.#server.active;
    if (!message.isRequest && !generation.onsendReplies) return undefined;
    const route = (this.#server.tracer?.side(generation, message) ?? generation).program.onsend;
    if (!route) return undefined;
    return this.#run("onsend", undefined, -1, message, route, undefined, (call) => {
      (call as Call).sending = { text, to };
    });
  }

  #owner({ owner }: Transaction): Generation {
    return owner instanceof Generation ? owner : this.#server.active;
  }

  #event(tx: Transaction, name: string): Route | undefined {
    const generation = this.#owner(tx);
    return (this.#server.tracer?.side(generation, tx.request) ?? generation).program.event.get(name);
  }

  /** A timer or a message may have a route of another generation run, whose `$var`s have other places. */
  #varsOf(route: Route): Value[] {
    const generation = route.core.owner;
    return generation === this.#generation || !(generation instanceof Generation) ? this.vars : generation.timerVars;
  }

  #run(
    kind: RouteKind,
    tx: Transaction | undefined,
    branch: number,
    msg: SipMessage,
    handle: RouteHandle,
    vars: Value[] = this.#varsOf(handle as Route),
    prepare?: (call: unknown) => void,
  ): Answer<RouteOutcome> {
    const route = handle as Route;
    const lists = tx ? (tx.lists as Lists) : this.#server.newLists(vars);
    lists.vars = vars;
    const call = new Call(route.core, msg, kind, vars, lists);
    call.tx = tx;
    call.branch = branch;
    prepare?.(call);
    const before = this.#generation;
    const varsBefore = this.vars;
    this.use(route.core.owner as Generation, vars);
    const code = runRoute(this.#server, route, call);
    this.use(before ?? this.#server.active, varsBefore);
    return code instanceof Promise ? code.then((it) => outcome(call, it)) : outcome(call, code);
  }
}

/** A message made here, seen as if it had come from the socket that sends it. */
export const sentBy = ({ socket, protocol, ip, port, connection }: Destination, time: number): ReceiveInfo => ({
  socket: socket!,
  protocol,
  srcIp: socket!.address,
  srcPort: socket!.port,
  dstIp: ip,
  dstPort: port,
  connection,
  time,
});
