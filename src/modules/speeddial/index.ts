/** speeddial: short numbers of users in a table. Follows Kamailio's src/modules/speeddial. */
import type { Call } from "../../declare/call.ts";
import { type Core, LogLevel } from "../../declare/core.ts";
import { declare, int, str, text } from "../../declare/module.ts";
import { parseUri } from "../../sip/uri.ts";
import { type Condition, DEFAULT_READ_URL, Tables, tableStatistics, textOf } from "../db/tables.ts";

interface Speeddial {
  readonly core: Core;
  readonly tables: Tables;
  readonly columns: {
    readonly user: string;
    readonly domain: string;
    readonly dialledUser: string;
    readonly dialledDomain: string;
    readonly uri: string;
  };
  /** 0: domains do not count; 1: the owner's does; 2: that of the Request-URI, too. */
  readonly useDomain: number;
  /** What is left out at the beginning of a domain. */
  readonly prefix: string;
}
const { fn, module } = declare<Speeddial>();

async function lookup(call: Call, table: string, owner: string, state: Speeddial): Promise<1 | -1> {
  const { msg } = call;
  if (table === "") return complain(state, "there is no table");
  const who = owner === "" ? msg.from?.parsed : parseUri(owner);
  if (!who) return complain(state, owner === "" ? "From is malformed" : `not a URI: ${owner}`);
  const dialled = msg.parsedUri;
  if (dialled === null) return complain(state, "the Request-URI is malformed");
  const { columns, useDomain, prefix } = state;
  const hostOf = (host: string): string => {
    const strips = prefix.length < host.length && host.slice(0, prefix.length).toLowerCase() === prefix;
    return strips ? host.slice(prefix.length) : host;
  };
  const where: Condition[] = [[columns.user, who.user]];
  if (useDomain >= 1) where.push([columns.domain, hostOf(who.host)]);
  where.push([columns.dialledUser, dialled.user]);
  if (useDomain >= 2) where.push([columns.dialledDomain, hostOf(dialled.host)]);
  const rows = await state.tables.query(table, where, [columns.uri]);
  const found = rows?.[0]?.[0];
  if (found === undefined || found === null) return -1;
  const uri = textOf(found);
  msg.newUri = uri.startsWith("sip:") ? uri : `sip:${uri}`;
  return 1;
}

function complain({ core }: Speeddial, problem: string): -1 {
  core.log.write(LogLevel.err, `speeddial: ${problem}\n`);
  return -1;
}

export const speeddial = module({
  name: "speeddial",
  doc: "Short numbers of users in a table.",
  params: {
    db_url: text("The database.", { fallback: DEFAULT_READ_URL }),
    user_column: text("Column with the user who owns the short number.", { fallback: "username" }),
    domain_column: text("Column with the owner's domain.", { fallback: "domain" }),
    sd_user_column: text("Column with the short number.", { fallback: "sd_username" }),
    sd_domain_column: text("Column with the domain of the short number.", { fallback: "sd_domain" }),
    new_uri_column: text("Column with the URI that it stands for.", { fallback: "new_uri" }),
    use_domain: int("0: domains do not count; 1: the owner's does; 2: that of the Request-URI, too.", { fallback: 0 }),
    domain_prefix: text("What is left out at the beginning of a domain.", { fallback: "" }),
  },
  start(params, core) {
    const tables = Tables.open(core, "speeddial", params.db_url);
    if (typeof tables === "string") return tables;
    return {
      core,
      tables,
      columns: {
        user: params.user_column,
        domain: params.domain_column,
        dialledUser: params.sd_user_column,
        dialledDomain: params.sd_domain_column,
        uri: params.new_uri_column,
      },
      useDomain: Number(params.use_domain),
      prefix: params.domain_prefix.toLowerCase(),
    };
  },
  async open({ tables }) {
    const problem = await tables.problem();
    if (problem) throw new Error(`speeddial: ${problem}`);
  },
  stop: ({ tables }) => tables.close(),
  functions: {
    sd_lookup: fn({
      doc: "Replaces the Request-URI by what it is a short number for.",
      in: ["request"],
      args: {
        table: str("Table of the short numbers."),
        owner: str("SIP URI of the owner, in place of From.", { fallback: "" }),
      },
      returns: { 1: "done", [-1]: "it is no short number, or the database does not answer" },
      waits: true,
      run: (call, { table, owner }, state) => lookup(call, table, owner, state),
    }),
  },
  variables: {},
  commands: {},
  events: {},
  statistics: tableStatistics("speeddial"),
});
