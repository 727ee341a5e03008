/** What modules hear of transactions that they do not run themselves (tm's callbacks). Where none has asked, nothing is kept. */
import type { SipMessage } from "../sip/message.ts";
import type { Engine } from "./engine.ts";
import { COOKIE, slotOf } from "./names.ts";
import type { Run } from "./run.ts";
import type { StoredReply, Transaction } from "./transaction.ts";
import { fromTag, toTag } from "./wire.ts";

/** Asks for the transactions of one. A module hangs it in `Owner.watchers`. */
export interface Watcher {
  /** The run is making the transaction: what is given hears of it until its end (TMCB_REQUEST_IN). */
  began(tx: Transaction, run: Run): Hearer | undefined;
}

/** Hears of one transaction; what is absent is not told. It looks on, and changes at most the flags of a request. */
export interface Hearer {
  /** A reply has gone upstream: one that came, of any class, or a final one made here (TMCB_RESPONSE_OUT). */
  replied?: ((tx: Transaction, reply: StoredReply, code: number) => void) | undefined;
  /** Every branch has failed; `request` is the copy that the failure_route gets next (TMCB_ON_FAILURE). */
  failed?: ((tx: Transaction, request: SipMessage, reply: StoredReply, code: number) => void) | undefined;
  /** The first ACK to a 2xx that was relayed is about to be forwarded (TMCB_E2EACK_IN). */
  acknowledged?: ((tx: Transaction, ack: SipMessage) => void) | undefined;
}

/** The hearers of one transaction. */
export class Watched {
  readonly hearers: Hearer[] = [];
  /** To tags of the 2xx that went upstream, and whether their ACK has been seen. */
  #tags: Map<string, boolean> | undefined = undefined;

  get hearsOfFailure(): boolean {
    return this.hearers.some((it) => it.failed !== undefined);
  }
  get hearsOfAck(): boolean {
    return this.hearers.some((it) => it.acknowledged !== undefined);
  }

  /** A copy of a 2xx to INVITE is not told again. */
  replied(tx: Transaction, reply: StoredReply, code: number): void {
    if (tx.isInvite && typeof reply === "object" && code >= 200 && code < 300) {
      const tag = toTag(reply);
      if (this.#tags?.has(tag)) return;
      if (tag !== "") (this.#tags ??= new Map()).set(tag, false);
    }
    for (const it of this.hearers) it.replied?.(tx, reply, code);
  }

  failed(tx: Transaction, request: SipMessage, reply: StoredReply, code: number): void {
    for (const it of this.hearers) it.failed?.(tx, request, reply, code);
  }

  relayed(tag: string): boolean {
    return this.#tags?.has(tag) ?? false;
  }

  acknowledged(tx: Transaction, ack: SipMessage): void {
    const tag = toTag(ack);
    const seen = this.#tags?.get(tag);
    if (seen) return;
    if (seen === false) this.#tags!.set(tag, true);
    for (const it of this.hearers) it.acknowledged?.(tx, ack);
  }
}

/** Offers a new transaction to those who asked for the ones of its owner. */
export function offer(watchers: readonly Watcher[], tx: Transaction, run: Run): void {
  for (const it of watchers) {
    const hearer = it.began(tx, run);
    if (hearer !== undefined) (tx.watched ??= new Watched()).hearers.push(hearer);
  }
}

/**
 * The INVITE's transaction that an ACK to a relayed 2xx is about, by the dialog, when somebody wants to hear of it. With
 * an old branch the newest of the call counts when no To tag fits, as in tm.
 */
export function acknowledgedBy(engine: Engine, { msg: ack, core }: Run): Transaction | undefined {
  if ((core?.owner ?? engine.owner).watchers === undefined) return undefined;
  const { callId } = ack;
  const cseq = ack.cseq?.numberText ?? "";
  const from = fromTag(ack);
  const to = toTag(ack);
  let first: Transaction | undefined;
  for (let tx = engine.inSlot(slotOf(callId, cseq)); tx; tx = tx.sameSlot) {
    if (!tx.isInvite || tx.status >= 300 || tx.relayedBranch === -2 || !tx.watched?.hearsOfAck) continue;
    if (!tx.isCall(callId, cseq) || fromTag(tx.request) !== from) continue;
    if (tx.watched.relayed(to)) return tx;
    first ??= tx;
  }
  return ack.via1?.branch?.value?.startsWith(COOKIE) ? undefined : first;
}
