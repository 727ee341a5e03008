/** Functions on variables: pv_isset, typeof, pv_evalx and their kin. */
import { type Fn, str, text, variable } from "../../declare/module.ts";
import { isInt, toText } from "../../declare/variables-values.ts";
import { fn, type PvState } from "./state.ts";

const checked = variable("The variable to look at.");

export const variableFunctions: Record<string, Fn<PvState>> = {
  pv_isset: fn({
    doc: "Says whether a variable has a value.",
    in: "any",
    args: { variable: checked },
    returns: { 1: "it has", [-1]: "it is undefined or cannot be read" },
    run: (call, args) => ((args.variable.get(call) ?? null) === null ? -1 : 1),
  }),
  pv_unset: fn({
    doc: "Removes the value of a variable.",
    in: "any",
    args: { variable: variable("The variable to unset.") },
    returns: { 1: "done, also when it cannot be written", [-1]: "it could not be unset" },
    run: (call, { variable: it }) => {
      if (it.unset) return it.unset(call) ? 1 : -1;
      return !it.set || it.set(call, null) ? 1 : -1;
    },
  }),
  is_int: fn({
    doc: "Says whether a variable has an integer value.",
    in: "any",
    args: { variable: checked },
    returns: { 1: "it has", [-1]: "it has not" },
    run: (call, { variable: it }) => {
      const value = it.get(call);
      return isInt(value) || (typeof value === "string" && it.number?.(call) !== undefined) ? 1 : -1;
    },
  }),
  typeof: fn({
    doc: "Says whether a variable's value is of a type: `int`, `str` or `null`.",
    in: "any",
    args: { variable: checked, type: text("`int`, `str` or `null`; only the first letter counts.") },
    returns: { 1: "it is", [-1]: "it is not, or cannot be read" },
    run: (call, args) => {
      const value = args.variable.get(call);
      if (value === undefined) return -1;
      const type = isInt(value) ? "i" : value === null ? "n" : "s";
      return args.type[0]?.toLowerCase() === type ? 1 : -1;
    },
  }),
  not_empty: fn({
    doc: "Says whether a variable's value is a text that is not empty.",
    in: "any",
    args: { variable: checked },
    returns: { 1: "it is", [-1]: "it is empty, undefined or an integer" },
    run: (call, args) => {
      const value = args.variable.get(call);
      return typeof value === "string" && value !== "" ? 1 : -1;
    },
  }),
  pv_evalx: fn({
    doc: "Expands a format, expands the result once more, and assigns that to a variable.",
    in: "any",
    args: {
      target: variable("The variable to assign to."),
      format: str("The format; what it expands to is a format again."),
    },
    returns: { 1: "done", [-1]: "the format is wrong, or the variable cannot be assigned" },
    run: (call, { target, format }, { core }) => {
      const inner = core.variables.format(format);
      if (typeof inner === "string") {
        core.log.write(-1, `pv: ${inner}`);
        return -1;
      }
      return target.set?.(call, inner.expand(call)) ? 1 : -1;
    },
  }),
  pv_var_to_xavp: fn({
    doc: "Copies a `$var`, or all of them, to the children of a new XAVP.",
    in: "any",
    args: { variable: str("Name of the `$var`; `*` for all."), xavp: str("Name of the XAVP, which is emptied first.") },
    returns: { 1: "done", [-1]: "there is no such variable" },
    run: (call, args, { core }) => {
      const { names } = core.variables.slots;
      const { xavps } = call.lists;
      xavps.removeAll(args.xavp);
      if (args.variable === "*") {
        const values = names.flatMap((name, slot) => {
          const value = name.includes("\0") ? null : (call.vars[slot] ?? 0);
          return value === "" || value === null ? [] : [{ name, value }];
        });
        if (values.length === 0) return 1;
        const list = xavps.addList(args.xavp);
        for (const { name, value } of values) list.add(name, isInt(value) ? (value as number) : toText(value));
        return 1;
      }
      const slot = names.indexOf(args.variable);
      if (slot < 0) return -1;
      const value = call.vars[slot] ?? 0;
      xavps.addList(args.xavp).add(args.variable, typeof value === "string" ? value : (value as number));
      return 1;
    },
  }),
  pv_xavp_to_var: fn({
    doc: "Copies the children of a XAVP to the `$var`s of their names.",
    in: "any",
    args: { xavp: str("Name of the XAVP.") },
    returns: { 1: "done", [-1]: "there is no such XAVP, it has no children, or one is neither text nor integer" },
    run: (call, { xavp }, { core }) => {
      if (!call.lists.xavps.sub(xavp)) return -1;
      for (let i = 0; i < call.lists.xavps.count(xavp); i++)
        for (const child of call.lists.xavps.sub(xavp, i)?.items ?? []) {
          const { value } = child;
          if (value === null || typeof value === "object") return -1;
          call.vars[core.variables.slots.slot(child.name)] = value;
        }
      return 1;
    },
  }),
};
