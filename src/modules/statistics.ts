/** statistics: counters of the script's own. Follows Kamailio's src/modules/statistics. */
import type { Call } from "../declare/call.ts";
import { type Core, type Counter, LogLevel } from "../declare/core.ts";
import { declare, text } from "../declare/module.ts";
import type { VariableRef } from "../declare/variable.ts";

interface Stats {
  readonly core: Core;
  readonly counters: Map<string, Counter>;
  /** Those that cannot be set back to 0. */
  readonly pinned: ReadonlySet<Counter>;
  /** Variables named as arguments. */
  readonly variables: Map<string, VariableRef | string>;
}
const { fn, module } = declare<Stats>();

/** The group that the script's counters belong to. */
const GROUP = "script";

/** The counter of that name, of whatever group; undefined when there is none. */
function counterOf(name: string, { core, counters }: Stats): Counter | undefined {
  let counter = counters.get(name);
  if (!counter) {
    const known = core.statistics.list().find((it) => it.name === name);
    if (!known) return undefined;
    counter = core.statistics.counter(known.group, known.name);
    counters.set(name, counter);
  }
  return counter;
}

/** The text of an argument, or of the variable that it names; undefined when that has no text. */
function textOf(call: Call, written: string, state: Stats): string | undefined {
  if (!written.startsWith("$")) return written;
  let variable = state.variables.get(written);
  if (variable === undefined) {
    variable = state.core.variables.variable(written);
    state.variables.set(written, variable);
  }
  const value = typeof variable === "string" ? undefined : variable.get(call);
  return value === null || value === undefined ? undefined : typeof value === "object" ? value.text : String(value);
}

/** A number with or without a sign; 0 for anything else. */
const amountOf = (written: string): number => (/^[+-]?\d+$/.test(written) ? Number(written) : 0);

const variableProblem = (written: string, { core }: Stats): string | undefined => {
  const variable = core.variables.variable(written);
  return typeof variable === "string" ? variable : undefined;
};
const nameProblem = (written: string | undefined, state: Stats): string | undefined =>
  written === undefined
    ? undefined
    : written.startsWith("$")
      ? variableProblem(written, state)
      : counterOf(written, state)
        ? undefined
        : `there is no counter \`${written}\``;

function complain({ core }: Stats, name: string | undefined): -1 {
  core.log.write(LogLevel.err, `statistics: there is no counter ${name ?? "of that name"}\n`);
  return -1;
}

const counter = text("Name of the counter, or a variable with it.");

export const statistics = module({
  name: "statistics",
  doc: "Counters of the script's own.",

  params: {
    variable: text("`name` of a counter; `name/no_reset` for one that cannot be set back to 0."),
  },
  repeated: ["variable"],

  start(params, core) {
    const counters = new Map<string, Counter>();
    const pinned = new Set<Counter>();
    for (const written of (params.variable as unknown as readonly string[] | undefined) ?? []) {
      const [name = "", flag] = written.split("/", 2);
      if (name === "") return "variable: a name is needed";
      if (flag !== undefined && flag.toLowerCase() !== "no_reset") return `variable: unsupported flag \`${flag}\``;
      const it = core.statistics.counter(GROUP, name);
      if (flag !== undefined) pinned.add(it);
      counters.set(name, it);
    }
    return { core, counters, pinned, variables: new Map() };
  },
  serve({ counters, pinned }) {
    for (const it of counters.values()) it.pinned = pinned.has(it);
  },

  functions: {
    update_stat: fn({
      doc: "Adds to a counter.",
      in: "any",
      args: { name: counter, amount: text("`5`, `+5` or `-5`, or a variable with a number.") },
      returns: { 1: "done", [-1]: "there is no such counter, or a variable has no value" },
      check([name, amount], state) {
        if (amount === undefined) return nameProblem(name, state);
        if (amount.startsWith("$")) return nameProblem(name, state) ?? variableProblem(amount, state);
        return amountOf(amount) === 0 ? `\`${amount}\` is no number to add` : nameProblem(name, state);
      },
      run(call, { name, amount }, state) {
        const written = textOf(call, amount, state);
        const named = textOf(call, name, state);
        const found = named === undefined ? undefined : counterOf(named, state);
        if (!found) return complain(state, named);
        if (written === undefined) return -1;
        found.value += amountOf(written);
        return 1;
      },
    }),
    reset_stat: fn({
      doc: "Sets a counter to 0.",
      in: ["request", "branch", "failure", "onreply", "local"],
      args: { name: counter },
      returns: { 1: "done", [-1]: "there is no such counter" },
      check: ([name], state) => nameProblem(name, state),
      run(call, { name }, state) {
        const named = textOf(call, name, state);
        const found = named === undefined ? undefined : counterOf(named, state);
        if (!found) return complain(state, named);
        if (!found.pinned) found.value = 0;
        return 1;
      },
    }),
  },
  variables: {},
  commands: {},
  events: {},
});
