/** Follows the transactions that are to be accounted, and writes records of what becomes of them. */
import { Call } from "../../declare/call.ts";
import type { Lists } from "../../declare/lists.ts";
import type { SipMessage } from "../../sip/message.ts";
import { reasonOf } from "../../transaction/errors.ts";
import type { Run } from "../../transaction/run.ts";
import type { StoredReply, Transaction } from "../../transaction/transaction.ts";
import type { Hearer } from "../../transaction/watch.ts";
import { tagFor } from "../../transaction/wire.ts";
import { direction } from "../rr/state.ts";
import { type Entry, tableName, UPSTREAM, writeLine, writeRows } from "./record.ts";
import { type Acc, type Book, complain, rrOf } from "./state.ts";

const answered = ({ flags }: Acc): number => flags.log | flags.db;
const missed = ({ flags }: Acc): number => flags.logMissed | flags.dbMissed;

/** What hears of the transaction that a run makes; undefined when the request is not to be accounted. */
export function accountOf(acc: Acc, tx: Transaction, { msg }: Run): Hearer | undefined {
  const { flags, prepareAlways } = acc;
  if (msg.method === "CANCEL" && !acc.reportCancels) return undefined;
  const prepared = prepareAlways || (msg.flags & flags.prepare) !== 0;
  const asked = (msg.flags & answered(acc)) !== 0;
  const asksMissed = (msg.flags & missed(acc)) !== 0;
  if (!asked && !asksMissed && !prepared) return undefined;
  if (msg.from === null) {
    complain(acc.core, "a request without a From is not accounted");
    return undefined;
  }
  const rr = acc.detectDirection ? rrOf(acc.core) : undefined;
  if (rr !== undefined && direction(msg, rr) === "upstream") for (const it of [msg, tx.request]) it.mark(UPSTREAM);
  return new Account(acc, acc.reportAck && asked, tx.isInvite && (asksMissed || prepared));
}

class Account implements Hearer {
  readonly #began: Acc;
  /** Once a call is missed without a reply from outside, records have the To tag that was made here. */
  #toTag = "";
  readonly failed: Hearer["failed"];
  readonly acknowledged: Hearer["acknowledged"];

  constructor(acc: Acc, acks: boolean, failures: boolean) {
    this.#began = acc;
    this.failed = failures ? (tx, request, reply, code) => this.#missed(tx, request, reply, code) : undefined;
    this.acknowledged = acks ? (tx, ack) => this.#acked(tx, ack) : undefined;
  }

  replied(tx: Transaction, reply: StoredReply, code: number): void {
    const acc = this.#accOf(tx);
    const { request } = tx;
    if (tx.isInvite && code >= 300 && (request.flags & missed(acc)) !== 0) this.#missed(tx, request, reply, code);
    if (!isAccounted(acc, request, reply, code)) return;
    const { flags } = acc;
    onBranch(tx, request, code, () => {
      const entry = this.#entry(acc, tx, request, reply, code);
      if (request.flags & flags.log) writeLine("transaction answered", entry, acc);
      if (request.flags & flags.db) record(acc, entry, "answered");
    });
  }

  /** Once for a call, whatever number of branches fail: the flags are taken back. */
  #missed(tx: Transaction, request: SipMessage, reply: StoredReply, code: number): void {
    const acc = this.#accOf(tx);
    const { flags } = acc;
    let done = 0;
    if (typeof reply !== "object") this.#toTag = tagFor(tx.engine, tx.request);
    onBranch(tx, request, code, () => {
      const entry = this.#entry(acc, tx, request, reply, code);
      if (request.flags & flags.logMissed) {
        writeLine("call missed", entry, acc);
        done |= flags.logMissed;
      }
      if (request.flags & flags.dbMissed && record(acc, entry, "missed")) done |= flags.dbMissed;
    });
    request.flags &= ~done;
  }

  #acked(tx: Transaction, ack: SipMessage): void {
    const acc = this.#accOf(tx);
    if (ack.from === null) return;
    const { flags } = acc;
    const entry: Entry = {
      call: callOn(acc, tx, ack),
      to: ack.to ?? tx.request.to,
      toTag: this.#toTag,
      code: String(tx.status),
      reason: reasonOf(tx.status),
    };
    if (tx.request.flags & flags.log) writeLine("request acknowledged", entry, acc);
    if (tx.request.flags & flags.db) record(acc, entry, "answered");
  }

  #entry(acc: Acc, tx: Transaction, request: SipMessage, reply: StoredReply, code: number): Entry {
    const from = typeof reply === "object" ? reply : undefined;
    const field = acc.reasonFromField ? from?.named("Reason")[0] : undefined;
    return {
      call: callOn(acc, tx, request),
      to: from?.to ?? tx.request.to,
      toTag: this.#toTag,
      code: String(code),
      reason: from === undefined ? reasonOf(code) : field === undefined ? from.reason : from.value(field),
    };
  }

  /** A transaction that another generation has adopted is accounted as that one wants, if it does. */
  #accOf({ owner }: Transaction): Acc {
    const began = this.#began;
    return owner === began.core.owner ? began : (began.newest.current ?? began);
  }
}

/** Whether the reply that went upstream is one to account. */
function isAccounted(acc: Acc, request: SipMessage, reply: StoredReply, code: number): boolean {
  const { flags } = acc;
  if (code >= 300) return (request.flags & flags.failed) !== 0 && !acc.filtered.has(code);
  if ((request.flags & answered(acc)) === 0) return false;
  return code >= 200 || (acc.earlyMedia && typeof reply === "object" && reply.contentLength > 0);
}

/** Has the request's URI be that of the branch which answered, as far as there is one. */
function onBranch(tx: Transaction, request: SipMessage, code: number, act: () => void): void {
  const { uri } = tx.branches[tx.relayedBranch >= 0 || code < 300 ? tx.relayedBranch : tx.picked] ?? {};
  if (uri === undefined) return act();
  const { newUri, uriConsumed } = request;
  request.newUri = uri || null;
  act();
  request.newUri = newUri;
  // The Request-URI is no target again because a record has looked at it.
  request.uriConsumed = uriConsumed;
}

/** A run in which a record reads its variables; on the copy of a request that has failed, as the failure_route's is. */
function callOn(acc: Acc, tx: Transaction, msg: SipMessage): Call {
  const lists = tx.lists as Lists;
  const vars = tx.owner === acc.core.owner ? lists.vars : acc.core.freshVars();
  const fails = msg.faked;
  const call = new Call(acc.core, msg, fails ? "failure" : "request", vars, lists);
  call.tx = tx;
  if (fails) call.branch = tx.picked;
  return call;
}

/** False when the table has no usable name. */
function record(acc: Acc, entry: Entry, which: keyof Pick<Book, "answered" | "missed">): boolean {
  const { book } = acc;
  if (book === undefined) return false;
  const table = tableName(book[which], entry.call);
  if (table === undefined) return false;
  void writeRows(table, entry, acc, book);
  return true;
}
