/** Requests that start here (tm's t_uac): a transaction without a server side, whose replies end in callbacks. */
import type { Destination, LocalSocket, ReceiveInfo } from "../sip/address.ts";
import { buildLocalAck, buildLocalRequest } from "../sip/build-local.ts";
import { HeaderType } from "../sip/headers.ts";
import { SipMessage } from "../sip/message.ts";
import { parseNameAddrs } from "../sip/nameaddr.ts";
import { type Answer, after } from "./answer.ts";
import type { Engine } from "./engine.ts";
import { ErrorCode } from "./errors.ts";
import { branchName, slotOf } from "./names.ts";
import type { Owner } from "./owner.ts";
import { ClientBranch, type StoredReply, TFlag, Transaction } from "./transaction.ts";
import type { RouteHandle } from "./user.ts";
import { toTicks } from "./wheel.ts";
import { hash } from "./wire.ts";

export interface UacRequest {
  readonly method: string;
  readonly requestUri: string;
  /** URI of the next hop; "": the first route, else the Request-URI. */
  readonly nextHop?: string;
  readonly socket?: LocalSocket | undefined;
  readonly from: string;
  readonly fromDisplay?: string;
  /** Made here when empty. */
  readonly fromTag?: string;
  readonly to: string;
  readonly toDisplay?: string;
  readonly toTag?: string;
  /** Made here when empty. */
  readonly callId?: string;
  /** 10 when not given, as in Kamailio. */
  readonly cseq?: number;
  /** Further header fields, each with its line end. */
  readonly headers?: string;
  readonly body?: string;
  readonly userAgent?: string;
  /** AVPs and friends of the transaction (`Lists` of src/declare). */
  readonly lists: unknown;
  /** Whom the transaction belongs to; the engine's when not given. */
  readonly owner?: Owner;
  /** Milliseconds; the parameters' values when not given. */
  readonly frTimer?: number;
  readonly frInvTimer?: number;
  /** The ACK to a 2xx is left to the script. */
  readonly noAck?: boolean;
  readonly onReply?: RouteHandle;
  readonly onFailure?: RouteHandle;
  /** The final outcome; "faked" when no reply came. */
  onEnd?(code: number, reply: StoredReply): void;
}

/** Sends a request. Its transaction, undefined when an event route dropped it, or a negative ErrorCode. */
export function startRequest(engine: Engine, request: UacRequest): Answer<Transaction | undefined | number> {
  const hop = request.nextHop || firstRoute(request.headers ?? "") || request.requestUri;
  return after(engine.ports.resolve(hop, undefined, request.socket, undefined), (to) => {
    if (to === null) return ErrorCode.noSocket;
    if (to.socket === undefined) return ErrorCode.noSocket;
    const tx = build(engine, request, to);
    const branch = tx.branches[0]!;
    if (request.method !== "ACK") engine.insert(tx);
    const event = engine.ports.user.localRequest(tx, branch.request.text, to);
    return after(event, (outcome) => {
      if (outcome?.dropped) {
        engine.release(tx);
        return undefined;
      }
      if (outcome !== undefined) {
        branch.request.text = outcome.text;
        tx.request = sent(outcome.text, to);
      }
      return after(engine.ports.send(branch.request.text, to), () => {
        if (request.method !== "ACK") branch.request.start();
        return tx;
      });
    });
  });
}

/** A new Call-ID: random, and at an address of this server. */
export const newCallId = (engine: Engine, socket: LocalSocket): string =>
  `${engine.ports.random.hex(8)}-${engine.ports.random.hex(3)}@${socket.address}`;

function build(engine: Engine, request: UacRequest, to: Destination): Transaction {
  const owner = request.owner ?? engine.owner;
  const { settings } = owner;
  const outbound = to.socket!;
  const { method } = request;
  const callId = request.callId || newCallId(engine, outbound);
  const cseq = request.cseq ?? 10;
  const key = engine.newKey();
  const tag = hash(callId, hash(request.requestUri)).toString(16).padStart(8, "0");
  const text = buildLocalRequest(
    {
      method,
      requestUri: request.requestUri,
      from: request.from,
      fromDisplay: request.fromDisplay ?? "",
      fromTag: request.fromTag || `${engine.tagPrefix}-${tag}`,
      to: request.to,
      toDisplay: request.toDisplay ?? "",
      toTag: request.toTag ?? "",
      callId,
      cseq,
      headers: request.headers ?? "",
      body: request.body ?? "",
      ...(request.userAgent && { userAgent: request.userAgent }),
    },
    { inbound: undefined, outbound, to },
    { branch: branchName(slotOf(callId, String(cseq)), key, 0) },
  );
  const tx = new Transaction(engine, sent(text, to), key, method, callId, String(cseq), request.lists, owner);
  tx.startedHere = true;
  tx.flags |= TFlag.local;
  if (request.noAck) tx.flags |= TFlag.noAutoAck;
  tx.fr = toTicks(request.frTimer || settings.frTimer) || 1;
  tx.frInvite = toTicks(request.frInvTimer || settings.frInvTimer) || 1;
  tx.t1 = settings.retrTimer1 || 1;
  tx.t2 = settings.retrTimer2 || 1;
  tx.endOfLife = engine.wheel.now() + toTicks(tx.isInvite ? settings.maxInvLifetime : settings.maxNoninvLifetime);
  tx.onEnd = request.onEnd?.bind(request);
  const branch = new ClientBranch(tx, 0);
  branch.request.text = text;
  branch.request.to = to;
  branch.uri = request.requestUri;
  branch.onReply = tx.onReply = request.onReply;
  branch.onFailure = tx.onFailure = request.onFailure;
  tx.addBranch(branch);
  return tx;
}

