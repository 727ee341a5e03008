/** Commands on shared variables: pv.shvGet and pv.shvSet. */
import { optional, type Rpc, RpcFault, str } from "../../declare/module.ts";
import { strictInt } from "../../declare/variables-values.ts";
import { type PvState, rpc, type SharedVariable } from "./state.ts";

const shown = (name: string, { value }: SharedVariable): Record<string, unknown> => ({
  name,
  type: typeof value === "string" ? "string" : "int",
  value,
});

export const commands: Record<string, Rpc<PvState>> = {
  "pv.shvGet": rpc({
    doc: "Value of a shared variable, or of all of them.",
    args: { name: optional(str("Name of the variable.")) },
    run: ({ name }, { shared }) => {
      if (name === undefined) return { items: [...shared].reverse().map(([each, it]) => ({ shv: shown(each, it) })) };
      const it = shared.get(name);
      if (!it) throw new RpcFault(404, "Variable not found");
      return shown(name, it);
    },
  }),
  "pv.shvSet": rpc({
    doc: "Sets a shared variable that the script uses.",
    args: {
      name: str("Name of the variable."),
      type: str("`int` or `str`."),
      value: str("The value."),
    },
    run: ({ name, type, value }, { shared }) => {
      const kind = type.toLowerCase();
      if (kind !== "int" && kind !== "str") throw new RpcFault(500, "Unknown parameter type (Types: int or str)");
      const parsed = kind === "int" ? strictInt(value) : value;
      if (parsed === undefined)
        throw new RpcFault(500, "Missing integer parameter value (Parameters: varname type value)");
      const it = shared.get(name);
      if (!it) throw new RpcFault(404, "Variable not found");
      it.value = parsed;
      return "Ok. Variable set to new value.";
    },
  }),
};
