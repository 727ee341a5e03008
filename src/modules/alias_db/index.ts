/** alias_db: aliases of users in a table. Follows Kamailio's src/modules/alias_db. */

import type { Call } from "../../declare/call.ts";
import { type Core, LogLevel } from "../../declare/core.ts";
import { declare, int, str, text, variable } from "../../declare/module.ts";
import { branchTo } from "../../sip/message.ts";
import { parseUri, type Uri } from "../../sip/uri.ts";
import { DEFAULT_READ_URL, Tables, tableStatistics, textOf } from "../db/tables.ts";

interface AliasDb {
  readonly core: Core;
  readonly tables: Tables;
  readonly user: string;
  readonly domain: string;
  readonly aliasUser: string;
  readonly aliasDomain: string;
  readonly useDomain: boolean;
  /** What is left out at the beginning of a domain. */
  readonly prefix: string;
  /** Every alias counts, not the first alone. */
  readonly all: boolean;
}
const { fn, module } = declare<AliasDb>();

/** `d` the domain does not count, `u` it does, `r` from user to alias. */
const checkFlags = (flags: string): string | undefined => {
  const wrong = /[^dur]/i.exec(flags);
  return wrong ? `there is no flag \`${wrong[0]}\`: there are d, r and u` : undefined;
};

function directionOf(
  flags: string,
  { useDomain }: AliasDb,
): { readonly useDomain: boolean; readonly reverse: boolean } {
  const last = /[du](?=[^du]*$)/i.exec(flags)?.[0]?.toLowerCase();
  return { useDomain: last === undefined ? useDomain : last === "u", reverse: /r/i.test(flags) };
}

/** What the URI is an alias of, or with `r` its aliases; nothing when the database does not answer. */
async function find(table: string, uri: Uri, flags: string, state: AliasDb): Promise<readonly string[]> {
  const { useDomain, reverse } = directionOf(flags, state);
  const users = [state.user, state.domain] as const;
  const aliases = [state.aliasUser, state.aliasDomain] as const;
  const [from, to] = reverse ? [users, aliases] : [aliases, users];
  const { prefix } = state;
  const strips = prefix.length < uri.host.length && uri.host.slice(0, prefix.length).toLowerCase() === prefix;
  const host = strips ? uri.host.slice(prefix.length) : uri.host;
  const rows = await state.tables.query(
    table,
    [[from[0], uri.user], ...(useDomain ? ([[from[1], host]] as const) : [])],
    to,
  );
  if (!rows?.[0] || rows[0][0] === null) return [];
  return rows.map(([user, domain]) => `sip:${textOf(user)}@${textOf(domain)}`);
}

async function lookup(call: Call, table: string, flags: string, state: AliasDb): Promise<1 | -1> {
  const { msg } = call;
  const uri = msg.parsedUri;
  if (uri === null) return complain(state, "the Request-URI is malformed");
  const [first, ...others] = await find(table, uri, flags, state);
  if (first === undefined) return -1;
  msg.newUri = first;
  if (!state.all) return 1;
  for (const it of others) {
    // One place is the Request-URI's.
    if (msg.branches.length >= call.core.config.int("max_branches") - 1) return complain(state, "too many branches");
    // The least q, so that the Request-URI is tried before it.
    msg.addBranch({ ...branchTo(it), q: 0 });
  }
  return 1;
}

function complain({ core }: AliasDb, problem: string): -1 {
  core.log.write(LogLevel.err, `alias_db: ${problem}\n`);
  return -1;
}

const table = str("Table of the aliases.");
const flagged = text("d: the domain does not count; u: it does; r: from user to alias.", {
  fallback: "",
  check: checkFlags,
});

export const aliasDb = module({
  name: "alias_db",
  doc: "Aliases of users in a table.",
  params: {
    db_url: text("The database.", { fallback: DEFAULT_READ_URL }),
    user_column: text("Column with the user.", { fallback: "username" }),
    domain_column: text("Column with the domain of the user.", { fallback: "domain" }),
    alias_user_column: text("Column with the user of the alias.", { fallback: "alias_username" }),
    alias_domain_column: text("Column with the domain of the alias.", { fallback: "alias_domain" }),
    use_domain: int("1: the domain of an alias counts, too.", { fallback: 0 }),
    domain_prefix: text("What is left out at the beginning of a domain.", { fallback: "" }),
    append_branches: int("1: an alias of several users leads to all of them.", { fallback: 0 }),
  },
  start(params, core) {
    const tables = Tables.open(core, "alias_db", params.db_url);
    if (typeof tables === "string") return tables;
    return {
      core,
      tables,
      user: params.user_column,
      domain: params.domain_column,
      aliasUser: params.alias_user_column,
      aliasDomain: params.alias_domain_column,
      useDomain: Number(params.use_domain) !== 0,
      prefix: params.domain_prefix.toLowerCase(),
      all: Number(params.append_branches) !== 0,
    };
  },
  async open({ tables }) {
    const problem = await tables.problem();
    if (problem) throw new Error(`alias_db: ${problem}`);
  },
  stop: ({ tables }) => tables.close(),
  functions: {
    alias_db_lookup: fn({
      doc: "Replaces the Request-URI by the user that it is an alias of.",
      in: ["request", "failure"],
      args: { table, flags: flagged },
      returns: { 1: "done", [-1]: "it is no alias, or the database does not answer" },
      waits: true,
      run: (call, { table, flags }, state) => lookup(call, table, flags, state),
    }),
    alias_db_find: fn({
      doc: "Stores the user that a URI is an alias of in a variable.",
      in: ["request", "failure", "onreply", "branch", "local"],
      args: {
        table,
        uri: variable("A variable with the URI."),
        target: variable("An `$avp` or `$var` for the user; with append_branches an AVP gets all of them.", {
          writable: true,
        }),
        flags: flagged,
      },
      returns: { 1: "done", [-1]: "it is no alias, or the database does not answer" },
      waits: true,
      check: ([, , target]) =>
        target === undefined || /^\$(avp|var)\(/.test(target) ? undefined : `\`${target}\` is neither $avp nor $var`,
      async run(call, { table, uri, target, flags }, state) {
        const value = uri.get(call);
        if (typeof value !== "string") return complain(state, "there is no URI");
        const parsed = parseUri(value);
        if (parsed === null) return complain(state, `not a URI: ${value}`);
        const found = await find(table, parsed, flags, state);
        for (const it of state.all ? found : found.slice(0, 1))
          if (target.set?.(call, it) === false) return complain(state, "the variable cannot be set");
        return found.length > 0 ? 1 : -1;
      },
    }),
  },
  variables: {},
  commands: {},
  events: {},
  statistics: tableStatistics("alias_db"),
});
