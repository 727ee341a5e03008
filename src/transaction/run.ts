/** What the layer sees of one script run (`Call` of src/declare fits), and what that run has asked of tm so far. */
import type { SipMessage } from "../sip/message.ts";
import type { Owner } from "./owner.ts";
import type { Transaction } from "./transaction.ts";
import type { RouteHandle } from "./user.ts";

/** Ways in which a run has dealt with its transaction (Kamailio's kill_reason); a run that ends with none releases it. */
export const Handled = { forwarded: 1, replied: 2, released: 4, exists: 8, errorDelayed: 16 } as const;

/** Settings of a run that come into force when it makes its transaction; kept apart because few runs have any. */
export interface NextTransaction {
  /** Ticks; 0 leaves the parameter's value in force. */
  fr: number;
  frInvite: number;
  lifeInvite: number;
  lifeOther: number;
  /** Milliseconds; 0 leaves the parameter's value in force. */
  t1: number;
  t2: number;
  setFlags: number;
  resetFlags: number;
}

/** State of tm that Kamailio keeps in process globals while a script runs. */
export class RunState {
  /** The transaction was looked up and there is none (T is null, not undefined). */
  looked = false;
  /** The run keeps its transaction in the tables until it ends. */
  holds = false;
  /** Bits of Handled. */
  handled = 0;
  /** Error that a delayed reply is to report (tm_error), an ErrorCode; 0 for none. */
  delayedError = 0;
  /** The last error of a tm function (ser_error), for t_reply_error and sl_reply_error. */
  lastError = 0;
  /** The edits of the message have been copied to the transaction. */
  editsSaved = false;
  onFailure: RouteHandle | undefined = undefined;
  onReply: RouteHandle | undefined = undefined;
  onBranch: RouteHandle | undefined = undefined;
  onBranchFailure: RouteHandle | undefined = undefined;
  next: NextTransaction | undefined = undefined;
  /** Called with each reply of the transaction that the run will make, before any route. */
  responseIn: ((tx: Transaction, reply: SipMessage) => void)[] | undefined = undefined;
  /** Called once when the run has ended. */
  atEnd: (() => void) | undefined = undefined;
}

/** One run. The layer reads and sets `tx`, `branch` and `tm`. */
export interface Run {
  readonly msg: SipMessage;
  /** RouteKind of src/declare. A route that resumes a suspended request is a "failure" run, one that resumes a reply an "onreply" run. */
  readonly kind: string;
  /** Whom the transactions that it makes belong to; without one, to the engine's. */
  readonly core?: { readonly owner: Owner };
  lists: unknown;
  tx: Transaction | undefined;
  branch: number;
  tm: RunState | undefined;
}

export const stateOf = (run: Run): RunState => (run.tm ??= new RunState());
