/** dialplan: translates texts by rules of a table. Follows Kamailio's src/modules/dialplan. */
import type { Call } from "../../declare/call.ts";
import type { Core } from "../../declare/core.ts";
import { int, RpcArray, RpcFault, RpcStruct, str, text, variable } from "../../declare/module.ts";
import type { VariableRef } from "../../declare/variable.ts";
import { toText } from "../../declare/variables-values.ts";
import { branchTo } from "../../sip/message.ts";
import { DEFAULT_URL, Tables, tableStatistics } from "../db/tables.ts";
import { type Dialplan, fn, load, lookUp, module, rpc, type Variables } from "./state.ts";

const VERSION = 2;
const COLUMNS = ["dpid", "pr", "match_op", "match_exp", "match_len", "subst_exp", "repl_exp", "attrs"] as const;
const KEPT = /^\$(avp|xavp|var)\b/;
const WRITTEN = /^\$(avp|xavp|var|ru|ruri|rU)\b/;
const URI = /^\$(ru|ruri|rU)$/;

const RESULTS = {
  1: "done",
  [-1]: "no rule fits, the input is empty, or the result cannot be stored",
  [-2]: "there is no such dialplan",
} as const;

/** `$in` or `$in/$out`. A string is the problem. */
function parseVariables(written: string, core: Core): Variables | string {
  const [from = "", to] = written.split(/\/(.*)/s);
  const input = core.variables.variable(from);
  if (typeof input === "string") return input;
  if (to === undefined) return { input };
  const output = core.variables.variable(to);
  if (typeof output === "string") return output;
  return WRITTEN.test(to) ? { input, output } : `\`${to}\` is no place for the output`;
}

function variablesOf(written: string, { core, parsed }: Dialplan): Variables | string {
  let found = parsed.get(written);
  if (found === undefined) parsed.set(written, (found = parseVariables(written, core)));
  return found;
}

/** Stores what a rule has made. */
function store(
  call: Call,
  found: { output: string; attributes: string },
  target: VariableRef | undefined,
  state: Dialplan,
): 1 | -1 {
  if (target && found.output !== "") {
    if (target.set?.(call, found.output) === false) return -1;
    // The new Request-URI is one more branch there.
    if (state.appends && call.kind === "failure" && URI.test(target.text)) call.msg.addBranch(branchTo(call.msg.uri));
  }
  return state.attributes?.set?.(call, found.attributes) === false ? -1 : 1;
}

function apply(
  call: Call,
  id: number,
  input: string,
  target: VariableRef | undefined,
  translates: boolean,
  state: Dialplan,
): 1 | -1 | -2 {
  const found = lookUp(id, input, translates, call, state);
  if (found === null) return -2;
  return found === undefined ? -1 : store(call, found, target, state);
}

function known(id: number, input: string, state: Dialplan): { output: string; attributes: string } {
  if (state.plans.has(id) && input === "") throw new RpcFault(500, "Empty input parameter");
  const found = lookUp(id, input, true, undefined, state);
  if (found === null) throw new RpcFault(500, "Dialplan ID not matched");
  if (found === undefined) throw new RpcFault(500, "No translation");
  return found;
}

const id = int("Id of the dialplan.");
const input = str("The text.");

