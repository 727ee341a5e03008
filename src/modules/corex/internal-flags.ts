/** Flags by which parts of the server tell one another how to treat a message (Kamailio's msg_flags). */
import { declare, type Fn, str } from "../../declare/module.ts";
import type { SipMessage } from "../../sip/message.ts";
import { complain } from "./complain.ts";
import type { Corex } from "./corex.ts";

const { fn } = declare<Corex>();

const NUMBERS: Readonly<Record<string, number>> = { USE_UAC_FROM: 13, USE_UAC_TO: 14, MSG_APPLY_CHANGES: 35 };

/** Marks under which the engine keeps flags of these numbers (msg_parser.h, FL_*). */
const MARKS: Readonly<Record<number, string>> = {
  8: "mtu-tcp",
  9: "mtu-tls",
  10: "mtu-sctp",
  13: "uac-from",
  14: "uac-to",
  17: "body-multipart",
  18: "rr-added",
  23: "no-reply",
  25: "route-addr",
  32: "final-reply",
  33: "delayed-reply",
  34: "via-noreceived",
  35: "apply-changes",
};

/** The number of a flag: a name, or one or two digits. */
const numberOf = (name: string): number | undefined => {
  const number = NUMBERS[name.toUpperCase()] ?? (/^\d\d?$/.test(name) ? Number(name) : 64);
  return number < 64 ? number : undefined;
};

const markOf = (flag: number): string => MARKS[flag] ?? `iflag:${flag}`;

function has(msg: SipMessage, flag: number): boolean {
  if (flag === 0) return msg.forceRport;
  if (flag === 11) return msg.addLocalRport;
  return msg.marked(markOf(flag));
}

function assign(msg: SipMessage, flag: number, on: boolean): void {
  if (flag === 0) msg.forceRport = on;
  else if (flag === 11) msg.addLocalRport = on;
  else if (on) msg.mark(markOf(flag));
  else msg.unmark(markOf(flag));
}

const args = { flag: str("`USE_UAC_FROM`, `USE_UAC_TO`, or the number of the flag, 0 to 63.") };
const changed = { 1: "done", [-1]: "there is no such flag" } as const;

const setter = (doc: string, on: boolean): Fn<Corex> =>
  fn({
    doc,
    in: "any",
    args,
    returns: changed,
    run(call, { flag }) {
      const number = numberOf(flag);
      if (number === undefined) return complain(call, `there is no flag ${flag}`);
      assign(call.msg, number, on);
      return 1;
    },
  });

export const internalFlagFunctions: Record<string, Fn<Corex>> = {
  msg_iflag_set: setter("Sets an internal flag of the message.", true),
  msg_iflag_reset: setter("Clears an internal flag of the message.", false),
  msg_iflag_is_set: fn({
    doc: "Tells whether an internal flag of the message is set.",
    in: "any",
    args,
    returns: { 1: "it is", [-1]: "there is no such flag", [-2]: "it is not" },
    run(call, { flag }) {
      const number = numberOf(flag);
      if (number === undefined) return complain(call, `there is no flag ${flag}`);
      return has(call.msg, number) ? 1 : -2;
    },
  }),
};
