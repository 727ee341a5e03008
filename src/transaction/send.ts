/** Sending on a branch, and trying the next place when one fails (RFC 3263 4.3; tm's t_send_branch and add_uac_dns_fallback). */
import type { Destination } from "../sip/address.ts";
import { HeaderType } from "../sip/headers.ts";
import type { SipMessage } from "../sip/message.ts";
import { methodBit } from "../sip/methods.ts";
import { type Answer, after } from "./answer.ts";
import { branchName } from "./names.ts";
import { ClientBranch, TFlag, type Transaction } from "./transaction.ts";
import { ownViaLine } from "./wire.ts";

/** Sends a prepared branch and starts its timers. True when it, or one made in its place, went out. */
export function sendBranch(tx: Transaction, index: number, msg: SipMessage): Answer<boolean> {
  const { ports } = tx.engine;
  const branch = tx.branches[index]!;
  const { request } = branch;
  const to = request.to!;
  return after(ports.user.onSend(msg, request.text, to), (asked) => {
    if (asked?.dropped || isBlocked(tx, to)) return elsewhere(tx, index, msg, () => false);
    return after(ports.send(request.text, to), (sent) => {
      if (!sent) {
        ports.blocklist?.add(to, "send");
        return elsewhere(tx, index, msg, () => sendFailed(tx, branch));
      }
      if (!(branch.lastReceived >= 200)) request.start();
      return true;
    });
  });
}

/** A code without a reply: the branch has ended, and is never picked. */
function elsewhere(tx: Transaction, index: number, msg: SipMessage, otherwise: () => boolean): Answer<boolean> {
  tx.branches[index]!.lastReceived = tx.settings.reply408Code;
  return after(failOver(tx, index, msg), (sent) => sent || otherwise());
}

const isBlocked = (tx: Transaction, to: Destination): boolean =>
  tx.engine.ports.blocklist?.has(to) === true && (tx.settings.blocklistLookup & methodBit(tx.method)) !== 0;

/** Nothing was heard of the place that a branch's request went to. */
export function wasSilent(tx: Transaction, to: Destination): void {
  if (tx.settings.blocklistAdd & methodBit(tx.method)) tx.engine.ports.blocklist?.add(to, "timeout");
}

/**
 * A negative reply came (RFC 3263 4.3): after 503, and what `failover_reply_codes` adds, the next place of the name is
 * tried. RFC 3261 21.5.4: the place is left alone for as long as its 503 says (`blst_503`).
 */
export function wasRefused(tx: Transaction, index: number, reply: SipMessage): Answer<unknown> {
  const { settings } = tx;
  const { status } = reply;
  if (status === 503 && settings.blocklist503) {
    const asked = Number.parseInt(reply.first(HeaderType.retryAfter) ?? "", 10);
    const seconds = Number.isNaN(asked)
      ? settings.blocklist503Default
      : Math.min(Math.max(asked, settings.blocklist503Min), settings.blocklist503Max);
    const { srcIp: ip, srcPort: port, protocol, socket } = reply.received;
    if (seconds > 0) tx.engine.ports.blocklist?.add({ socket, protocol, ip, port, connection: 0 }, "503", seconds);
  }
  return status === 503 || settings.failsOver(status) ? failOver(tx, index, tx.request) : false;
}

/**
 * Sends a branch's request to the next place of the name that it was for, as a branch of its own. Of its text only
 * the Via changes (reparse_on_dns_failover). True when the request went out.
 */
export function failOver(tx: Transaction, index: number, msg: SipMessage): Answer<boolean> {
  const old = tx.branches[index]!;
  const { to: failed, text } = old.request;
  const [next, ...alternatives] = failed?.alternatives ?? [];
  if (failed === undefined || next === undefined || tx.isCanceled || tx.flags & TFlag.disableFailover) return false;
  const added = tx.branches.length;
  if (added >= tx.settings.maxBranches) return false;
  const branch = new ClientBranch(tx, added);
  const { uri, dstUri, path, instance, ruid, locationUa, branchFlags, viaFlags } = old;
  const { onReply, onFailure, onBranchFailure } = old;
  Object.assign(branch, { uri, dstUri, path, instance, ruid, locationUa, branchFlags, viaFlags });
  Object.assign(branch, { onReply, onFailure, onBranchFailure });
  const to = { ...next, alternatives };
  branch.request.to = to;
  const name = (it: number): string => branchName(tx.index, tx.key, it);
  branch.request.text =
    to.socket === failed.socket && to.protocol === failed.protocol
      ? text.replace(name(index), name(added))
      : text.replace(
          new RegExp(`^Via:.*${name(index).replaceAll(".", "\\.")}.*\r\n`, "m"),
          ownViaLine(tx, added, to, viaFlags),
        );
  tx.addBranch(branch);
  return sendBranch(tx, added, msg);
}

function sendFailed(tx: Transaction, branch: ClientBranch): boolean {
  tx.engine.ports.log("warn", `sending request on branch ${branch.request.branch} failed`);
  if (!tx.settings.failureExecMode) return false;
  // The timer makes a 408 of it, so that the failure route runs.
  branch.lastReceived = 0;
  branch.request.startSilent();
  return true;
}
