/** One run of a script over one message: what every script function and variable receives. */
import type { Destination, ReceiveInfo } from "../sip/address.ts";
import type { SipMessage } from "../sip/message.ts";
import type { RunState } from "../transaction/run.ts";
import type { Transaction } from "../transaction/transaction.ts";
import type { Core } from "./core.ts";
import type { Lists } from "./lists.ts";
import type { RouteKind } from "./module.ts";
import type { Value } from "./value.ts";

/** Why a run is to stop, as Kamailio's run flags. 0: it goes on. */
export const RunFlag = { none: 0, exit: 1, return: 2, break: 4, drop: 8 } as const;

/** Bytes from the network that are not a message yet (Kamailio's sr_net_info). */
export interface RawBytes {
  text: string;
  readonly received: ReceiveInfo;
  /** `$rcv(buf)` may be assigned. */
  readonly changeable: boolean;
  /** Number of the event, `$rcv(evtype)`: 1 for event_route[core:msg-received]. */
  readonly event: number;
}

const NO_PARAMS: readonly Value[] = [];

/**
 * A run. Created by `src/run` for each message and each route that the transaction layer runs.
 * `rc` is `$rc`; `flags` are the RunFlags that compiled code tests after each call.
 */
export class Call {
  readonly core: Core;
  readonly msg: SipMessage;
  readonly kind: RouteKind;
  /** Slots of the worker's `$var`s; the compiler gives every name a slot. */
  readonly vars: Value[];
  /** AVPs, XAVPs and so on; shared with the transaction once there is one. */
  lists: Lists;
  /** The transaction in focus (Kamailio's T), once created or found. */
  tx: Transaction | undefined = undefined;
  /** The branch in focus (T_branch) in branch, onreply and branch-failure routes; -1 outside. */
  branch = -1;
  /** What this run has asked of the transaction layer; made on first use. */
  tm: RunState | undefined = undefined;
  rc = 1;
  flags = 0;
  /** Script flags (setsflag): a bit each, `$sf`. */
  scriptFlags = 0;
  /** A block that may wait has just ended without having had to, with this code (see settle in src/compile/runtime.ts). */
  settled = false;
  code = 0;
  /** Depth of nested route blocks. */
  depth = 0;
  /** File, route block and line of the statement that runs; kept up only when the script uses something with `position`. */
  file = "";
  route = "";
  line = 0;
  /** In onsend_route: what is about to be sent, and where (`snd_ip`, `$snd(...)`). */
  sending: { readonly text: string; readonly to: Destination } | undefined = undefined;
  /** What `$rcv(...)` tells of, in the event routes that see bytes from the network. */
  raw: RawBytes | undefined = undefined;
  /** Instances of groups of parameters that the run has chosen (cfg_select). */
  instances: Map<string, number> | undefined = undefined;
  /** Set by a function that suspended the transaction: the run ends and its worker slot is free. */
  suspended = false;
  /** The run that `async` or `launch` split this one off from, for what a script says ahead of a call. */
  origin: Call | undefined = undefined;
  /** What the route was given besides the message: `$param(1)` is the first (OpenSIPS: the parameter of `launch`). */
  params: readonly Value[] = NO_PARAMS;

  constructor(core: Core, msg: SipMessage, kind: RouteKind, vars: Value[], lists: Lists) {
    this.core = core;
    this.msg = msg;
    this.kind = kind;
    this.vars = vars;
    this.lists = lists;
  }

  /** Ends the whole run after the current function (Kamailio's exit). */
  exit(): void {
    this.flags |= RunFlag.exit;
  }
}
