/** cfg_rpc: reading and changing parameters while the server runs. Follows Kamailio's src/modules/cfg_rpc. */
import type { Core } from "../declare/core.ts";
import { any, declare, int, optional, RpcFault, str } from "../declare/module.ts";
import { IntText, type Value } from "../declare/value.ts";

interface Change {
  readonly group: string;
  readonly name: string;
  readonly value: Value;
}

interface CfgRpc {
  /** Changes that wait for cfg.commit, by `group.name`. */
  readonly pending: Map<string, Change>;
  /** Values that were in force when the server started, for cfg.reset. */
  readonly initial: Map<string, Value>;
}
const { rpc, module } = declare<CfgRpc>();

const keyOf = (group: string, name: string): string => `${group}.${name}`;

/** Kamailio knows instances of groups, `group[7]`; there are none here, and what is no name at all is refused as there. */
function checkGroup(group: string): void {
  if (!/^[^[\]]+(\[\d+\])?$/.test(group))
    throw new RpcFault(400, 'Wrong group syntax. Use either "group", or "group[id]"');
}

const isInt = (value: Value | undefined): boolean =>
  typeof value === "number" || typeof value === "bigint" || value instanceof IntText;

/** The new value as the variable's own type; a fault when it has none, or the text is no number. */
function fitting(core: Core, group: string, name: string, value: Value): Value {
  checkGroup(group);
  const current = core.config.get(group, name);
  if (current === undefined) throw new RpcFault(400, "Failed to set the variable");
  if (!isInt(current)) return isInt(value) ? String(value) : value;
  if (isInt(value)) return value;
  if (typeof value === "string" && /^[+-]?\d+$/.test(value.trim())) return Number(value);
  throw new RpcFault(400, "Failed to set the variable");
}

function set(core: Core, group: string, name: string, value: Value): undefined {
  if (!core.config.set(group, name, fitting(core, group, name, value)))
    throw new RpcFault(400, "Failed to set the variable");
  return undefined;
}

function prepare(state: CfgRpc, core: Core, group: string, name: string, value: Value): undefined {
  state.pending.set(keyOf(group, name), { group, name, value: fitting(core, group, name, value) });
  return undefined;
}

const group = str("Group of parameters: `core`, a module, or one of the script's own.");
const name = str("Name of the parameter.");
const number = int("The new value.");
const string = str("The new value.");
const value = any("The new value: a number or a text.");

const now = "Sets a parameter at once.";
const later = "Prepares a change that cfg.commit puts into force.";

const setInt = rpc({
  doc: now,
  args: { group, name, value: number },
  run: (it, _, core) => set(core, it.group, it.name, it.value),
});
const setString = rpc({
  doc: now,
  args: { group, name, value: string },
  run: (it, _, core) => set(core, it.group, it.name, it.value),
});

export const cfgRpc = module({
  name: "cfg_rpc",
  doc: "Control commands that read and change parameters.",
  params: {},
  start: (_, __, old) => ({ pending: old?.pending ?? new Map(), initial: new Map() }),
  open(state, core) {
    for (const { group: of, names } of core.config.groups())
      for (const it of names) {
        const current = core.config.get(of, it);
        if (current !== undefined) state.initial.set(keyOf(of, it), current);
      }
  },
  functions: {},
  variables: {},
  events: {},

  commands: {
    "cfg.list": rpc({
      doc: "The parameters, of one group or of all.",
      args: { group: optional(group) },
      run: (it, _, core) =>
        core.config
          .groups()
          .filter((one) => !it.group || one.group === it.group)
          .flatMap((one) => one.names.map((parameter) => `${one.group}: ${parameter}`)),
    }),
    "cfg.get": rpc({
      doc: "The value of a parameter, or of all of a group.",
      args: { group: optional(group), name: optional(name) },
      run(it, _, core) {
        if (!it.group) throw new RpcFault(500, "Failed to get the parameters");
        checkGroup(it.group);
        if (!it.name) {
          const names = core.config.groups().find((one) => one.group === it.group)?.names ?? [];
          return Object.fromEntries(names.map((parameter) => [parameter, core.config.get(it.group!, parameter) ?? ""]));
        }
        const current = core.config.get(it.group, it.name);
        if (current === undefined) throw new RpcFault(400, "Failed to get the variable");
        return current ?? "";
      },
    }),
    "cfg.help": rpc({
      doc: "What a parameter means, and its type.",
      args: { group, name },
      run(it, _, core) {
        const current = core.config.get(it.group, it.name);
        if (current === undefined) throw new RpcFault(400, "Failed to get the variable description");
        return { desc: core.config.describe(it.group, it.name) || "none", type: isInt(current) ? "integer" : "string" };
      },
    }),
    "cfg.set": rpc({
      doc: now,
      args: { group, name, value },
      run: (it, _, core) => set(core, it.group, it.name, it.value),
    }),
    "cfg.set_now_int": setInt,
    "cfg.seti": setInt,
    "cfg.set_now_string": setString,
    "cfg.sets": setString,
    "cfg.set_delayed": rpc({
      doc: later,
      args: { group, name, value },
      run: (it, state, core) => prepare(state, core, it.group, it.name, it.value),
    }),
    "cfg.set_delayed_int": rpc({
      doc: later,
      args: { group, name, value: number },
      run: (it, state, core) => prepare(state, core, it.group, it.name, it.value),
    }),
    "cfg.set_delayed_string": rpc({
      doc: later,
      args: { group, name, value: string },
      run: (it, state, core) => prepare(state, core, it.group, it.name, it.value),
    }),
    "cfg.commit": rpc({
      doc: "Puts the prepared changes into force.",
      args: {},
      run(_, state, core) {
        const failed = [...state.pending.values()].filter((it) => !core.config.set(it.group, it.name, it.value));
        state.pending.clear();
        if (failed.length > 0) throw new RpcFault(400, "Failed to commit the changes");
        return undefined;
      },
    }),
    "cfg.rollback": rpc({
      doc: "Forgets the prepared changes.",
      args: {},
      run(_, state) {
        state.pending.clear();
        return undefined;
      },
    }),
    "cfg.diff": rpc({
      doc: "The prepared changes.",
      args: {},
      run: (_, state, core) =>
        [...state.pending.values()].map((it) => ({
          "group name": it.group,
          "variable name": it.name,
          "old value": core.config.get(it.group, it.name) ?? "",
          "new value": it.value,
        })),
    }),
    "cfg.reset": rpc({
      doc: "Sets the parameters of a group to what they were when the script was loaded.",
      args: { group },
      run(it, state, core) {
        checkGroup(it.group);
        const names = core.config.groups().find((one) => one.group === it.group)?.names ?? [];
        for (const parameter of names) {
          const before = state.initial.get(keyOf(it.group, parameter));
          // What cannot change at run time has its first value still.
          if (before !== undefined) core.config.set(it.group, parameter, before);
        }
        return undefined;
      },
    }),
  },
});
