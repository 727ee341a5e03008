/** Flags of the message, 0 to 31: `flags NAME:n` gives them names. */
import type { Core } from "../../declare/core.ts";
import { declare, int } from "../../declare/module.ts";

const { fn } = declare<Core>();

const number = (): ReturnType<typeof int> =>
  int("Number of the flag, or a name from a `flags` line.", { computed: false });

export const flagFunctions = {
  setflag: fn({
    doc: "Sets a flag of the message; it stays with the transaction.",
    in: "any",
    args: { flag: number() },
    returns: { 1: "Always." },
    run({ msg }, { flag }) {
      msg.flags = (msg.flags | (1 << Number(flag))) >>> 0;
      return 1 as const;
    },
  }),
  resetflag: fn({
    doc: "Clears a flag of the message.",
    in: "any",
    args: { flag: number() },
    returns: { 1: "Always." },
    run({ msg }, { flag }) {
      msg.flags = (msg.flags & ~(1 << Number(flag))) >>> 0;
      return 1 as const;
    },
  }),
  isflagset: fn({
    doc: "Tells whether a flag of the message is set.",
    in: "any",
    args: { flag: number() },
    returns: { 1: "It is set.", [-1]: "It is not." },
    run: ({ msg }, { flag }) => ((msg.flags >>> Number(flag)) & 1 ? 1 : -1),
  }),
} as const;
