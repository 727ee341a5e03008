/** `$msgbuf(n)`: single characters of the message as it was received. */

import { type Core, LogLevel } from "../../declare/core.ts";
import type { Bound, Pv } from "../../declare/module.ts";
import { type PvState, pv } from "./state.ts";

const outOfRange = ({ log }: Core): null => {
  log.write(LogLevel.err, "$msgbuf: index out of range\n");
  return null;
};

export const bufferVariables: Record<string, Pv<PvState>> = {
  msgbuf: pv({
    doc: "The character at an index, from 0, of the message as it was received. It can be set, at once and whatever edits there are; what would break the message is refused.",
    bind: ({ inner, index }, _core, _state, variables): Bound | string => {
      if (index !== undefined) return "`$msgbuf` takes its index in parentheses";
      if (inner === undefined || inner === "") return "`$msgbuf` needs an index in parentheses";
      const from = inner.startsWith("$") ? variables.variable(inner) : Number(inner);
      if (typeof from === "string") return from;
      if (typeof from === "number" && !/^\d+$/.test(inner)) return `\`${inner}\` is no index of \`$msgbuf\``;
      const at = (call: Parameters<Bound["get"]>[0]): number => {
        const value = typeof from === "number" ? from : Number(from.get(call) ?? -1);
        return Number.isInteger(value) && value >= 0 && value < call.msg.text.length ? value : -1;
      };
      return {
        get(call) {
          const n = at(call);
          return n < 0 ? outOfRange(call.core) : call.msg.text.charAt(n);
        },
        set(call, value) {
          const n = at(call);
          if (n < 0) {
            outOfRange(call.core);
            return false;
          }
          if (value === null) return true;
          const { msg } = call;
          if (typeof value !== "string" || value === "") return false;
          return msg.rebuild(msg.text.slice(0, n) + value.charAt(0) + msg.text.slice(n + 1));
        },
      };
    },
  }),
};
