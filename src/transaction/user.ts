/** What the transaction layer asks of whoever runs scripts (RFC 3261's transaction user). Implemented by src/run. */
import type { SipMessage } from "../sip/message.ts";
import type { Transaction } from "./transaction.ts";

/** A route block of one generation; opaque here. `run` gives the code of its last action. */
export interface RouteHandle {
  readonly name: string;
}

type Answer<T> = T | Promise<T>;

/** How a route ended. */
export interface RouteOutcome {
  /** The script said `drop` (or returned 0 where Kamailio takes that as drop). */
  readonly dropped: boolean;
  readonly code: number;
}

/** Each call runs one route with the transaction's lists, flags and the given message in focus. Never rejects. */
export interface TransactionUser {
  branchRoute(tx: Transaction, branch: number, request: SipMessage, route: RouteHandle): Answer<RouteOutcome>;
  /** onreply_route[NAME] armed by t_on_reply. */
  replyRoute(tx: Transaction, branch: number, reply: SipMessage, route: RouteHandle): Answer<RouteOutcome>;
  /** failure_route on the transaction's request; `reply` is the winning reply, undefined for a local timeout (408). */
  failureRoute(
    tx: Transaction,
    branch: number,
    request: SipMessage,
    reply: SipMessage | undefined,
    route: RouteHandle,
  ): Answer<RouteOutcome>;
  /** event_route[tm:branch-failure:NAME]. */
  branchFailureRoute(
    tx: Transaction,
    branch: number,
    request: SipMessage,
    reply: SipMessage | undefined,
    route: RouteHandle,
  ): Answer<RouteOutcome>;
  /** Goes on with a suspended run: `route` of the generation that suspended it, on the transaction's copy of the request (or reply). */
  resume(
    tx: Transaction,
    branch: number,
    message: SipMessage,
    route: RouteHandle,
    prepare?: (call: unknown) => void,
  ): Answer<RouteOutcome>;
  /** event_route[tm:local-request] and [tm:local-response]; undefined when the script has none. */
  localRequest(tx: Transaction, request: SipMessage): Answer<RouteOutcome> | undefined;
  localResponse(tx: Transaction, code: number): Answer<RouteOutcome> | undefined;
  /** onsend_route, before each request leaves: dropped means do not send. Undefined when the script has none. */
  onSend(
    request: SipMessage,
    text: string,
    to: import("../sip/address.ts").Destination,
  ): Answer<RouteOutcome> | undefined;
}
