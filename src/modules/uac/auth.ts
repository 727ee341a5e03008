/** Answering the challenge of a gateway with MD5 (RFC 2617), as Kamailio 6.1 does: uac_auth, and requests made here. */
import type { Call } from "../../declare/call.ts";
import type { Core } from "../../declare/core.ts";
import { HeaderType } from "../../sip/headers.ts";
import type { SipMessage } from "../../sip/message.ts";
import type { Credential, Uac } from "./state.ts";

interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string;
  /** As written, "MD5" when there is none. */
  readonly algorithm: string;
  /** The first of the offered ones; "" for none. */
  readonly qop: string;
  readonly session: boolean;
}

function parseChallenge(value: string): Challenge | undefined {
  if (!/^\s*Digest\s/i.test(value)) return undefined;
  const params = new Map<string, string>();
  for (const [, name, quoted, plain] of value.matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g))
    params.set(name!.toLowerCase(), quoted ?? plain ?? "");
  const algorithm = params.get("algorithm") ?? "MD5";
  const upper = algorithm.toUpperCase();
  if (upper !== "MD5" && upper !== "MD5-SESS") return undefined;
  const realm = params.get("realm");
  const nonce = params.get("nonce");
  if (realm === undefined || nonce === undefined) return undefined;
  return {
    realm,
    nonce,
    opaque: params.get("opaque") ?? "",
    algorithm,
    qop: (params.get("qop") ?? "").split(",")[0]!.trim(),
    session: upper === "MD5-SESS",
  };
}

/** The strongest challenge of a 401 or 407. */
export function challengeOf(reply: SipMessage): Challenge | undefined {
  const type = reply.status === 407 ? HeaderType.proxyAuthenticate : HeaderType.wwwAuthenticate;
  let best: Challenge | undefined;
  for (const header of reply.headers) {
    if (header.type !== type) continue;
    const found = parseChallenge(reply.value(header));
    // MD5-sess is the stronger one.
    if (found && (!best || (found.session && !best.session))) best = found;
  }
  return best;
}

/** A hash of the nonce as decimal digits: the same nonce gets the same client nonce, as in Kamailio. */
function clientNonce(nonce: string): string {
  let h = 0;
  for (let i = 0; i < nonce.length; i++) h = (Math.imul(h, 31) + nonce.charCodeAt(i)) >>> 0;
  return String(h);
}

/** The header field with the credentials; "" when a given HA1 is too short. */
export function authorization(
  core: Core,
  status: number,
  method: string,
  uri: string,
  credential: Credential,
  challenge: Challenge,
): string {
  const { realm, nonce, qop } = challenge;
  const digest = (text: string): string => core.host.hash("md5", text);
  const length = 32;
  if (credential.ha1 && credential.password.length < length) return "";
  const cnonce = clientNonce(nonce);
  let ha1 = credential.ha1
    ? credential.password.slice(0, length)
    : digest(`${credential.user}:${realm}:${credential.password}`);
  if (challenge.session) ha1 = digest(`${bytes(ha1)}:${nonce}:${cnonce}`);
  const ha2 = digest(`${method}:${uri}`);
  const nc = "00000001";
  const response = digest(qop === "" ? `${ha1}:${nonce}:${ha2}` : `${ha1}:${nonce}:${nc}:${cnonce}:${qop}:${ha2}`);
  const name = status === 407 ? "Proxy-Authorization" : "Authorization";
  const session = qop === "" ? "" : `, qop=auth, nc=${nc}, cnonce="${cnonce}"`;
  const opaque = challenge.opaque === "" ? "" : `, opaque="${challenge.opaque}"`;
  return (
    `${name}: Digest username="${credential.user}", realm="${realm}", nonce="${nonce}", uri="${uri}"${opaque}` +
    `${session}, response="${response}", algorithm=${challenge.algorithm}\r\n`
  );
}

/** Hexadecimal digits as the bytes that they stand for: Kamailio's MD5-sess hashes those. */
const bytes = (hex: string): string => hex.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16)));

const text = (call: Call, ref: { get(call: Call): unknown } | undefined): string => {
  const value = ref?.get(call);
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
};

/** Credentials for a realm: of the AVPs that name them, else of the parameters. */
function credentialFor(call: Call, realm: string, state: Uac): Credential | undefined {
  if (state.authRealm) {
    const wanted = text(call, state.authRealm);
    const user = text(call, state.authUser);
    const password = text(call, state.authPassword);
    if ((wanted === "" || wanted === realm) && user !== "" && password !== "") return { user, realm, password };
  }
  return state.credentials.find((it) => it.realm === realm);
}

/** Adds credentials to the request of the failure route, and makes its Request-URI a target again. */
export function authenticate(call: Call, mode: number, state: Uac): 1 | -1 {
  const { tx, core, msg } = call;
  const branch = tx?.branches[tx.picked];
  const reply = branch?.reply;
  if (branch === undefined || typeof reply !== "object") return -1;
  const challenge = challengeOf(reply);
  if (challenge === undefined) return -1;
  const found = credentialFor(call, challenge.realm, state);
  if (found === undefined) return -1;
  const credential = mode & 1 ? { ...found, ha1: true } : found;
  const field = authorization(core, branch.lastReceived, msg.method, branch.uri, credential, challenge);
  if (field === "") return -1;
  msg.newUri = branch.uri;
  msg.edits.insertBefore(msg.edits.anchor(msg.headersEnd), field);
  return 1;
}
