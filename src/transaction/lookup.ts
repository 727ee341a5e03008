/** Which transaction a message belongs to (RFC 3261 17.1.3, 17.2.3, with the matching of RFC 2543 for old branches). */
import type { SipMessage } from "../sip/message.ts";
import type { Engine } from "./engine.ts";
import { COOKIE, parseBranch, slotOf } from "./names.ts";
import { Handled, type Run, stateOf } from "./run.ts";
import type { Transaction } from "./transaction.ts";
import { fromBody, fromTag, toBody, toTag, toUri, type ViaFacts, viaFacts, viaText } from "./wire.ts";

export interface RequestMatch {
  readonly tx: Transaction | undefined;
  /** A CANCEL of the searched transaction has been seen already (they were reordered). */
  readonly canceled: boolean;
  /** A field that names the transaction is missing. */
  readonly malformed: boolean;
}
const NONE: RequestMatch = { tx: undefined, canceled: false, malformed: false };
const CANCELED: RequestMatch = { tx: undefined, canceled: true, malformed: false };
const MALFORMED: RequestMatch = { tx: undefined, canceled: false, malformed: true };

/** The transaction of a request: of a copy of it, or for an ACK the INVITE's. */
export function matchRequest(engine: Engine, msg: SipMessage): RequestMatch {
  const via = viaFacts(msg);
  const { callId } = msg;
  const cseq = msg.cseq?.numberText ?? "";
  if (via === undefined || callId === "" || cseq === "") return MALFORMED;
  const first = engine.inSlot(slotOf(callId, cseq));
  if (first === undefined) return NONE;
  return via.branch.length > COOKIE.length && via.branch.startsWith(COOKIE)
    ? byBranch(first, msg, via)
    : byFields(first, msg, callId, cseq);
}

function byBranch(first: Transaction, msg: SipMessage, via: ViaFacts): RequestMatch {
  const ack = msg.method === "ACK";
  const wanted = ack ? "INVITE" : msg.method;
  let canceled = false;
  for (let tx: Transaction | undefined = first; tx; tx = tx.sameSlot) {
    if (tx.startedHere) continue;
    if (tx.method !== wanted && (ack || tx.method !== "CANCEL")) continue;
    if (ack && tx.status < 300) {
      // The ACK of a 2xx made here carries the tags of the dialog and a branch of its own.
      if (
        tx.relayedBranch === -2 &&
        tx.callId === msg.callId &&
        fromTag(msg) === fromTag(tx.request) &&
        toTag(msg) === tx.localToTag
      )
        return { tx, canceled: false, malformed: false };
      continue;
    }
    if (!sameVia(tx, via)) continue;
    if (tx.method === wanted) return { tx, canceled: false, malformed: false };
    canceled = true;
  }
  return canceled ? CANCELED : NONE;
}

/** RFC 3261 17.2.3: branch and sent-by. As in tm two ports that are both given need not be equal. */
function sameVia(tx: Transaction, via: ViaFacts): boolean {
  if (tx.viaBranch !== via.branch || tx.viaHost !== via.host || tx.viaTransport !== via.transport) return false;
  if (tx.viaPort === via.port || (tx.viaPort !== 0 && via.port !== 0)) return true;
  const given = tx.viaPort || via.port;
  return given === 5060 || (given === 5061 && via.transport === "TLS");
}

function byFields(first: Transaction, msg: SipMessage, callId: string, cseq: string): RequestMatch {
  const ack = msg.method === "ACK";
  let canceled = false;
  for (let tx: Transaction | undefined = first; tx; tx = tx.sameSlot) {
    if (tx.startedHere || !tx.isCall(callId, cseq)) continue;
    if (ack) {
      if (tx.method === "INVITE" && ackMatches(tx, msg)) return { tx, canceled: false, malformed: false };
      continue;
    }
    if (tx.method !== msg.method && tx.method !== "CANCEL") continue;
    if (fromBody(tx.request) !== fromBody(msg) || toBody(tx.request) !== toBody(msg)) continue;
    if (!sameTarget(tx, msg)) continue;
    if (tx.method === msg.method) return { tx, canceled: false, malformed: false };
    canceled = true;
  }
  return canceled ? CANCELED : NONE;
}

