/** auth_db: digest authentication against a table of subscribers. Follows Kamailio's src/modules/auth_db. */
import type { Call } from "../../declare/call.ts";
import { declare, type Fn, int, str, text } from "../../declare/module.ts";
import { parseUri } from "../../sip/uri.ts";
import { checkUser, Result } from "../auth/check.ts";
import type { Auth, Side } from "../auth/state.ts";
import { DEFAULT_READ_URL, Tables, tableStatistics } from "../db/tables.ts";
import { credentialsOf, load } from "./credentials.ts";
import { type AuthDb, authenticate, complain, UNKNOWN_USER } from "./state.ts";

const { fn, module } = declare<AuthDb>();

/** Version of the table in Kamailio's database. */
const TABLE_VERSION = 7;
/** Bits of auth_check()'s flags. */
const Check = { user: 1, notForwarded: 2 } as const;
/** Bits of is_subscriber()'s flags. */
const Subscriber = { useDomain: 1, skipCredentials: 2 } as const;
/** Requests in which the credentials may be another user's under flag 2 of auth_check(). */
const FORWARDED = new Set(["INVITE", "BYE", "PRACK", "UPDATE", "MESSAGE"]);

const RESULTS = {
  [Result.ok]: "the credentials are right, or the request needs none",
  [Result.error]: "an error, such as a database that does not answer",
  [Result.invalidPassword]: "the password is wrong",
  [UNKNOWN_USER]: "there is no such subscriber",
  [Result.staleNonce]: "the nonce has expired",
  [Result.noCredentials]: "there are none for the realm",
  [Result.nonceReused]: "a one-time nonce was used before",
} as const;

const notEmpty = (it: string): string | undefined => (it === "" ? "it must not be empty" : undefined);
const realm = str("Realm of the credentials.", { check: notEmpty });
const table = text("Table of the subscribers.", { check: notEmpty });
const method = str("The method to check with, in place of the request's.", { check: notEmpty });

/** The version of a table that a check names is looked at when the script is taken up. */
const keepTable = (literals: readonly (string | undefined)[], state: AuthDb): undefined => {
  if (literals[1]) state.checked.add(literals[1]);
  return undefined;
};

const checker = (doc: string, side: Side, overloads: readonly Fn<AuthDb>[] = []): Fn<AuthDb> =>
  fn({
    doc,
    in: ["request"],
    args: { realm, table },
    returns: RESULTS,
    waits: true,
    check: keepTable,
    overloads,
    run: (call, args, state) => code(call, { ...args, side, method: call.msg.method }, state),
  });

const code = async (
  call: Call,
  asked: { readonly realm: string; readonly table: string; readonly method: string; readonly side: Side },
  state: AuthDb,
): Promise<keyof typeof RESULTS> => {
  if (asked.realm === "" || asked.method === "") return complain(state, "an argument is empty");
  return (await authenticate(call, asked, state)).code as keyof typeof RESULTS;
};

const byWww = "Checks the credentials of Authorization.";
const byProxy = "Checks the credentials of Proxy-Authorization.";

