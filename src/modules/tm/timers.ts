/** Functions that set times and behaviour of one transaction: the one in focus, or the one that the run will make. */
import type { Call } from "../../declare/call.ts";
import { int } from "../../declare/module.ts";
import { TFlag, type Transaction } from "../../transaction/transaction.ts";
import { toTicks } from "../../transaction/wheel.ts";
import { fn, nextOf } from "./state.ts";

const ANYWHERE = ["request", "onreply", "failure", "branch"] as const;
const SET = { 1: "it is set", [-1]: "a time is negative, or too long" } as const;
const ALWAYS = { 1: "always" } as const;
/** Intervals are kept in 16 bits. */
const LONGEST_INTERVAL = 65535;

/** Ticks; 0 leaves a time as it is. */
export function setFinal(call: Call, frInvite: number, fr: number): void {
  const { tx } = call;
  if (tx === undefined) {
    Object.assign(nextOf(call), { frInvite, fr });
    return;
  }
  if (frInvite > 0) tx.frInvite = frInvite;
  if (fr > 0) tx.fr = fr;
  for (const { request } of tx.branches) {
    if (!request.running) continue;
    if (request.waitsForInvite && frInvite > 0) request.restartFinal(frInvite);
    else if (fr > 0) request.restartFinal(fr);
  }
}

/** Milliseconds; 0 leaves an interval as it is. */
function setIntervals(call: Call, t1: number, t2: number): void {
  const { tx } = call;
  if (tx === undefined) {
    Object.assign(nextOf(call), { t1, t2 });
    return;
  }
  if (t1 > 0) tx.t1 = t1;
  if (t2 > 0) tx.t2 = t2;
  for (const { request } of tx.branches) if (request.running) request.changeInterval(t1, t2);
}

function setLife(tx: Transaction, ticks: number): void {
  tx.endOfLife = tx.engine.wheel.now() + ticks;
  for (const { request } of tx.branches) if (request.running) request.capFinal(tx.endOfLife);
}

const flagFn = (flag: number, doc: string, where: readonly (typeof ANYWHERE)[number][] = ANYWHERE) =>
  fn({
    doc,
    in: where,
    args: { on: int("1 on, 0 off.") },
    returns: ALWAYS,
    run(call, args): 1 {
      const on = Number(args.on) !== 0;
      const { tx } = call;
      if (tx !== undefined) {
        tx.flags = on ? tx.flags | flag : tx.flags & ~flag;
        return 1;
      }
      const next = nextOf(call);
      next.setFlags = on ? next.setFlags | flag : next.setFlags & ~flag;
      next.resetFlags = on ? next.resetFlags & ~flag : next.resetFlags | flag;
      return 1;
    },
  });

const cancelReason = flagFn(TFlag.noCancelReason, "Leaves the Reason fields of a CANCEL out of those sent on.");

export const timerFunctions = {
  t_set_fr: fn({
    doc: "Sets the waits for a final reply, of branches under way, too.",
    in: ANYWHERE,
    args: {
      fr_inv: int("Milliseconds after a provisional reply; 0 leaves it."),
      fr: int("Milliseconds before one; 0 leaves it.", { fallback: 0 }),
    },
    returns: SET,
    run(call, args) {
      const [frInv, fr] = [Number(args.fr_inv), Number(args.fr)];
      if (frInv < 0 || fr < 0) return -1;
      setFinal(call, toTicks(frInv), toTicks(fr));
      return 1;
    },
  }),
  t_reset_fr: fn({
    doc: "Sets both waits back to the parameters' values.",
    in: ANYWHERE,
    args: {},
    returns: ALWAYS,
    run(call): 1 {
      const { settings } = call.core.owner;
      if (call.tx === undefined) setFinal(call, 0, 0);
      else setFinal(call, toTicks(settings.frInvTimer), toTicks(settings.frTimer));
      return 1;
    },
  }),
  t_set_retr: fn({
    doc: "Sets the intervals between copies.",
    in: ANYWHERE,
    args: {
      t1: int("Milliseconds of the first interval; 0 leaves it."),
      t2: int("Milliseconds of the longest; 0 leaves it."),
    },
    returns: SET,
    run(call, args) {
      const [t1, t2] = [Number(args.t1), Number(args.t2)];
      if (t1 > LONGEST_INTERVAL || t2 > LONGEST_INTERVAL) return -1;
      setIntervals(call, t1, t2);
      return 1;
    },
  }),
  t_reset_retr: fn({
    doc: "Sets the intervals back to the parameters' values.",
    in: ANYWHERE,
    args: {},
    returns: ALWAYS,
    run(call): 1 {
      const { settings } = call.core.owner;
      if (call.tx === undefined) setIntervals(call, 0, 0);
      else setIntervals(call, settings.retrTimer1, settings.retrTimer2);
      return 1;
    },
  }),
  t_set_max_lifetime: fn({
    doc: "Sets the longest life from now.",
    in: ANYWHERE,
    args: {
      inv: int("Milliseconds of an INVITE transaction; 0 leaves it."),
      noninv: int("Milliseconds of any other; 0 leaves it."),
    },
    returns: SET,
    run(call, args): 1 {
      const lifeInvite = toTicks(Number(args.inv));
      const lifeOther = toTicks(Number(args.noninv));
      if (call.tx === undefined) Object.assign(nextOf(call), { lifeInvite, lifeOther });
      else setLife(call.tx, call.tx.isInvite ? lifeInvite : lifeOther);
      return 1;
    },
  }),
  t_reset_max_lifetime: fn({
    doc: "Sets the longest life back to the parameter's value.",
    in: ANYWHERE,
    args: {},
    returns: ALWAYS,
    run(call): 1 {
      const { settings } = call.core.owner;
      const { tx } = call;
      if (tx === undefined) Object.assign(nextOf(call), { lifeInvite: 0, lifeOther: 0 });
      else setLife(tx, toTicks(tx.isInvite ? settings.maxInvLifetime : settings.maxNoninvLifetime));
      return 1;
    },
  }),
  t_set_auto_inv_100: flagFn(TFlag.auto100, "Whether the INVITE is answered with 100 at once.", ["request"]),
  t_set_disable_6xx: flagFn(TFlag.disable6xx, "Whether a 6xx is treated like any other negative reply."),
  t_set_no_auto_ack: flagFn(
    TFlag.noAutoAck,
    "Whether the ACK to a 2xx of a request started here is left to the script.",
  ),
  t_set_disable_failover: flagFn(TFlag.disableFailover, "Whether further addresses of a destination are left alone."),
  t_set_no_e2e_cancel_reason: cancelReason,
  t_disable_e2e_cancel_reason: cancelReason,
  t_set_disable_internal_reply: flagFn(
    TFlag.disableInternalReply,
    "Whether an error of t_relay makes no reply by itself.",
  ),
};
