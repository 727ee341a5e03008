/** One transaction with its branches (Kamailio's cell): a server transaction, or one that was started here. */
import type { LocalSocket } from "../sip/address.ts";
import type { SipMessage } from "../sip/message.ts";
import type { Engine } from "./engine.ts";
import { type Key, slotOf } from "./names.ts";
import type { Owner } from "./owner.ts";
import { RetryBuffer } from "./retry.ts";
import type { Settings } from "./settings.ts";
import type { RouteHandle } from "./user.ts";
import type { Watched } from "./watch.ts";
import { WheelTimer } from "./wheel.ts";

type Answer<T> = T | Promise<T>;

/** Bits of `Transaction.flags`. */
export const TFlag = {
  invite: 1 << 0,
  /** Started here, or replicated: replies are not relayed. */
  local: 1 << 1,
  /** Always answer a timed out INVITE. */
  noisy: 1 << 2,
  canceled: 1 << 3,
  /** A 6xx came: the remaining branches have been canceled. */
  global: 1 << 4,
  auto100: 1 << 6,
  noAutoAck: 1 << 7,
  disable6xx: 1 << 8,
  disableFailover: 1 << 9,
  noCancelReason: 1 << 10,
  /** A route that resumes it is running. */
  continuing: 1 << 12,
  disableInternalReply: 1 << 13,
  /** The script has replied. */
  adminReply: 1 << 14,
  suspended: 1 << 15,
} as const;

/** Bits of `ClientBranch.flags`. */
export const BranchFlag = {
  /** First of the branches that one t_relay made. */
  first: 1,
  /** Holds the place of a suspended run: nothing was sent. */
  blind: 2,
} as const;

/** The reply a branch is left with: one that came, or "faked" for one made here (timeout, cancel). */
export type StoredReply = SipMessage | "faked" | undefined;

/** One destination of the transaction (Kamailio's ua_client). */
export class ClientBranch {
  readonly request: RetryBuffer;
  /** Made when the branch is canceled; it has no text while the CANCEL is being prepared. */
  cancel: RetryBuffer | undefined = undefined;
  reply: StoredReply = undefined;
  /** Request-URI as sent; "" for a blind branch. */
  uri = "";
  dstUri = "";
  path = "";
  instance = "";
  ruid = "";
  locationUa = "";
  socket: LocalSocket | undefined = undefined;
  /** Status of the last reply; 0 before the first. */
  lastReceived = 0;
  flags = 0;
  branchFlags = 0;
  /** Flags about the Via that this branch gets (tmx t_vbflag_*). */
  viaFlags = 0;
  onFailure: RouteHandle | undefined = undefined;
  onBranchFailure: RouteHandle | undefined = undefined;
  onReply: RouteHandle | undefined = undefined;
  /** ACK to a 2xx of a transaction started here, sent again with each copy of it. */
  localAck: { text: string; to: RetryBuffer["to"] } | undefined = undefined;

  constructor(tx: Transaction, index: number) {
    this.request = new RetryBuffer(tx, index, "request");
  }
}

const NO_BRANCHES: readonly ClientBranch[] = [];

/** Where a suspended run was (Kamailio's async_backup). */
export interface Suspension {
  readonly onReply: boolean;
  /** The branch in focus; for a request run -1. */
  readonly branch: number;
  /** The branch that holds the place; -1 for a reply. */
  readonly blind: number;
  readonly uriConsumed: boolean;
}

export class Transaction extends WheelTimer {
  readonly engine: Engine;
  /** Changes only when its generation is retired and another adopts it. */
  owner: Owner;
  /** The pair that names a transaction in `$T(id_index)`, `$T(id_label)`, t_continue and RPC. */
  readonly index: number;
  readonly label: number;
  /** The request as it was when the transaction was made, with what the script had changed by then. */
  request: SipMessage;
  /** AVPs and friends of the call (`Lists` of src/declare), opaque here. */
  lists: unknown;
  readonly method: string;
  flags = 0;

  // ── Matching ──
  readonly callId: string;
  readonly cseq: string;
  /** The next transaction in the same slot of the table. */
  sameSlot: Transaction | undefined = undefined;
  viaBranch = "";
  viaHost = "";
  viaPort = 0;
  viaTransport = "";
  /** Names this transaction in the Via branches of its requests. */
  readonly key: Key;

  // ── Server side ──
  /** Status of the last reply sent; 0 before the first. */
  status = 0;
  response: RetryBuffer | undefined = undefined;
  /** To tag of a reply made here: an ACK to a local 2xx has it. */
  localToTag = "";
  /** Branch whose reply was sent; -1 none yet, -2 one made here. */
  relayedBranch = -1;
  /** Reason fields of the CANCEL that came, for branches canceled later. */
  cancelReason = "";
  /** A final reply was sent, so an error reply would come too late (FL_FINAL_REPLY). */
  finalReply = false;

