/** Flags of a branch that the Via of its request carries, in the parameter `kvf`. */
import type { Call } from "../../declare/call.ts";
import { declare, type Fn, int } from "../../declare/module.ts";
import type { Transaction } from "../../transaction/transaction.ts";
import type { Tmx } from "./precheck.ts";

const { fn } = declare<Tmx>();
const MAX_FLAG = 31;

/** Whose flags a route sees: those of its branch, of the one that failed, or of the transaction's first. */
function holder(call: Call): { viaFlags: number } | undefined {
  const { tx, kind } = call;
  if (tx === undefined) return undefined;
  if (kind === "branch") return tx.newBranch;
  if (kind === "failure") return tx.branches[tx.picked];
  if (kind === "onreply" || kind === "branch-failure") return tx.branches[call.branch];
  return kind === "request" ? (tx.branches[0] ?? first(tx)) : undefined;
}

/** The first branch before there is one. */
const first = (tx: Transaction): { viaFlags: number } => ({
  get viaFlags() {
    return tx.firstViaFlags;
  },
  set viaFlags(flags) {
    tx.firstViaFlags = flags;
  },
});

/** `use` says what becomes of the flags; undefined stands for a no. */
const onFlag = (doc: string, yes: string, use: (flags: number, bit: number) => number | undefined): Fn<Tmx> =>
  fn({
    doc,
    in: "any",
    args: { flag: int("Number of the flag, 0 to 31.") },
    returns: { 1: yes, [-1]: "it is not so, there is no such flag, or no transaction or branch" },
    run(call, { flag }) {
      const of = flag >= 0 && flag <= MAX_FLAG ? holder(call) : undefined;
      const flags = of && use(of.viaFlags, 1 << Number(flag));
      if (of === undefined || flags === undefined) return -1;
      of.viaFlags = flags >>> 0;
      return 1;
    },
  });

export const viaFlagFunctions: Record<string, Fn<Tmx>> = {
  t_vbflag_set: onFlag(
    "Sets a flag of the branch; the Via that it is sent with carries the flags as `kvf`. In a request route it is the first branch's.",
    "done",
    (flags, bit) => flags | bit,
  ),
  t_vbflag_reset: onFlag("Clears such a flag of the branch.", "done", (flags, bit) => flags & ~bit),
  t_vbflag_is_set: onFlag("Whether the branch has such a flag.", "yes", (flags, bit) =>
    flags & bit ? flags : undefined,
  ),
};
