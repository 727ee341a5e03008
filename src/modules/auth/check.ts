/** Checking the credentials of a request against a password (RFC 7616). Follows Kamailio's pv_authenticate. */
import type { Call } from "../../declare/call.ts";
import { type DigestCredentials, digestHa1, digestResponse, isComplete, parseCredentials } from "../../sip/auth.ts";
import { HeaderType } from "../../sip/headers.ts";
import type { Header, SipMessage } from "../../sip/message.ts";
import type { Uri } from "../../sip/uri.ts";
import { challengeField, type Qop } from "./challenge.ts";
import { checkNonce, makeNonce } from "./nonce.ts";
import { ALGORITHMS, type Auth, type Side, withoutPrefix } from "./state.ts";

export const Result = {
  ok: 1,
  error: -1,
  invalidPassword: -2,
  staleNonce: -4,
  noCredentials: -5,
  nonceReused: -6,
  userMismatch: -8,
} as const;
export type ResultCode = (typeof Result)[keyof typeof Result];

/** Bits of the flags of the check functions. */
const Flag = { ha1: 1, challenge: 2, challengeAuth: 4, challengeAuthInt: 8, countLater: 32 } as const;
const ANY_CHALLENGE = Flag.challenge | Flag.challengeAuth | Flag.challengeAuthInt;

/** Methods that cannot be challenged. */
const isExempt = (method: string): boolean => method === "ACK" || method === "CANCEL" || method === "PRACK";

export interface Password {
  readonly realm: string;
  readonly password: string;
  readonly flags: number;
  readonly method: string;
}

/** Credentials with the field that they stand in. */
export interface Found {
  readonly header: Header;
  readonly credentials: DigestCredentials;
}

const typeOf = (side: Side): number => (side === "www" ? HeaderType.authorization : HeaderType.proxyAuthorization);

/** The credentials for a realm. Null: a field before them is malformed. */
export function findCredentials(msg: SipMessage, realm: string, side: Side): Found | undefined | null {
  for (const header of msg.headers) {
    if (header.type !== typeOf(side)) continue;
    const credentials = parseCredentials(msg.value(header));
    if (credentials === null) return null;
    if (credentials !== "other" && (credentials.realm ?? "").toLowerCase() === realm.toLowerCase())
      return { header, credentials };
  }
  return undefined;
}

/** The code, and the credentials that were looked at; a request that is exempt has none. */
export function authenticate(
  call: Call,
  side: Side,
  password: Password,
  state: Auth,
): { readonly code: ResultCode; readonly credentials?: DigestCredentials } {
  const { msg } = call;
  const later = (password.flags & Flag.countLater) !== 0;
  const { code: before, found } = beginCheck(msg, password.realm, side, state, later);
  const realm = withoutPrefix(password.realm, state);
  let code = before;
  if (code === undefined && found) {
    const ha1 = ha1Of(found.credentials, { ...password, realm }, state);
    code = ha1 === undefined ? Result.error : checkResponse(msg, found.credentials, ha1, password.method, state);
    if (code === Result.ok && later && state.nonces.counts && !counts(msg, found.credentials, state))
      code = Result.error;
  }
  code ??= Result.error;
  if (code < 0 && (password.flags & ANY_CHALLENGE) !== 0) {
    const qop: Qop =
      password.flags & Flag.challengeAuthInt ? "auth-int" : password.flags & Flag.challengeAuth ? "auth" : "";
    call.lists.avps.push(state.challengeAvp, challengeField(msg, realm, side, qop, false, state));
  }
  return { code, ...(found && { credentials: found.credentials }) };
}

/**
 * What is checked before a password is asked for: a code when that settles it, else there are credentials. `later`: the
 * nonce-count is used up by another check, when the response was right.
 */
export function beginCheck(
  msg: SipMessage,
  realm: string,
  side: Side,
  state: Auth,
  later = false,
): { readonly code?: ResultCode; readonly found?: Found } {
  if (isExempt(msg.method)) return { code: Result.ok };
  const found = findCredentials(msg, withoutPrefix(realm, state), side);
  if (!found) return { code: found === null ? Result.error : Result.noCredentials };
  mark(msg, found, side, state);
  const { credentials } = found;
  if (!isComplete(credentials)) return { code: Result.error, found };
  const keep = !(later && state.nonces.counts !== undefined);
  const nonce = checkNonce(credentials.nonce!, credentials.nc, msg, state.nonces, keep);
  if (nonce === "good") return { found };
  const code = nonce === "reused" ? Result.nonceReused : nonce === "stale" ? Result.staleNonce : Result.error;
  return { code, found };
}

/** Uses up the nonce-count. */
const counts = (msg: SipMessage, { nonce, nc }: DigestCredentials, { nonces }: Auth): boolean =>
  checkNonce(nonce!, nc, msg, nonces, true) === "good";

