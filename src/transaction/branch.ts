/** Adding a branch to a transaction (RFC 3261 16.6; tm's add_uac). */
import type { Destination, Protocol } from "../sip/address.ts";
import type { Branch, SipMessage } from "../sip/message.ts";
import { type Answer, after } from "./answer.ts";
import { ErrorCode } from "./errors.ts";
import { ClientBranch, type Transaction } from "./transaction.ts";
import type { RouteHandle } from "./user.ts";
import { ownViaLine, requestText } from "./wire.ts";

/** Where to send regardless of the request's URIs: host and port (t_relay_to_udp("host", "port")), or just a protocol. */
export interface Target {
  readonly protocol?: Protocol | undefined;
  readonly host?: string;
  readonly port?: number;
}

/** What a branch starts from; the branch route may change it. */
type Plan = Pick<Branch, "uri" | "dstUri" | "path" | "flags" | "socket" | "instance" | "ruid" | "locationUa">;

/** What the message itself says of its first branch. */
export const firstPlan = (msg: SipMessage): Plan => ({
  uri: msg.uri,
  dstUri: msg.dstUri ?? "",
  path: msg.path ?? "",
  flags: msg.branchFlags,
  socket: msg.forceSendSocket,
  instance: msg.instance ?? "",
  ruid: msg.ruid ?? "",
  locationUa: msg.locationUa ?? "",
});

/** Every target of the message has become a branch (clear_branches). */
export function clearTargets(msg: SipMessage): void {
  msg.branches = [];
  msg.q = -1;
  msg.uriConsumed = true;
}

/** Prepares a branch: branch route, destination, text. The answer is its index, or a negative ErrorCode. */
export function addBranch(
  tx: Transaction,
  msg: SipMessage,
  plan: Plan,
  target: Target,
  route: RouteHandle | undefined,
): Answer<number> {
  const index = tx.branches.length;
  if (index >= tx.settings.maxBranches) return ErrorCode.tooManyBranches;
  const branch = new ClientBranch(tx, index);
  if (index === 0) branch.viaFlags = tx.firstViaFlags;
  const restore = borrow(msg, plan, route !== undefined);
  const done = (result: number): number => {
    restore();
    return result;
  };
  if (route === undefined) return after(prepare(tx, msg, branch, index, target), done);
  tx.newBranch = branch;
  return after(tx.engine.ports.user.branchRoute(tx, index, msg, route), (outcome) => {
    tx.newBranch = undefined;
    return after(outcome.dropped ? ErrorCode.config : prepare(tx, msg, branch, index, target), done);
  });
}

/** Lends the message to a branch; the answer gives it back as it was. */
function borrow(msg: SipMessage, plan: Plan, edits: boolean): () => void {
  const { newUri, uriConsumed, dstUri, path, forceSendSocket, instance, ruid, locationUa } = msg;
  const { text, reply, edits: ownEdits, bodyEdits: ownBodyEdits } = msg;
  if (plan.uri !== msg.uri) msg.newUri = plan.uri;
  msg.dstUri = plan.dstUri || null;
  msg.path = plan.path || null;
  msg.forceSendSocket = plan.socket;
  msg.instance = plan.instance || undefined;
  msg.ruid = plan.ruid || undefined;
  msg.locationUa = plan.locationUa || undefined;
  if (edits) {
    msg.edits = ownEdits.copy();
    msg.bodyEdits = ownBodyEdits.copy();
  }
  return () => {
    // The branch route has made its changes part of the message (t_msg_apply_changes).
    if (msg.text !== text) {
      msg.rebuild(text);
      msg.reply = reply;
    }
    msg.newUri = newUri;
    msg.dstUri = dstUri;
    msg.path = path;
    msg.forceSendSocket = forceSendSocket;
    msg.instance = instance;
    msg.ruid = ruid;
    msg.locationUa = locationUa;
    msg.edits = ownEdits;
    msg.bodyEdits = ownBodyEdits;
    // Setting the URIs has made them targets again.
    msg.uriConsumed = uriConsumed;
  };
}

function prepare(
  tx: Transaction,
  msg: SipMessage,
  branch: ClientBranch,
  index: number,
  target: Target,
): Answer<number> {
  const { ports } = tx.engine;
  const near = (msg.faked ? tx.branches[0]?.request.to?.socket : undefined) ?? msg.received.socket;
  const uri = target.host === undefined ? msg.dstUri || msg.uri : hostUri(target.host, target.port ?? 0);
  return after(ports.resolve(uri, target.protocol, msg.forceSendSocket, near), (to) => {
    if (to === null) return ErrorCode.badAddress;
    if (to.socket === undefined) return ErrorCode.noSocket;
    install(tx, msg, branch, index, to);
    return index;
  });
}

/** The first Via of what is sent: ours. */
const OWN_VIA = /^Via:.*\r\n/m;

const hostUri = (host: string, port: number): string => {
  const name = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  return port > 0 ? `sip:${name}:${port}` : `sip:${name}`;
};

function install(tx: Transaction, msg: SipMessage, branch: ClientBranch, index: number, to: Destination): void {
  if (msg.marks.length > 0) {
    if (msg.marked("forward-no-connect")) to.noConnect = true;
    if (msg.marked("forward-close")) to.closeAfter = true;
    if (msg.marked("use-connection")) to.connection = msg.outConnection;
  }
  // Who secures a connection that is opened for this branch looks at them (module tls).
  if (to.protocol === "tls") to.lists = tx.lists;
  if (msg.forceSendSocket && msg.forceSendSocket === to.socket) to.bound = true;
  branch.request.to = to;
  branch.request.text = requestText(tx, index, msg, to, branch.viaFlags);
  if (to.protocol === "udp") {
    const stream = tx.engine.ports.tooLarge?.(branch.request.text.length, msg, to);
    if (stream) {
      branch.request.to = stream;
      branch.request.text = branch.request.text.replace(OWN_VIA, ownViaLine(tx, index, stream, branch.viaFlags));
    }
  }
  branch.uri = msg.uri;
  branch.dstUri = msg.dstUri ?? "";
  branch.path = msg.path ?? "";
  branch.instance = msg.instance ?? "";
  branch.ruid = msg.ruid ?? "";
  branch.locationUa = msg.locationUa ?? "";
  branch.branchFlags = msg.branchFlags;
  branch.onReply = tx.onReply;
  branch.onFailure = tx.onFailure;
  branch.onBranchFailure = tx.onBranchFailure;
  tx.addBranch(branch);
}
