/** Function of textops on Via header fields. */
import { declare, type Fn, int, str } from "../../declare/module.ts";
import { deleteAt, type Textops } from "./text.ts";

const { fn } = declare<Textops>();

export const viaFunctions: Record<string, Fn<Textops>> = {
  via_param_rm: fn({
    doc: "Removes a parameter of a Via; a positive code is how many were removed.",
    in: "any",
    args: {
      name: str("The parameter's name, in any case."),
      index: int("Which Via, counted from 0 at the top, or from the last one with -2."),
    },
    returns: { 1: "the parameter will not be in the message", [-1]: "there is no such Via or parameter" } as Record<
      number,
      string
    >,
    run({ msg }, { name, index }) {
      const at = Number(index);
      // Kamailio counts one Via too many before it counts back: -1 is behind the last one.
      const via = msg.headersProblem === "" ? msg.vias[at < 0 ? msg.vias.length + 1 + at : at] : undefined;
      const wanted = name.toLowerCase();
      let removed = 0;
      for (const param of via?.params ?? []) {
        if (param.name.toLowerCase() !== wanted) continue;
        const start = param.start - 1;
        deleteAt(msg, start, msg.text.slice(start, param.end).trimEnd().length);
        removed++;
      }
      return removed || -1;
    },
  }),
};
