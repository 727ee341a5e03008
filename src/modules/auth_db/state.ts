/** What module auth_db keeps for a generation, and the check itself. */
import type { Call } from "../../declare/call.ts";
import { type Core, LogLevel } from "../../declare/core.ts";
import { type DigestCredentials, digestHa1 } from "../../sip/auth.ts";
import { beginCheck, checkResponse, ha1Length, hashOf, Result, type ResultCode } from "../auth/check.ts";
import { type Auth, type Side, withoutPrefix } from "../auth/state.ts";
import { type Tables, textOf } from "../db/tables.ts";
import { type Credential, load } from "./credentials.ts";

export interface AuthDb {
  readonly core: Core;
  readonly auth: Auth;
  readonly tables: Tables;
  readonly credentials: readonly Credential[];
  /** Tables whose version is looked at. */
  readonly checked: Set<string>;
  readonly userColumn: string;
  readonly domainColumn: string;
  readonly passwordColumn: string;
  /** For users that answer with their domain. */
  readonly passwordColumn2: string;
  /** The columns have passwords. */
  readonly calculates: boolean;
  readonly useDomain: boolean;
  readonly checksVersion: boolean;
  /** Further columns are read for users with a wrong password, too. */
  readonly loadsAlways: boolean;
}

export const UNKNOWN_USER = -3;

export function complain({ core }: AuthDb, problem: string): -1 {
  core.log.write(LogLevel.err, `auth_db: ${problem}\n`);
  return -1;
}

export interface Asked {
  readonly realm: string;
  readonly table: string;
  readonly method: string;
  readonly side: Side;
}

/** The code, and the credentials when some were looked at. */
export async function authenticate(
  call: Call,
  { realm, table, method, side }: Asked,
  state: AuthDb,
): Promise<{ readonly code: ResultCode | typeof UNKNOWN_USER; readonly credentials?: DigestCredentials }> {
  const { auth, credentials: wanted } = state;
  const { msg } = call;
  const { code: before, found } = beginCheck(msg, realm, side, auth);
  if (before !== undefined || !found) return { code: before ?? Result.error };
  const { credentials } = found;
  const host = withoutPrefix(realm, auth);
  const { user = "", domain } = credentials;
  const column = domain !== "" && !state.calculates ? state.passwordColumn2 : state.passwordColumn;
  const rows = await state.tables.query(
    table,
    [[state.userColumn, user], ...(state.useDomain ? ([[state.domainColumn, domain || host]] as const) : [])],
    [column, ...wanted.map((it) => it.column)],
  );
  if (!rows) return { code: Result.error };
  const [row] = rows;
  if (!row) return { code: UNKNOWN_USER };
  if (row[0] === null) return { code: complain(state, `${user} has no value in ${column}`) };
  const secret = textOf(row[0]);
  const ha1 = state.calculates ? digestHa1(hashOf(auth), credentials.username!, host, secret) : secret;
  if (ha1.length !== ha1Length(auth)) return { code: complain(state, `what ${user} has in ${column} is no HA1`) };
  if (state.loadsAlways) load(call, wanted, row.slice(1));
  const code = checkResponse(msg, credentials, ha1, method, auth);
  if (code === Result.ok && !state.loadsAlways) load(call, wanted, row.slice(1));
  return { code, credentials };
}