/** A request of our own as a message: it comes from the socket that it leaves by. */
function sent(text: string, to: Destination): SipMessage {
  const socket = to.socket!;
  const received: ReceiveInfo = {
    socket,
    protocol: to.protocol,
    srcIp: socket.address,
    srcPort: socket.port,
    dstIp: to.ip,
    dstPort: to.port,
    connection: 0,
    time: 0,
  };
  const message = new SipMessage(text, received);
  message.faked = true;
  return message;
}

/** The first field of a type as it was written, line end included. */
function lineOf(msg: SipMessage, type: number): string {
  const header = msg.headers.find((it) => it.type === type);
  return header === undefined ? "" : msg.text.slice(header.start, header.end);
}

/** The URI of the first route in a block of header fields; "" when there is none. */
function firstRoute(headers: string): string {
  return /^Route[ \t]*:[^<\r\n]*<([^>\r\n]+)>/im.exec(headers)?.[1] ?? "";
}

/** ACK for a 2xx to an INVITE that was started here (RFC 3261 13.2.2.4): made once, sent for each copy of the 2xx. */
export function localAck(tx: Transaction, index: number, reply: SipMessage): Answer<void> {
  const branch = tx.branches[index]!;
  const { engine } = tx;
  const ack = branch.localAck;
  if (ack !== undefined) {
    if (ack.to !== undefined) void engine.ports.send(ack.text, ack.to);
    return;
  }
  if (tx.flags & TFlag.noAutoAck) return;
  return after(acknowledge(tx, index, reply, "", ""), () => undefined);
}

/** Makes and sends the ACK to a 2xx, with fields and a body of the script's. False when it cannot be sent. */
export function acknowledge(
  tx: Transaction,
  index: number,
  reply: SipMessage,
  headers: string,
  body: string,
): Answer<boolean> {
  const { engine, request } = tx;
  const branch = tx.branches[index]!;
  const target = firstUri(reply, HeaderType.contact) || branch.uri;
  const routes = routeSet(reply);
  const hop = routes[0]?.uri || target;
  const forced = branch.request.to?.socket;
  return after(engine.ports.resolve(hop, undefined, undefined, forced), (to) => {
    const local = tx.settings.localAckMode !== 0;
    const where = local ? sourceOf(reply) : to;
    if (!where?.socket) return false;
    const key = tx.settings.localAckBranchMode === 0 ? tx.key : engine.newKey();
    const text = buildLocalAck(
      {
        requestUri: target,
        from: lineOf(request, HeaderType.from),
        callId: lineOf(request, HeaderType.callId),
        to: lineOf(reply, HeaderType.to),
        cseq: tx.cseq,
        routes: routes.map((it) => it.text),
        headers,
        body,
      },
      { inbound: undefined, outbound: where.socket, to: where },
      { branch: branchName(tx.index, key, index) },
    );
    branch.localAck = { text, to: where };
    return after(engine.ports.send(text, where), (sent) => {
      if (sent) void engine.ports.user.localAckSent?.(tx, index, reply);
      return sent;
    });
  });
}

const sourceOf = ({ received }: SipMessage): Destination => ({
  socket: received.socket,
  protocol: received.protocol,
  ip: received.srcIp,
  port: received.srcPort,
  connection: received.connection,
});

function addresses(msg: SipMessage, type: number) {
  return msg.headers.flatMap((header) =>
    header.type === type ? (parseNameAddrs(msg.text, header.valueStart, header.valueEnd) ?? []) : [],
  );
}

const firstUri = (msg: SipMessage, type: number): string => addresses(msg, type)[0]?.uri ?? "";

/** RFC 3261 12.1.2: the Record-Route of the reply, turned round. */
const routeSet = (reply: SipMessage): { uri: string; text: string }[] =>
  addresses(reply, HeaderType.recordRoute)
    .map((it) => ({ uri: it.uri, text: reply.text.slice(it.start, it.end) }))
    .reverse();
