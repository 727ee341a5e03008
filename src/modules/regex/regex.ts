/** regex: Perl-compatible regular expressions. Follows Kamailio's src/modules/regex. */
import type { Call } from "../../declare/call.ts";
import { type Core, LogLevel } from "../../declare/core.ts";
import { declare, int, type RouteKind, RpcFault, str, text } from "../../declare/module.ts";
import { type Compiled, compile } from "./match.ts";
import { parsePattern } from "./parse.ts";
import type { Options } from "./tree.ts";

interface Regexes {
  readonly core: Core;
  readonly file: string;
  readonly options: Options;
  readonly mostGroups: number;
  readonly longestGroup: number;
  groups: readonly Compiled[];
  /** Expressions of pcre_match by their text; a string is what is wrong with it. */
  readonly compiled: Map<string, Compiled | string>;
}
const { fn, rpc, module } = declare<Regexes>();
const routes: readonly RouteKind[] = ["request", "failure", "onreply", "branch", "local"];

/** Expressions kept compiled; the oldest goes first. */
const KEPT = 500;

function compiled(source: string, state: Regexes): Compiled | string {
  let found = state.compiled.get(source);
  if (found === undefined) {
    if (state.compiled.size >= KEPT) state.compiled.delete(state.compiled.keys().next().value!);
    const pattern = parsePattern(source, state.options);
    found = typeof pattern === "string" ? pattern : compile(pattern);
    state.compiled.set(source, found);
  }
  return found;
}

/** The groups of a file: `[n]` begins one, each other line is an alternative of it. A string is the problem. */
function parseGroups(content: string, mostGroups: number, longestGroup: number): string[] | string {
  const groups: string[][] = [];
  for (const line of content.split("\n")) {
    if (line === "" || /^[\s#]/.test(line)) continue;
    if (line.startsWith("[")) {
      if (groups.length >= mostGroups) return `there are more than ${mostGroups} groups`;
      groups.push([]);
      continue;
    }
    const group = groups.at(-1);
    if (!group) return "the first group must begin with [0] before any expression";
    group.push(line);
    if (group.reduce((sum, it) => sum + it.length + 3, 0) >= longestGroup - 4)
      return `group ${groups.length - 1} is longer than ${longestGroup} characters`;
  }
  if (groups.length === 0) return "the file has no expressions";
  return groups.map((group) => (group.length === 0 ? "^$" : `(${group.map((it) => `(${it})`).join("|")})`));
}

function loadGroups(state: Omit<Regexes, "groups">): readonly Compiled[] | string {
  const content = state.core.host.files.read(state.file);
  if (content === null) return `the file ${state.file} cannot be read`;
  const sources = parseGroups(content, state.mostGroups, state.longestGroup);
  if (typeof sources === "string") return `${state.file}: ${sources}`;
  const groups: Compiled[] = [];
  for (const source of sources) {
    const pattern = parsePattern(source, state.options);
    if (typeof pattern === "string") return `${state.file}: ${pattern}`;
    groups.push(compile(pattern));
  }
  return groups;
}

function test({ core }: Call, pattern: Compiled, subject: string): 1 | -1 {
  const matched = pattern.test(subject);
  if (matched === undefined) core.log.write(LogLevel.err, "regex: matching takes too many steps\n");
  return matched ? 1 : -1;
}

export const regex = module({
  name: "regex",
  doc: "Perl-compatible regular expressions.",

  params: {
    file: text("File with groups of expressions for pcre_match_group.", { fallback: "" }),
    max_groups: int("Most groups in the file.", { fallback: 20 }),
    group_max_size: int("Longest group, in characters.", { fallback: 8192 }),
    pcre_caseless: int("1: case does not count. This and the next ones have an effect only when `file` is set.", {
      fallback: 0,
    }),
    pcre_multiline: int("1: `^` and `$` match at every line.", { fallback: 0 }),
    pcre_dotall: int("1: `.` matches a line end too.", { fallback: 0 }),
    pcre_extended: int("1: white space and `#` comments in an expression do not count.", { fallback: 0 }),
  },

  start(params, core) {
    const { file } = params;
    const on = (value: number | bigint): boolean => file !== "" && Number(value) !== 0;
    const state: Regexes = {
      core,
      file,
      options: {
        ignoreCase: on(params.pcre_caseless),
        multiline: on(params.pcre_multiline),
        dotAll: on(params.pcre_dotall),
        extended: on(params.pcre_extended),
      },
      mostGroups: Number(params.max_groups),
      longestGroup: Number(params.group_max_size),
      groups: [],
      compiled: new Map(),
    };
    if (file === "") return state;
    const groups = loadGroups(state);
    if (typeof groups === "string") return groups;
    state.groups = groups;
    return state;
  },

  functions: {
    pcre_match: fn({
      doc: "Tells whether a text matches an expression.",
      in: routes,
      args: { subject: str("The text."), expression: str("The expression; write `$$` for `$`.") },
      returns: {
        1: "it matches",
        [-1]: "it does not, or matching was given up because it takes too many steps",
        [-4]: "the expression is not valid",
      },
      run(call, { subject, expression }, state) {
        const pattern = compiled(expression, state);
        if (typeof pattern !== "string") return test(call, pattern, subject);
        call.core.log.write(LogLevel.err, `regex: ${pattern}\n`);
        return -4;
      },
    }),
    pcre_match_group: fn({
      doc: "Tells whether a text matches an expression of a group in `file`.",
      in: routes,
      args: { subject: str("The text."), group: str("Number of the group.", { fallback: "0" }) },
      returns: {
        1: "it matches",
        [-1]: "it does not, or matching was given up because it takes too many steps",
        [-2]: "the parameter `file` is not set",
        [-4]: "there is no such group",
      },
      run(call, { subject, group }, state) {
        if (state.file === "") return -2;
        const pattern = state.groups[/^\d+$/.test(group) ? Number(group) : 0];
        return pattern ? test(call, pattern, subject) : -4;
      },
    }),
  },
  variables: {},
  commands: {
    "regex.reload": rpc({
      doc: "Reads the file with groups again; on a mistake in it the old groups stay.",
      args: {},
      run(_args, state) {
        if (state.file === "") throw new RpcFault(500, "Group matching not enabled");
        const groups = loadGroups(state);
        if (typeof groups === "string") throw new RpcFault(500, `Failed to reload: ${groups}`);
        state.groups = groups;
      },
    }),
  },
  events: {},
});