  // ── Client side ──
  branches: readonly ClientBranch[] = NO_BRANCHES;
  /** The branch that a branch route is preparing: not one of `branches` yet. */
  newBranch: ClientBranch | undefined = undefined;
  /** What the first branch's `viaFlags` will be. */
  firstViaFlags = 0;
  onFailure: RouteHandle | undefined = undefined;
  onBranchFailure: RouteHandle | undefined = undefined;
  onReply: RouteHandle | undefined = undefined;
  onBranch: RouteHandle | undefined = undefined;
  /** The branch route of the last t_relay, for branches that are added late. */
  onBranchDelayed: RouteHandle | undefined = undefined;
  /** Branch whose failure a failure or branch-failure route is dealing with (picked_branch). */
  picked = -1;
  /** t_drop_replies mode of the failure route that runs. */
  dropReplies = 0;
  /** Error of the last t_relay in a failure route (tm_error). */
  lastError = 0;

  // ── Timers: ticks, but t1 and t2 are milliseconds ──
  fr = 0;
  frInvite = 0;
  t1 = 0;
  t2 = 0;
  endOfLife = 0;

  suspension: Suspension | undefined = undefined;
  /** Runs that have it in focus keep it in the tables. */
  users = 0;
  /** A locked piece of work is waiting for something; others queue. */
  busy = false;
  queue: (() => Answer<void>)[] | undefined = undefined;
  /** It waits for its end (wt_timer); the tick of the first look, 0 before. */
  waitStart = 0;
  waiting = false;
  ended = false;
  /** Modules that hear of what becomes of it. */
  watched: Watched | undefined = undefined;
  /** Called once when it leaves the tables (TMCB_DESTROY). */
  onForgotten: (() => void)[] | undefined = undefined;
  /** Called with each reply, before any route of the transaction (TMCB_RESPONSE_IN). */
  responseIn: ((tx: Transaction, reply: SipMessage) => void)[] | undefined = undefined;
  /** Called once with the final outcome of a transaction started here. */
  onEnd: ((code: number, reply: StoredReply) => void) | undefined = undefined;
  /** Called with each provisional reply to a transaction started here. */
  onProvisional: ((code: number, reply: StoredReply) => void) | undefined = undefined;
  /** Made here for a request of our own: there is nobody to reply to (unlike one that was replicated). */
  startedHere = false;

  constructor(
    engine: Engine,
    request: SipMessage,
    key: Key,
    method: string,
    callId: string,
    cseq: string,
    lists: unknown,
    owner: Owner = engine.owner,
  ) {
    super();
    this.engine = engine;
    this.owner = owner;
    this.request = request;
    this.index = slotOf(callId, cseq);
    this.label = engine.newLabel();
    this.key = key;
    this.method = method;
    this.callId = callId;
    this.cseq = cseq;
    this.lists = lists;
    if (method === "INVITE") this.flags = TFlag.invite;
  }

  addBranch(branch: ClientBranch): void {
    // Most have one: an array that is pushed to takes room for sixteen more.
    this.branches = this.branches.length === 0 ? [branch] : [...this.branches, branch];
  }

  get settings(): Settings {
    return this.owner.settings;
  }

  isCall(callId: string, cseq: string): boolean {
    return this.callId === callId && this.cseq === cseq;
  }
  get isInvite(): boolean {
    return (this.flags & TFlag.invite) !== 0;
  }
  get isLocal(): boolean {
    return (this.flags & TFlag.local) !== 0;
  }
  get isNoisy(): boolean {
    return (this.flags & TFlag.noisy) !== 0;
  }
  get isCanceled(): boolean {
    return (this.flags & TFlag.canceled) !== 0;
  }

  /**
   * It has ended and only answers copies for a while: what that does not take is let go, because thousands of
   * transactions wait at a time. Branches can be added to one that failed, and they take the script's edits along.
   */
  shrink(): void {
    const { request, branches } = this;
    request.forgetIndex();
    for (let i = 0; i < branches.length; i++) branches[i]!.reply = undefined;
    if (this.status < 200 || this.status >= 300) return;
    request.edits.clear();
    request.bodyEdits.clear();
  }

  /** The wait timer (Timers D, I, J, K of RFC 3261 17 in tm's form): the transaction is forgotten. */
  override fire(now: number): number {
    return this.engine.waitOver(this, now);
  }
}
