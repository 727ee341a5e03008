/** Functions of kex on script flags and branch flags. */
import type { Call } from "../../declare/call.ts";
import { declare, type Fn, int, optional } from "../../declare/module.ts";
import type { Kex } from "./kex.ts";

const { fn } = declare<Kex>();

/** Flags 0 to 31 as a bit; 0 for any other number. */
const bit = (flag: number | bigint): number => (flag >= 0 && flag <= 31 ? 1 << Number(flag) : 0);

const flag = int("Number of the flag, 0 to 31.");
const index = optional(int("Number of the branch: 0 is the Request-URI's, 1 the first of append_branch."));
const changed = { 1: "done", [-1]: "there is no such flag" } as const;
const changedBranch = { 1: "done", [-1]: "there is no such flag or branch" } as const;

/** What holds the flags of a branch: the message for branch 0. */
function branchOf({ msg }: Call, number: number): { get(): number; set(flags: number): void } | undefined {
  if (number === 0)
    return {
      get: () => msg.branchFlags,
      set: (flags) => {
        msg.branchFlags = flags;
      },
    };
  const branch = number > 0 ? msg.branches[number - 1] : undefined;
  return (
    branch && {
      get: () => branch.flags,
      set: (flags) => {
        branch.flags = flags;
      },
    }
  );
}

const onBranch = (doc: string, change: (flags: number, mask: number) => number): Fn<Kex> =>
  fn({
    doc,
    in: "any",
    args: { flag, index },
    returns: changedBranch,
    run(call, args) {
      const mask = bit(args.flag);
      const flags = mask === 0 ? undefined : branchOf(call, Number(args.index ?? 0));
      if (!flags) return -1;
      flags.set(change(flags.get(), mask));
      return 1;
    },
  });

export const flagFunctions: Record<string, Fn<Kex>> = {
  setsflag: fn({
    doc: "Sets a script flag.",
    in: "any",
    args: { flag },
    returns: changed,
    run(call, args) {
      const mask = bit(args.flag);
      call.scriptFlags |= mask;
      return mask ? 1 : -1;
    },
  }),
  resetsflag: fn({
    doc: "Clears a script flag.",
    in: "any",
    args: { flag },
    returns: changed,
    run(call, args) {
      const mask = bit(args.flag);
      call.scriptFlags &= ~mask;
      return mask ? 1 : -1;
    },
  }),
  issflagset: fn({
    doc: "Tells whether a script flag is set.",
    in: "any",
    args: { flag },
    returns: { 1: "it is", [-1]: "it is not, or there is no such flag" },
    run: (call, args) => (call.scriptFlags & bit(args.flag) ? 1 : -1),
  }),
  setbflag: onBranch("Sets a branch flag.", (flags, mask) => flags | mask),
  resetbflag: onBranch("Clears a branch flag.", (flags, mask) => flags & ~mask),
  isbflagset: fn({
    doc: "Tells whether a branch flag is set.",
    in: "any",
    args: { flag, index },
    returns: { 1: "it is", [-1]: "it is not, or there is no such flag or branch" },
    run(call, args) {
      const flags = branchOf(call, Number(args.index ?? 0));
      return flags && flags.get() & bit(args.flag) ? 1 : -1;
    },
  }),
};