function ackMatches(tx: Transaction, msg: SipMessage): boolean {
  if (toUri(tx.request) !== toUri(msg)) return false;
  if (tx.status < 300)
    return tx.relayedBranch === -2 && fromTag(tx.request) === fromTag(msg) && toTag(msg) === tx.localToTag;
  return fromBody(tx.request) === fromBody(msg) && sameTarget(tx, msg);
}

/** Request-URI and topmost Via, as far as the parameters want them compared. */
function sameTarget(tx: Transaction, msg: SipMessage): boolean {
  const { settings } = tx;
  if (settings.ruriMatching && tx.request.requestUri !== msg.requestUri) return false;
  return !settings.via1Matching || viaText(tx.request) === viaText(msg);
}

/** The transaction that a CANCEL is about (t_lookupOriginalT). */
export function matchCanceled(engine: Engine, msg: SipMessage): Transaction | undefined {
  const via = viaFacts(msg);
  const { callId } = msg;
  const cseq = msg.cseq?.numberText ?? "";
  if (via === undefined || callId === "" || cseq === "") return undefined;
  const modern = via.branch.length > COOKIE.length && via.branch.startsWith(COOKIE);
  for (let tx = engine.inSlot(slotOf(callId, cseq)); tx; tx = tx.sameSlot) {
    if (tx.startedHere || tx.method === "CANCEL") continue;
    if (modern) {
      if (sameVia(tx, via)) return tx;
    } else if (fromBody(tx.request) === fromBody(msg) && toUri(tx.request) === toUri(msg) && sameTarget(tx, msg))
      return tx;
  }
  return undefined;
}

/** The branch that a reply is for: its topmost Via is ours and names transaction and branch (RFC 3261 17.1.3). */
export function matchReply(engine: Engine, reply: SipMessage): { tx: Transaction; branch: number } | undefined {
  const name = parseBranch(reply.via1?.branch?.value ?? "");
  if (name === undefined) return undefined;
  const { high, low, branch } = name;
  const method = reply.cseqMethod;
  let tx = engine.inSlot(name.slot);
  // A CANCEL of ours has the branch of its INVITE, and so has an INVITE's CANCEL transaction.
  while (tx !== undefined && !(tx.key.low === low && tx.key.high === high && answers(tx, method, branch)))
    tx = tx.sameSlot;
  if (tx === undefined) return undefined;
  if (tx.settings.callidMatching && reply.callId !== tx.callId) return undefined;
  if ((tx.settings.replyMatching & 1) !== 0 && tx.waiting) return undefined;
  return { tx, branch };
}

/** The transaction that a message is about: of a copy, an ACK, a CANCEL or a reply. */
export function matching(engine: Engine, msg: SipMessage): Transaction | undefined {
  if (!msg.isRequest) return matchReply(engine, msg)?.tx;
  return matchRequest(engine, msg).tx ?? (msg.method === "CANCEL" ? matchCanceled(engine, msg) : undefined);
}

/** Whether a reply with that CSeq method can be for a branch of the transaction. */
function answers(tx: Transaction, method: string, branch: number): boolean {
  const it = tx.branches[branch];
  if (it === undefined) return false;
  return (
    method === tx.method || (method === "CANCEL" && tx.isInvite && it.cancel !== undefined && it.cancel.text !== "")
  );
}

/** Puts a transaction in a request run's focus, where it stays in the tables until the run ends. */
export function focus(run: Run, tx: Transaction): void {
  const state = stateOf(run);
  run.tx = tx;
  state.looked = true;
  if (!state.holds) tx.users++;
  state.holds = true;
}

/** Puts the run's transaction in focus, looking it up once (t_check). */
export function lookup(engine: Engine, run: Run): Transaction | undefined {
  if (run.tx !== undefined) return run.tx;
  const state = stateOf(run);
  if (state.looked) return undefined;
  state.looked = true;
  if (run.msg.isRequest) {
    const { tx } = matchRequest(engine, run.msg);
    if (tx !== undefined) {
      focus(run, tx);
      state.handled |= Handled.exists;
    }
    return tx;
  }
  const match = matchReply(engine, run.msg);
  if (match === undefined) return undefined;
  run.tx = match.tx;
  run.branch = match.branch;
  return match.tx;
}