export const dialplan = module({
  name: "dialplan",
  doc: "Translates texts, as a rule numbers, by the rules of a table.",
  params: {
    db_url: text("The database.", { fallback: DEFAULT_URL }),
    table_name: text("The table.", { fallback: "dialplan" }),
    dpid_col: text("Column with the id of the dialplan.", { fallback: "dpid" }),
    pr_col: text("Column with the priority: the lowest number is looked at first.", { fallback: "pr" }),
    match_op_col: text("Column with the operator: 0 equal, 1 regular expression, 2 shell pattern.", {
      fallback: "match_op",
    }),
    match_exp_col: text("Column with what texts have to fit.", { fallback: "match_exp" }),
    match_len_col: text("Column with the length of the texts; 0 for any.", { fallback: "match_len" }),
    subst_exp_col: text("Column with the expression whose groups the replacement names.", { fallback: "subst_exp" }),
    repl_exp_col: text("Column with the replacement.", { fallback: "repl_exp" }),
    attrs_col: text("Column with the attributes.", { fallback: "attrs" }),
    attrs_pvar: text("An `$avp`, `$xavp` or `$var` for the attributes of the rule.", { fallback: "" }),
    fetch_rows: int("Rows that are fetched at once in Kamailio; here all are.", { fallback: 1000 }),
    match_dynamic: int("1: regular expressions may have variables.", { fallback: 0 }),
    append_branch: int("0: in a failure_route, a new Request-URI becomes no branch.", { fallback: 1 }),
    reload_delta: int("Seconds that have to pass between two reloads by command.", { fallback: 5 }),
  },
  start(params, core) {
    const tables = Tables.open(core, "dialplan", params.db_url);
    if (typeof tables === "string") return tables;
    const attributes = params.attrs_pvar === "" ? undefined : core.variables.variable(params.attrs_pvar);
    if (typeof attributes === "string") return attributes;
    if (attributes && !KEPT.test(params.attrs_pvar)) return "attrs_pvar is an $avp, $xavp or $var";
    if (params.table_name === "") return "table_name is empty";
    const delta = Number(params.reload_delta);
    return {
      core,
      tables,
      table: params.table_name,
      columns: COLUMNS.map((it) => params[`${it}_col`]),
      attributes,
      dynamic: Number(params.match_dynamic) === 1,
      appends: Number(params.append_branch) !== 0,
      reloadDelta: delta < 0 ? 5 : delta,
      reloadedAt: 0,
      parsed: new Map(),
      plans: new Map(),
    };
  },
  async open(state) {
    const { tables, table } = state;
    const problem =
      (await tables.problem()) ?? (await tables.problemWithVersion(table, VERSION)) ?? (await load(state));
    if (problem) throw new Error(`dialplan: ${problem}`);
  },
  stop: ({ tables }) => tables.close(),
  functions: {
    dp_translate: fn({
      doc: "Translates what a variable holds; without variables the user of the Request-URI.",
      in: "any",
      args: {
        id: text("Id of the dialplan: a number, or an $avp, $xavp or $var with one.", {
          check: (it) => (/^[-+]?\d+$/.test(it) || KEPT.test(it) ? undefined : `\`${it}\` is no id of a dialplan`),
        }),
        variables: text("`$input` or `$input/$output`.", { fallback: "$rU/$rU" }),
      },
      returns: RESULTS,
      check(literals, state) {
        const variables = literals[1] === undefined ? undefined : variablesOf(literals[1], state);
        return typeof variables === "string" ? variables : undefined;
      },
      run(call, args, state) {
        let dialplan = Number(args.id);
        if (args.id.startsWith("$")) {
          const bound = state.core.variables.variable(args.id);
          const value = typeof bound === "string" ? undefined : bound.get(call);
          if (typeof value !== "number") return -1;
          dialplan = value;
        }
        if (!state.plans.has(dialplan)) return -2;
        const variables = variablesOf(args.variables, state);
        if (typeof variables === "string") return -1;
        const value = variables.input.get(call);
        if (value === null || value === undefined) return -1;
        return apply(call, dialplan, toText(value), variables.output, true, state);
      },
    }),
    dp_match: fn({
      doc: "Whether a rule fits; its attributes are stored, but nothing is translated.",
      in: "any",
      args: { id, input },
      returns: RESULTS,
      run: (call, args, state) => apply(call, Number(args.id), args.input, undefined, false, state),
    }),
    dp_replace: fn({
      doc: "Translates a text.",
      in: "any",
      args: { id, input, output: variable("Where the result goes.") },
      returns: RESULTS,
      run: (call, args, state) => apply(call, Number(args.id), args.input, args.output, true, state),
    }),
    dp_reload: fn({
      doc: "Reads the rules anew.",
      in: "any",
      args: {},
      returns: { 1: "done", [-1]: "they cannot be read: those that are there stay" },
      waits: true,
      run: async (_call, _args, state) => ((await load(state)) === undefined ? 1 : -1),
    }),
  },
  variables: {},
  commands: {
    "dialplan.reload": rpc({
      doc: "Reads the rules anew.",
      args: {},
      async run(_args, state) {
        const now = Math.floor(state.core.host.clock.wall() / 1000);
        if (state.reloadedAt !== 0 && state.reloadedAt > now - state.reloadDelta)
          throw new RpcFault(500, "ongoing reload");
        state.reloadedAt = now;
        if ((await state.tables.problem()) !== undefined) throw new RpcFault(500, "DB Connection Error");
        if ((await load(state)) !== undefined) throw new RpcFault(500, "Dialplan Reload Failed");
      },
    }),
    "dialplan.translate": rpc({
      doc: "Translates a text.",
      args: { id, input },
      run(args, state) {
        const { output, attributes } = known(Number(args.id), args.input, state);
        return { Output: output, Attributes: attributes };
      },
    }),
    "dialplan.dump": rpc({
      doc: "The rules of a dialplan.",
      args: { id },
      run(args, { plans }) {
        const plan = plans.get(Number(args.id));
        if (!plan) throw new RpcFault(500, "Dialplan ID not matched");
        const entries = plan.flatMap(([, rules]) =>
          rules.map(
            (it) =>
              new RpcStruct([
                [
                  "ENTRY",
                  new RpcStruct([
                    ["PRIO", it.priority],
                    ["MATCHOP", it.operator],
                    ["MATCHEXP", it.match || null],
                    ["MATCHLEN", it.length],
                    ["SUBSTEXP", it.subst?.source ?? null],
                    ["REPLEXP", it.replacement || null],
                    ["ATTRS", it.attributes || null],
                  ]),
                ],
              ]),
          ),
        );
        return new RpcStruct([
          ["DPID", Number(args.id)],
          ["ENTRIES", new RpcArray(entries)],
        ]);
      },
    }),
  },
  events: {},
  statistics: tableStatistics("dialplan"),
});
