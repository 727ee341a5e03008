/** Functions of corex on extended flags and on what a message is. */
import { declare, type Fn, int } from "../../declare/module.ts";
import type { Corex } from "./corex.ts";

const { fn } = declare<Corex>();

/** 64 flags, kept among the marks of the message; undefined for any other number. */
const mark = (flag: number | bigint): string | undefined => (flag >= 0 && flag <= 63 ? `xflag:${flag}` : undefined);

const args = { flag: int("Number of the flag, 0 to 63.") };
const changed = { 1: "done", [-1]: "there is no such flag" } as const;

export const flagFunctions: Record<string, Fn<Corex>> = {
  setxflag: fn({
    doc: "Sets an extended flag of the message.",
    in: "any",
    args,
    returns: changed,
    run({ msg }, { flag }) {
      const name = mark(flag);
      if (name === undefined) return -1;
      msg.mark(name);
      return 1;
    },
  }),
  resetxflag: fn({
    doc: "Clears an extended flag of the message.",
    in: "any",
    args,
    returns: changed,
    run({ msg }, { flag }) {
      const name = mark(flag);
      if (name === undefined) return -1;
      msg.unmark(name);
      return 1;
    },
  }),
  isxflagset: fn({
    doc: "Tells whether an extended flag of the message is set.",
    in: "any",
    args,
    returns: { 1: "it is", [-1]: "it is not, or there is no such flag" },
    run: ({ msg }, { flag }) => (msg.marked(mark(flag) ?? "") ? 1 : -1),
  }),
  is_faked_msg: fn({
    doc: "Tells whether the message was made here, as in failure routes and event routes, and not received.",
    in: "any",
    args: {},
    returns: { 1: "it was", [-1]: "it was received" },
    run: ({ msg }) => (msg.faked ? 1 : -1),
  }),
};
