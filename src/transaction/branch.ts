/** Adding a branch to a transaction and sending on it (RFC 3261 16.6; tm's add_uac and t_send_branch). */
import type { Destination, Protocol } from "../sip/address.ts";
import type { Branch, SipMessage } from "../sip/message.ts";
import { type Answer, after } from "./answer.ts";
import { ErrorCode } from "./errors.ts";
import { branchName } from "./names.ts";
import { ClientBranch, TFlag, type Transaction } from "./transaction.ts";
import type { RouteHandle } from "./user.ts";
import { requestText } from "./wire.ts";

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
  if (index >= tx.engine.settings.maxBranches) return ErrorCode.tooManyBranches;
  const branch = new ClientBranch(tx, index);
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
  const { edits: ownEdits, bodyEdits: ownBodyEdits } = msg;
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

const hostUri = (host: string, port: number): string => {
  const name = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  return port > 0 ? `sip:${name}:${port}` : `sip:${name}`;
};

function install(tx: Transaction, msg: SipMessage, branch: ClientBranch, index: number, to: Destination): void {
  if (msg.marks) {
    if (msg.marks.has("forward-no-connect")) to.noConnect = true;
    if (msg.marks.has("forward-close")) to.closeAfter = true;
  }
  branch.request.to = to;
  branch.request.text = requestText(tx, index, msg, to);
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
  tx.branches.push(branch);
}

/** Sends a prepared branch and starts its timers. True when it went out. */
export function sendBranch(tx: Transaction, index: number, msg: SipMessage): Answer<boolean> {
  const { engine } = tx;
  const branch = tx.branches[index]!;
  const { request } = branch;
  const to = request.to!;
  return after(engine.ports.user.onSend(msg, request.text, to), (asked) => {
    if (asked?.dropped) {
      // A code without a reply: it has ended, and is never picked.
      branch.lastReceived = engine.settings.reply408Code;
      return false;
    }
    return after(engine.ports.send(request.text, to), (sent) => {
      if (!sent) return after(failOver(tx, index, msg), (elsewhere) => sendFailed(tx, branch) || elsewhere);
      if (!(branch.lastReceived >= 200)) request.start();
      return true;
    });
  });
}

/**
 * Sends a branch's request to the next address of the name it was for, as a branch of its own (RFC 3263 4.3; tm's
 * add_uac_dns_fallback with reparse_on_dns_failover). Only an address that the same socket reaches is taken: the rest
 * of the message names that socket. True when the request went out.
 */
export function failOver(tx: Transaction, index: number, msg: SipMessage): Answer<boolean> {
  const { engine } = tx;
  const old = tx.branches[index]!;
  const { to, text } = old.request;
  if (!to?.alternatives || tx.isCanceled || tx.flags & TFlag.disableFailover) return false;
  const at = to.alternatives.findIndex((it) => it.socket === to.socket && it.protocol === to.protocol);
  const added = tx.branches.length;
  if (at < 0 || added >= engine.settings.maxBranches) return false;
  const branch = new ClientBranch(tx, added);
  const { uri, dstUri, path, instance, ruid, locationUa, branchFlags, onReply, onFailure, onBranchFailure } = old;
  Object.assign(branch, { uri, dstUri, path, instance, ruid, locationUa, branchFlags });
  Object.assign(branch, { onReply, onFailure, onBranchFailure });
  branch.request.to = { ...to.alternatives[at]!, alternatives: to.alternatives.slice(at + 1) };
  const name = (it: number): string => branchName(tx.index, tx.key, it);
  branch.request.text = text.replace(name(index), name(added));
  tx.branches.push(branch);
  return sendBranch(tx, added, msg);
}

function sendFailed(tx: Transaction, branch: ClientBranch): boolean {
  const { engine } = tx;
  engine.ports.log("warn", `sending request on branch ${branch.request.branch} failed`);
  if (!engine.settings.failureExecMode) {
    branch.lastReceived = engine.settings.reply408Code;
    return false;
  }
  // The timer makes a 408 of it, so that the failure route runs.
  branch.request.startSilent();
  return true;
}
