/** uri_db: whether a URI is that of the user who has authenticated, or of one in a table. Follows Kamailio's src/modules/uri_db. */

import type { Call } from "../declare/call.ts";
import { type Core, LogLevel } from "../declare/core.ts";
import { declare, int, str, text } from "../declare/module.ts";
import { parseUri, type Uri } from "../sip/uri.ts";
import { type Condition, DEFAULT_READ_URL, Tables, tableStatistics } from "./db/tables.ts";

interface UriDb {
  readonly core: Core;
  /** Undefined: there is no database. */
  readonly tables: Tables | undefined;
  readonly table: string;
  readonly columns: { readonly user: string; readonly domain: string; readonly uriUser: string };
  /** The table lists which users of URIs a user may have; else they must be the same. */
  readonly listed: boolean;
  readonly useDomain: boolean;
}
const { fn, module } = declare<UriDb>();

const URI_VERSION = 1;
const SUBSCRIBER_VERSION = 7;

const CHECKED = {
  1: "yes",
  [-1]: "there is no URI, or it is malformed",
  [-2]: "no credentials have been checked",
  [-4]: "the URI has no user",
  [-8]: "the database does not answer",
  [-9]: "the table does not have the user with that of the URI",
  [-10]: "the users differ",
} as const;
type Checked = keyof typeof CHECKED & number;

/** `given`: user and realm, in the place of those that have authenticated. */
async function check(
  { msg }: Call,
  uri: Uri | null | undefined,
  state: UriDb,
  given?: { readonly user: string; readonly realm: string },
): Promise<Checked> {
  if (!uri) return complain(state, "there is no URI");
  if (uri.user === "") return -4;
  const { authorized } = msg;
  if (!given && authorized?.user === undefined) {
    complain(state, "no credentials have been checked");
    return -2;
  }
  const user = given?.user ?? authorized?.user ?? "";
  const realm = given?.realm ?? (authorized?.domain || (authorized?.realm ?? ""));
  const { tables, table, columns, listed } = state;
  if (!listed || !tables) return user.toLowerCase() === uri.user.toLowerCase() ? 1 : -10;
  const where: Condition[] = [
    [columns.user, user],
    [columns.domain, realm],
    [columns.uriUser, uri.user],
  ];
  const rows = await tables.query(table, where, [columns.user]);
  return rows === undefined ? -8 : rows.length > 0 ? 1 : -9;
}

function complain({ core }: UriDb, problem: string): -1 {
  core.log.write(LogLevel.err, `uri_db: ${problem}\n`);
  return -1;
}

export const uriDb = module({
  name: "uri_db",
  doc: "Whether a URI is that of the user who has authenticated, or of one in a table.",
  params: {
    db_url: text("The database; empty: there is none.", { fallback: DEFAULT_READ_URL }),
    db_table: text("The table.", { fallback: "subscriber" }),
    user_column: text("Its column with the user.", { fallback: "username" }),
    domain_column: text("Its column with the domain.", { fallback: "domain" }),
    uriuser_column: text("Its column with the user of the URI.", { fallback: "uri_user" }),
    use_uri_table: int("1: the table lists which users of URIs a user may have.", { fallback: 0 }),
    use_domain: int("1: does_uri_exist() looks at the domain, too.", { fallback: 0 }),
  },
  start(params, core) {
    const listed = Number(params.use_uri_table) !== 0;
    if (params.db_url === "" && listed) return "use_uri_table needs db_url";
    const tables = params.db_url === "" ? undefined : Tables.open(core, "uri_db", params.db_url);
    if (typeof tables === "string") return tables;
    return {
      core,
      tables,
      table: params.db_table,
      columns: { user: params.user_column, domain: params.domain_column, uriUser: params.uriuser_column },
      listed,
      useDomain: Number(params.use_domain) !== 0,
    };
  },
  async open({ tables, table, listed }) {
    const problem =
      (await tables?.problem()) ?? (await tables?.problemWithVersion(table, listed ? URI_VERSION : SUBSCRIBER_VERSION));
    if (problem) throw new Error(`uri_db: ${problem}`);
  },
  stop: ({ tables }) => tables?.close(),
  functions: {
    check_to: fn({
      doc: "Whether To has the user who has authenticated.",
      in: ["request"],
      args: {},
      returns: CHECKED,
      waits: true,
      run: (call, _args, state) => check(call, call.msg.to?.parsed, state),
    }),
    check_from: fn({
      doc: "Whether From has the user who has authenticated.",
      in: ["request"],
      args: {},
      returns: CHECKED,
      waits: true,
      run: (call, _args, state) => check(call, call.msg.from?.parsed, state),
    }),
    check_uri: fn({
      doc: "Whether a URI has the user who has authenticated, or the one that is given.",
      in: ["request"],
      args: {
        uri: str("The URI."),
        user: str("The user.", { fallback: "" }),
        realm: str("The user's realm.", { fallback: "" }),
      },
      arities: [1, 3],
      returns: CHECKED,
      waits: true,
      run(call, { uri, user, realm }, state) {
        const given = user === "" || realm === "" ? undefined : { user, realm };
        return check(call, uri === "" ? null : parseUri(uri), state, given);
      },
    }),
    does_uri_exist: fn({
      doc: "Whether the table has the user of the Request-URI.",
      in: ["request", "local"],
      args: {},
      returns: {
        1: "yes",
        [-1]: "the Request-URI is malformed, or there is no db_url",
        [-4]: "the database does not answer",
        [-5]: "no",
      },
      waits: true,
      check: (_literals, { tables }) => (tables ? undefined : "does_uri_exist() needs db_url"),
      async run({ msg }, _args, { tables, table, columns, listed, useDomain }) {
        const uri = msg.parsedUri;
        if (!uri || !tables) return -1;
        const column = listed ? columns.uriUser : columns.user;
        const where: Condition[] = [[column, uri.user]];
        if (useDomain) where.push([columns.domain, uri.host]);
        const rows = await tables.query(table, where, [column]);
        return rows === undefined ? -4 : rows.length > 0 ? 1 : -5;
      },
    }),
  },
  variables: {},
  commands: {},
  events: {},
  statistics: tableStatistics("uri_db"),
});
