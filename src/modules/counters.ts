/** counters: counters of the script's own, with groups and descriptions. Follows Kamailio's src/modules/counters. */
import type { Core, Counter } from "../declare/core.ts";
import { declare, int, optional, type RouteKind, type Rpc, RpcFault, str, text } from "../declare/module.ts";

interface Counters {
  readonly core: Core;
  readonly group: string;
  /** What scripts said of their counters, by `group.name`. */
  readonly descriptions: ReadonlyMap<string, string>;
}
const { fn, rpc, module } = declare<Counters>();

const routes: readonly RouteKind[] = ["request", "onreply", "failure", "onsend"];

/** Cuts `group.name`; the group may be left out. */
function cut(written: string, group: string): { readonly group: string; readonly name: string } {
  const dot = written.indexOf(".");
  return dot < 0 ? { group, name: written } : { group: written.slice(0, dot), name: written.slice(dot + 1) };
}

function find(core: Core, group: string, name: string): { readonly value: number } | undefined {
  return core.statistics.list().find((it) => it.group === group && it.name === name);
}

/** The counter that a script named; it is known to exist since the script was loaded. */
function counterOf(written: string, { core, group }: Counters): Counter {
  const it = cut(written, group);
  return core.statistics.counter(it.group, it.name);
}

const nameProblem = ([written]: readonly (string | undefined)[], { core, group }: Counters): string | undefined => {
  if (written === undefined) return undefined;
  const it = cut(written, group);
  return find(core, it.group, it.name) ? undefined : `there is no counter ${it.group}.${it.name}: see script_counter`;
};

const counter = text("`name` or `group.name` of a counter.");
const done = { 1: "done" } as const;

const groupArg = str("The group.");
const nameArg = str("The counter.");

function known(core: Core, group: string, name: string): number {
  const found = find(core, group, name);
  if (!found) throw new RpcFault(400, `non-existent counter ${group}.${name}`);
  return found.value;
}
const valuesOf = (core: Core, group: string): Record<string, number> =>
  Object.fromEntries(
    core.statistics
      .list()
      .filter((it) => it.group === group)
      .map((it) => [it.name, it.value]),
  );

const listGroups: Rpc<Counters> = rpc({
  doc: "The names of all groups of counters.",
  args: {},
  run: (_args, _state, { statistics }) => [...new Set(statistics.list().map((it) => it.group))],
});
const listNames: Rpc<Counters> = rpc({
  doc: "The names of the counters in a group.",
  args: { group: groupArg },
  run: ({ group }, _state, core) => Object.keys(valuesOf(core, group)),
});
const listValues: Rpc<Counters> = rpc({
  doc: "Names and values of the counters in a group.",
  args: { group: groupArg },
  run: ({ group }, _state, core) => valuesOf(core, group),
});

export const counters = module({
  name: "counters",
  doc: "Counters of the script's own, with groups and descriptions.",

  params: {
    script_cnt_grp_name: text("Group of the counters that name none.", { fallback: "script" }),
    script_counter: text("`[group.]name`, and behind a colon or a blank its description."),
  },
  repeated: ["script_counter"],

  start(params, core) {
    const descriptions = new Map<string, string>();
    for (const written of (params.script_counter as unknown as readonly string[] | undefined) ?? []) {
      const end = written.includes(":") ? written.indexOf(":") : written.indexOf(" ");
      const full = end < 0 ? written : written.slice(0, end);
      const { group, name } = cut(full, params.script_cnt_grp_name);
      if (name === "") return `script_counter: \`${written}\` has no name`;
      core.statistics.counter(group, name);
      descriptions.set(`${group}.${name}`, (end < 0 ? "" : written.slice(end + 1).trim()) || "custom script counter.");
    }
    return { core, group: params.script_cnt_grp_name, descriptions };
  },

  functions: {
    cnt_inc: fn({
      doc: "Adds 1 to a counter.",
      in: routes,
      args: { counter },
      returns: done,
      check: nameProblem,
      run(_call, { counter }, state) {
        counterOf(counter, state).value++;
        return 1 as const;
      },
    }),
    cnt_add: fn({
      doc: "Adds a number to a counter.",
      in: routes,
      args: { counter, amount: int("What to add; may be negative.", { computed: false }) },
      returns: done,
      check: nameProblem,
      run(_call, { counter, amount }, state) {
        counterOf(counter, state).value += Number(amount);
        return 1 as const;
      },
    }),
    cnt_reset: fn({
      doc: "Sets a counter to 0.",
      in: routes,
      args: { counter },
      returns: done,
      check: nameProblem,
      run(_call, { counter }, state) {
        counterOf(counter, state).value = 0;
        return 1 as const;
      },
    }),
  },
  variables: {},

  commands: {
    "cnt.get": rpc({
      doc: "The value of a counter, or names and values of all in a group.",
      args: { group: groupArg, name: optional(nameArg) },
      run: ({ group, name }, _state, core) => (name === undefined ? valuesOf(core, group) : known(core, group, name)),
    }),
    "cnt.get_raw": rpc({
      doc: "The value of a counter.",
      args: { group: groupArg, name: nameArg },
      run: ({ group, name }, _state, core) => known(core, group, name),
    }),
    "cnt.reset": rpc({
      doc: "Sets a counter to 0.",
      args: { group: groupArg, name: nameArg },
      run({ group, name }, _state, core) {
        known(core, group, name);
        core.statistics.reset(`${group}:${name}`);
      },
    }),
    "cnt.list_groups": listGroups,
    "cnt.grps_list": listGroups,
    "cnt.list_vars": listNames,
    "cnt.var_list": listNames,
    "cnt.get_vars": listValues,
    "cnt.grp_get_all": listValues,
    "cnt.help": rpc({
      doc: "The description of a counter.",
      args: { group: groupArg, name: nameArg },
      run({ group, name }, { descriptions }, core) {
        known(core, group, name);
        const full = `${group}.${name}`;
        const declared = core.modules.find((it) => it.statistics?.[full])?.statistics?.[full];
        const found = descriptions.get(full) ?? declared;
        if (found === undefined) throw new RpcFault(400, `no description for counter ${full}`);
        return found;
      },
    }),
  },
  events: {},
});
