/** What the transaction layer asks of whoever runs scripts (RFC 3261's transaction user). Implemented by src/run. */
import type { Destination } from "../sip/address.ts";
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
  /**
   * event_route[tm:local-request] on a request that is about to be sent from here (t_uac_send, and CANCEL under
   * t_cancel_branches and the like), with `tx` in focus. The outcome's `text` is the request with the edits applied
   * (its Via stays); those of a CANCEL are ignored. Dropped: it is not sent. Undefined when the script has no such route.
   */
  localRequest(tx: Transaction, text: string, to: Destination): Answer<RouteOutcome & { text: string }> | undefined;
  /** event_route[tm:local-ack-sent], after the ACK to a 2xx of a request that started here has been sent. */
  localAckSent?(tx: Transaction, branch: number, reply: SipMessage): Answer<RouteOutcome> | undefined;
  /** event_route[tm:local-response] after a reply made here has been sent. Undefined when the script has none. */
  localResponse(tx: Transaction, text: string, to: Destination): Answer<RouteOutcome> | undefined;
  /**
   * onsend_route, before a request leaves, or a relayed reply when core parameter onsend_route_reply is on (look at
   * `message.isRequest`). Dropped: it is not sent. Undefined when the script has none.
   */
  onSend(message: SipMessage, text: string, to: Destination): Answer<RouteOutcome> | undefined;
}
