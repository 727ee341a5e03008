/** cfg_rpc: reading and changing parameters while the server runs. Follows Kamailio's src/modules/cfg_rpc. */
import type { Core } from "../declare/core.ts";
import { any, declare, int, optional, RpcFault, str } from "../declare/module.ts";
import { IntText, type Value } from "../declare/value.ts";

interface Place {
  readonly group: string;
  /** Undefined: the group itself. */
  readonly instance: number | undefined;
  readonly name: string;
}

interface Change extends Place {
  /** Undefined: the instance loses its own value. */
  readonly value: Value | undefined;
}

interface CfgRpc {
  /** Changes that wait for cfg.commit, in the order they were made. */
  readonly pending: Change[];
  /** Values that were in force when the server started, for cfg.reset, by `group.name`. */
  readonly initial: Map<string, Value>;
}
const { rpc, module } = declare<CfgRpc>();

const keyOf = (group: string, name: string): string => `${group}.${name}`;

const FAILED = "Failed to set the variable";

/** `group`, or `group[7]` for one of its instances. */
function parsed(text: string): { group: string; instance: number | undefined } {
  const [, group, instance] = /^([^[\]]+)(?:\[(\d+)\])?$/.exec(text) ?? [];
  if (group === undefined) throw new RpcFault(400, 'Wrong group syntax. Use either "group", or "group[id]"');
  return { group, instance: instance === undefined ? undefined : Number(instance) };
}

/** The same for commands about instances alone. */
function parsedInstance(text: string): { group: string; instance: number } {
  const { group, instance } = /\[/.test(text) ? parsed(text) : { group: text, instance: undefined };
  if (instance === undefined) throw new RpcFault(400, 'Wrong group syntax. Use "group[id]"');
  return { group, instance };
}

const placed = (group: string, name: string): Place => ({ ...parsed(group), name });

/** What a parameter is now; undefined when there is none, or no such instance. */
function current({ config }: Core, { group, instance, name }: Place): Value | undefined {
  if (instance !== undefined && !config.hasInstance(group, instance)) return undefined;
  return config.get(group, name, instance);
}

const namesOf = ({ config }: Core, group: string): readonly string[] =>
  config.groups().find((one) => one.group === group)?.names ?? [];

const isInt = (value: Value | undefined): boolean =>
  typeof value === "number" || typeof value === "bigint" || value instanceof IntText;

/** The new value as the variable's own type; a fault when it has none, or the text is no number. */
function fitting(core: Core, place: Place, value: Value): Value {
  const now = current(core, place);
  if (now === undefined) throw new RpcFault(400, FAILED);
  if (!isInt(now)) return isInt(value) ? String(value) : value;
  if (isInt(value)) return value;
  if (typeof value === "string" && /^[+-]?\d+$/.test(value.trim())) return Number(value);
  throw new RpcFault(400, FAILED);
}

const put = ({ config }: Core, { group, name, value, instance }: Change): boolean =>
  value === undefined ? config.unset(group, name, instance ?? 0) : config.set(group, name, value, instance);

function set(core: Core, group: string, name: string, value: Value): undefined {
  const place = placed(group, name);
  if (!put(core, { ...place, value: fitting(core, place, value) })) throw new RpcFault(400, FAILED);
  return undefined;
}

function prepare({ pending }: CfgRpc, core: Core, group: string, name: string, value: Value): undefined {
  const place = placed(group, name);
  pending.push({ ...place, value: fitting(core, place, value) });
  return undefined;
}

const group = str(
  "Group of parameters: `core`, a module, or one of the script's own; `group[7]` is an instance of it.",
);
const instance = str("An instance of a group: `group[7]`.");
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
  start: (_, __, old) => ({ pending: old?.pending ?? [], initial: new Map() }),
  open(state, core) {
    for (const { group: of, names } of core.config.groups())
      for (const it of names) {
        const value = core.config.get(of, it);
        if (value !== undefined) state.initial.set(keyOf(of, it), value);
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
        const { group: of, instance: number } = parsed(it.group);
        if (!it.name) {
          const found: Record<string, Value> = {};
          for (const parameter of namesOf(core, of)) {
            const one = current(core, { group: of, instance: number, name: parameter });
            if (one === undefined) throw new RpcFault(400, "Failed to get the variable");
            found[parameter] = one ?? "";
          }
          return found;
        }
        const value = current(core, { group: of, instance: number, name: it.name });
        if (value === undefined) throw new RpcFault(400, "Failed to get the variable");
        return value ?? "";
      },
    }),
    "cfg.help": rpc({
      doc: "What a parameter means, and its type.",
      args: { group, name },
      run(it, _, core) {
        const value = core.config.get(it.group, it.name);
        if (value === undefined) throw new RpcFault(400, "Failed to get the variable description");
        return { desc: core.config.describe(it.group, it.name) || "none", type: isInt(value) ? "integer" : "string" };
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
        const failed = state.pending.splice(0).filter((it) => !put(core, it));
        if (failed.length > 0) throw new RpcFault(400, "Failed to commit the changes");
        return undefined;
      },
    }),
    "cfg.rollback": rpc({
      doc: "Forgets the prepared changes.",
      args: {},
      run(_, state) {
        state.pending.length = 0;
        return undefined;
      },
    }),
    "cfg.diff": rpc({
      doc: "The prepared changes.",
      args: {},
      run: (_, state, core) =>
        state.pending.map((it) => ({
          "group name": it.group,
          ...(it.instance !== undefined && { "group id": it.instance }),
          "variable name": it.name,
          "old value": current(core, it) ?? "",
          "new value": it.value ?? core.config.get(it.group, it.name) ?? "",
        })),
    }),
    "cfg.reset": rpc({
      doc: "Sets the parameters of a group to what they were when the script was loaded.",
      args: { group },
      run(it, state, core) {
        const { group: of, instance: number } = parsed(it.group);
        for (const parameter of namesOf(core, of)) {
          const before = state.initial.get(keyOf(of, parameter));
          // What cannot change at run time has its first value still.
          if (before !== undefined) core.config.set(of, parameter, before, number);
        }
        return undefined;
      },
    }),
    "cfg.del": rpc({
      doc: "Takes away the value that an instance of a group has of its own: the group's counts again.",
      args: { group: instance, name },
      run(it, _, core) {
        const { group: of, instance: number } = parsedInstance(it.group);
        if (!core.config.unset(of, it.name, number)) throw new RpcFault(400, "Failed to delete the value");
        return undefined;
      },
    }),
    "cfg.del_delayed": rpc({
      doc: "Prepares the same, for cfg.commit.",
      args: { group: instance, name },
      run(it, state, core) {
        const place = { ...parsedInstance(it.group), name: it.name };
        if (current(core, place) === undefined) throw new RpcFault(400, "Failed to delete the value");
        state.pending.push({ ...place, value: undefined });
        return undefined;
      },
    }),
    "cfg.add_group_inst": rpc({
      doc: "Makes an instance of a group, which has the group's values until its own are set.",
      args: { group: instance },
      run(it, _, core) {
        const { group: of, instance: number } = parsedInstance(it.group);
        if (!core.config.addInstance(of, number)) throw new RpcFault(400, "Failed to add the group instance");
        return undefined;
      },
    }),
    "cfg.del_group_inst": rpc({
      doc: "Removes an instance of a group.",
      args: { group: instance },
      run(it, _, core) {
        const { group: of, instance: number } = parsedInstance(it.group);
        if (!core.config.removeInstance(of, number)) throw new RpcFault(400, "Failed to delete the group instance");
        return undefined;
      },
    }),
  },
});