export const authDb = module({
  name: "auth_db",
  doc: "Digest authentication against a table of subscribers.",
  params: {
    db_url: text("The database.", { fallback: DEFAULT_READ_URL }),
    user_column: text("Column with the user.", { fallback: "username" }),
    domain_column: text("Column with the domain.", { fallback: "domain" }),
    password_column: text("Column with the HA1, or with calculate_ha1 the password.", { fallback: "ha1" }),
    password_column_2: text("Column with the HA1 of users that answer with their domain.", { fallback: "ha1b" }),
    calculate_ha1: int("1: the table has passwords, not HA1s.", { fallback: 0 }),
    use_domain: int("1: subscribers are found by user and domain.", { fallback: 0 }),
    load_credentials: text("Further columns to read, with `;` between them: `column`, or `variable=column`.", {
      fallback: "",
    }),
    version_table: int("0: the version of the tables is not checked.", { fallback: 1 }),
    force_generate_avps: int("1: the further columns are read for users with a wrong password, too.", { fallback: 0 }),
  },
  needs: ["auth"],
  start(params, core) {
    const auth = core.state<Auth>("auth");
    if (!auth) return "the module auth must be loaded before auth_db";
    const tables = Tables.open(core, "auth_db", params.db_url);
    if (typeof tables === "string") return tables;
    const credentials = credentialsOf(params.load_credentials, core.variables);
    if (typeof credentials === "string") return `load_credentials: ${credentials}`;
    return {
      core,
      auth,
      tables,
      credentials,
      checked: new Set(),
      userColumn: params.user_column,
      domainColumn: params.domain_column,
      passwordColumn: params.password_column,
      passwordColumn2: params.password_column_2,
      calculates: Number(params.calculate_ha1) !== 0,
      useDomain: Number(params.use_domain) !== 0,
      checksVersion: Number(params.version_table) !== 0,
      loadsAlways: Number(params.force_generate_avps) !== 0,
    };
  },
  async open({ tables, checked, checksVersion }) {
    const problem = await tables.problem();
    if (problem) throw new Error(`auth_db: ${problem}`);
    for (const name of checksVersion ? checked : []) {
      const wrong = await tables.problemWithVersion(name, TABLE_VERSION);
      if (wrong) throw new Error(`auth_db: ${wrong}`);
    }
  },
  stop: ({ tables }) => tables.close(),
  functions: {
    www_authenticate: checker(byWww, "www", [
      fn({
        doc: "Checks them for another method.",
        in: ["request"],
        args: { realm, table, method },
        returns: RESULTS,
        waits: true,
        check: keepTable,
        run: (call, args, state) => code(call, { ...args, side: "www" }, state),
      }),
    ]),
    www_authorize: checker(byWww, "www"),
    proxy_authenticate: checker(byProxy, "proxy"),
    proxy_authorize: checker(byProxy, "proxy"),
    auth_check: fn({
      doc: "Checks the credentials of Authorization in a REGISTER, else of Proxy-Authorization, and whose they are.",
      in: ["request"],
      args: {
        realm,
        table: str("Table of the subscribers.", { check: notEmpty }),
        flags: int(
          "1: the user has to be that of From, or of To in REGISTER and PUBLISH. 2: with 1, not in INVITE, BYE, PRACK, UPDATE and MESSAGE.",
        ),
      },
      returns: { ...RESULTS, [Result.userMismatch]: "the credentials are another user's" },
      waits: true,
      async run(call, { realm, table, flags }, state) {
        const { msg } = call;
        const { method } = msg;
        if (method === "ACK" || method === "CANCEL") return Result.ok;
        if (realm === "" || table === "") return complain(state, "an argument is empty");
        const side = method === "REGISTER" ? "www" : "proxy";
        const { code, credentials } = await authenticate(call, { realm, table, method, side }, state);
        const bits = Number(flags);
        if (code !== Result.ok || !credentials || (bits & Check.user) === 0) return code as keyof typeof RESULTS;
        const skipsUser = (bits & Check.notForwarded) !== 0 && FORWARDED.has(method);
        return checkUser(msg, credentials, state.useDomain, skipsUser);
      },
    }),
    is_subscriber: fn({
      doc: "Whether a URI is that of a subscriber; reads the columns of load_credentials.",
      in: "any",
      args: {
        uri: str("The URI.", { check: notEmpty }),
        table: str("Table of the subscribers.", { check: notEmpty }),
        flags: int("1: the domain counts, too. 2: nothing is read of the subscriber; needed without load_credentials."),
      },
      returns: {
        1: "yes",
        [-1]: "an error, such as a database that does not answer",
        [-2]: "no",
        [-3]: "a variable could not be set",
      },
      waits: true,
      async run(call, { uri, table, flags }, state) {
        const parsed = parseUri(uri);
        if (parsed === null || table === "") return complain(state, "there is no URI, or no table");
        const { tables, userColumn, domainColumn } = state;
        const bits = Number(flags);
        const skips = (bits & Subscriber.skipCredentials) !== 0;
        // Kamailio asks for no column at all then, which databases refuse.
        if (!skips && state.credentials.length === 0) return complain(state, "load_credentials names no column");
        const wanted = skips ? [] : state.credentials;
        const useDomain = (bits & Subscriber.useDomain) !== 0 && parsed.host !== "";
        const rows = await tables.query(
          table,
          [[userColumn, parsed.user], ...(useDomain ? ([[domainColumn, parsed.host]] as const) : [])],
          skips ? [userColumn] : wanted.map((it) => it.column),
        );
        if (!rows) return -1;
        if (!rows[0]) return -2;
        return load(call, wanted, rows[0]) ? 1 : -3;
      },
    }),
  },
  variables: {},
  commands: {},
  events: {},
  statistics: tableStatistics("auth_db"),
});
