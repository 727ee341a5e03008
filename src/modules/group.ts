/** group: whether a user belongs to a group that a table lists, or that expressions on its URI make. Follows Kamailio's src/modules/group. */
import type { Call } from "../declare/call.ts";
import { type Core, LogLevel } from "../declare/core.ts";
import { declare, int, type Regex, text, variable } from "../declare/module.ts";
import { toText } from "../declare/variables-values.ts";
import { parseUri } from "../sip/uri.ts";
import { type Condition, DEFAULT_READ_URL, Tables, tableStatistics } from "./db/tables.ts";

interface Group {
  readonly core: Core;
  readonly tables: Tables;
  readonly table: string;
  readonly columns: { readonly user: string; readonly domain: string; readonly group: string };
  readonly useDomain: boolean;
  /** Undefined: there are no groups by expressions. */
  readonly expressions: { readonly table: string; readonly expression: string; readonly group: string } | undefined;
  /** The last row of the table first. */
  readonly rules: { readonly expression: Regex; readonly group: number }[];
  /** Every group that fits is given, not the first alone. */
  readonly all: boolean;
}
const { fn, module } = declare<Group>();

const VERSION = 2;
const EXPRESSIONS_VERSION = 1;
const ROUTES = ["request", "failure", "branch", "local"] as const;

interface User {
  readonly user: string;
  readonly domain: string;
}

/** Undefined, and a log line, when there is no such user. */
function userOf({ msg, core }: Call, source: string, variableOf: () => unknown): User | undefined {
  const complain = (problem: string): undefined => {
    core.log.write(LogLevel.err, `group: ${problem}\n`);
  };
  if (source === "credentials") {
    const found = msg.authorized;
    return found?.user === undefined
      ? complain("there are no credentials that were checked")
      : { user: found.user, domain: found.domain || (found.realm ?? "") };
  }
  let uri = source === "to" ? msg.to?.parsed : source === "from" ? msg.from?.parsed : msg.parsedUri;
  if (source.startsWith("$")) {
    const value = variableOf();
    if (typeof value !== "string" || value === "") return complain(`${source} has no value`);
    uri = parseUri(value);
  }
  return uri ? { user: uri.user, domain: uri.host } : complain(`there is no URI in ${source}`);
}

function findUser(call: Call, source: string): User | undefined {
  const known = source.startsWith("$") ? source : source.toLowerCase();
  return userOf(call, known, () => {
    const bound = call.core.variables.variable(source);
    const value = typeof bound === "string" ? undefined : bound.get(call);
    return value === undefined || value === null ? undefined : toText(value);
  });
}

const NAMES = ["request-uri", "to", "from", "credentials"];
const source = text("Whose: Request-URI, To, From, Credentials or an AVP with a URI.", {
  check: (it) =>
    NAMES.includes(it.toLowerCase()) || it.startsWith("$avp(") ? undefined : `\`${it}\` is no place of a user`,
});

export const group = module({
  name: "group",
  doc: "Groups of users: in a table, or by expressions on their URIs.",
  params: {
    db_url: text("The database.", { fallback: DEFAULT_READ_URL }),
    table: text("Table of users and their groups.", { fallback: "grp" }),
    user_column: text("Its column with the user.", { fallback: "username" }),
    domain_column: text("Its column with the domain.", { fallback: "domain" }),
    group_column: text("Its column with the group.", { fallback: "grp" }),
    use_domain: int("1: the domain counts, too.", { fallback: 0 }),
    re_table: text("Table of expressions and their groups; empty: there is none.", { fallback: "" }),
    re_exp_column: text("Its column with the expression.", { fallback: "reg_exp" }),
    re_gid_column: text("Its column with the group's number.", { fallback: "group_id" }),
    multiple_gid: int("0: only the first group that fits is given.", { fallback: 1 }),
  },
  start(params, core) {
    const tables = Tables.open(core, "group", params.db_url);
    if (typeof tables === "string") return tables;
    return {
      core,
      tables,
      table: params.table,
      columns: { user: params.user_column, domain: params.domain_column, group: params.group_column },
      useDomain: Number(params.use_domain) !== 0,
      expressions:
        params.re_table === ""
          ? undefined
          : { table: params.re_table, expression: params.re_exp_column, group: params.re_gid_column },
      rules: [],
      all: Number(params.multiple_gid) !== 0,
    };
  },
  async open({ core, tables, table, expressions, rules }) {
    const problem =
      (await tables.problem()) ??
      (await tables.problemWithVersion(table, VERSION)) ??
      (expressions && (await tables.problemWithVersion(expressions.table, EXPRESSIONS_VERSION)));
    if (problem) throw new Error(`group: ${problem}`);
    if (!expressions) return;
    const rows = await tables.query(expressions.table, [], [expressions.expression, expressions.group]);
    if (!rows) throw new Error(`group: the table ${expressions.table} cannot be read`);
    for (const [source, id] of rows) {
      const expression = typeof source === "string" ? core.regex(source, { icase: true, newline: true }) : null;
      if (!expression || id === null || id === undefined)
        throw new Error(`group: ${expressions.table} has a row with \`${source}\` for \`${id}\``);
      rules.unshift({ expression, group: Number(id) });
    }
  },
  stop: ({ tables }) => tables.close(),
  functions: {
    is_user_in: fn({
      doc: "Whether the table has the user in the group.",
      in: ROUTES,
      args: { source, group: text("The group.") },
      returns: {
        1: "yes",
        [-1]: "there is no such user, or no group is named",
        [-5]: "the database does not answer",
        [-6]: "no",
      },
      waits: true,
      async run(call, args, { tables, table, columns, useDomain }) {
        const who = findUser(call, args.source);
        if (!who || who.user === "" || args.group === "") return -1;
        const where: Condition[] = [
          [columns.user, who.user],
          [columns.group, args.group],
        ];
        if (useDomain) where.push([columns.domain, who.domain]);
        const rows = await tables.query(table, where, [columns.group]);
        return rows === undefined ? -5 : rows.length > 0 ? 1 : -6;
      },
    }),
    get_user_group: fn({
      doc: "Puts the numbers of the groups whose expressions fit `sip:user@domain` into an AVP.",
      in: ROUTES,
      args: { source, avp: variable("The AVP.", { writable: true }) },
      returns: { 1: "how many fit", [-1]: "none does, or there is no such user" },
      check: ([, avp]) => (avp === undefined || avp.startsWith("$avp(") ? undefined : `\`${avp}\` is no AVP`),
      run(call, args, { rules, all }) {
        const who = findUser(call, args.source);
        if (!who || who.user === "") return -1;
        const uri = `sip:${who.user}@${who.domain}`;
        const fitting = rules.filter((it) => it.expression.test(uri));
        const found = all ? fitting : fitting.slice(0, 1);
        for (const it of found) if (args.avp.set?.(call, it.group) === false) return -1;
        return (found.length || -1) as 1 | -1;
      },
    }),
  },
  variables: {},
  commands: {},
  events: {},
  statistics: tableStatistics("group"),
});