/** Which credentials consume_credentials() removes, and whose user the request is of. */
function mark(msg: SipMessage, { header, credentials }: Found, side: Side, { looked }: Auth): void {
  const marks = looked.get(msg) ?? {};
  marks[side] = header;
  looked.set(msg, marks);
  if (side === "www" || marks.www === undefined) msg.authorized = credentials;
}

/** Compares the response of complete credentials with what it has to be. */
export function checkResponse(
  msg: SipMessage,
  it: DigestCredentials,
  ha1: string,
  method: string,
  state: Auth,
): ResultCode {
  if (it.response!.length !== ha1Length(state)) return Result.error;
  // The body is not covered: whoever answers with auth-int is refused.
  if (it.qop?.trim().toLowerCase() === "auth-int" || responseOf(it, ha1, method, state) !== it.response)
    return Result.invalidPassword;
  if (state.addsInfo) addInfo(msg, it, ha1, state);
  return Result.ok;
}

/** Hexadecimal digits of a hash. */
export const ha1Length = ({ algorithm }: Auth): number => (ALGORITHMS[algorithm] === "md5" ? 32 : 64);

export const hashOf =
  ({ core, algorithm }: Auth) =>
  (text: string): string =>
    core.host.hash(ALGORITHMS[algorithm], text);

/** Undefined when the given HA1 has not the length of one. `-sess` algorithms are taken for their plain ones. */
function ha1Of(it: DigestCredentials, { realm, password, flags }: Password, state: Auth): string | undefined {
  if ((flags & Flag.ha1) === 0) return digestHa1(hashOf(state), it.username!, realm, password);
  return password.length === ha1Length(state) ? password : undefined;
}

const responseOf = (it: DigestCredentials, ha1: string, method: string, state: Auth): string =>
  digestResponse(hashOf(state), {
    ha1,
    method,
    uri: it.uri!,
    nonce: it.nonce!,
    qop: it.qop,
    nc: it.nc,
    cnonce: it.cnonce,
  });

/** Authentication-Info (RFC 7615) for the reply; a one-time nonce is followed by another. */
function addInfo(msg: SipMessage, it: DigestCredentials, ha1: string, state: Auth): void {
  const nonce = state.nonces.used ? makeNonce(msg, state.nonces) : it.nonce;
  msg.reply ??= { headers: [], body: undefined, contentType: undefined };
  msg.reply.headers.push(
    `Authentication-Info: nextnonce="${nonce}", qop=${it.qop ?? ""}, rspauth="${responseOf(it, ha1, "", state)}", ` +
      `cnonce="${it.cnonce ?? ""}", nc=${it.nc ?? ""}\r\n`,
  );
}

/** pv_auth_check(): authenticates, and compares the user with the one that the request speaks of. */
export function authCheck(call: Call, password: Password, checksUser: boolean, state: Auth): ResultCode {
  const { msg } = call;
  const { code, credentials } = authenticate(call, msg.method === "REGISTER" ? "www" : "proxy", password, state);
  if (code !== Result.ok || !checksUser || credentials === undefined) return code;
  return checkUser(msg, credentials, state.useDomain, false);
}

/**
 * Whether the user of credentials is the one that the request speaks of: that of From, of To when it registers or
 * publishes. `skipsUser`: only From, To and Request-URI are compared.
 */
export function checkUser(
  msg: SipMessage,
  credentials: DigestCredentials,
  useDomain: boolean,
  skipsUser: boolean,
): typeof Result.ok | typeof Result.error | typeof Result.userMismatch {
  const from = msg.from?.parsed;
  const to = msg.to?.parsed;
  const registers = msg.method === "REGISTER" || msg.method === "PUBLISH";
  const own = registers ? to : from;
  if (!from || !own) return Result.error;
  if (!skipsUser && credentials.user !== own.user) return Result.userMismatch;
  if (!registers) return Result.ok;
  const differs = (other: Uri): boolean => from.user !== other.user || (useDomain && from.host !== other.host);
  if (differs(own)) return Result.userMismatch;
  if (msg.method === "REGISTER") return Result.ok;
  const target = msg.parsedUri;
  if (target === null) return Result.error;
  return differs(target) ? Result.userMismatch : Result.ok;
}

/** Removes the credentials that were looked at. -1: there are none, or the request needs none. */
export function consume(msg: SipMessage, { looked }: Auth): 1 | -1 {
  const marks = looked.get(msg);
  const header = marks?.www ?? marks?.proxy;
  if (isExempt(msg.method) || header === undefined || !msg.headers.includes(header)) return -1;
  msg.delete(header.start, header.end - header.start, header.type);
  return 1;
}
