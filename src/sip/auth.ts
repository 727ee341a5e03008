/** Digest credentials (RFC 2617, RFC 7616, RFC 8760): taking them apart, and computing what they have to be. */

export interface DigestCredentials {
  /** As written. */
  readonly username: string | undefined;
  /** The username without `sip:` and `@domain`, and that domain. */
  readonly user: string | undefined;
  readonly domain: string;
  readonly realm: string | undefined;
  readonly nonce: string | undefined;
  readonly uri: string | undefined;
  readonly response: string | undefined;
  readonly cnonce: string | undefined;
  readonly opaque: string | undefined;
  readonly nc: string | undefined;
  readonly qop: string | undefined;
  readonly algorithm: string | undefined;
}

/** The value of an Authorization or Proxy-Authorization field. "other": another scheme. Null: malformed. */
export function parseCredentials(value: string): DigestCredentials | "other" | null {
  const text = value.trimStart();
  if (text.length < 7 || text.slice(0, 6).toLowerCase() !== "digest" || !" \t\r\n,".includes(text[6]!)) return "other";
  const params = parseDigestParams(text.slice(7));
  if (params === null) return null;
  const username = params.get("username");
  let user = username;
  let domain = "";
  if (user !== undefined && user.length > 2) {
    const at = user.indexOf("@");
    if (at >= 0) {
      domain = user.slice(at + 1);
      user = user.slice(0, at);
    }
    user = user.slice(user.indexOf(":") + 1);
  }
  return {
    username,
    user,
    domain,
    realm: params.get("realm"),
    nonce: params.get("nonce"),
    uri: params.get("uri"),
    response: params.get("response"),
    cnonce: params.get("cnonce"),
    opaque: params.get("opaque"),
    nc: params.get("nc"),
    qop: params.get("qop"),
    algorithm: params.get("algorithm"),
  };
}

/** `name=value` and `name="value"` with commas between them, names in lower case; the last of a name counts. Null: malformed. */
export function parseDigestParams(text: string): Map<string, string> | null {
  const params = new Map<string, string>();
  let p = 0;
  for (;;) {
    p = skipSpace(text, p);
    const equals = text.indexOf("=", p);
    if (equals < 0) return null;
    const name = text.slice(p, equals).trim().toLowerCase();
    if (name === "" || /[\s,"]/.test(name)) return null;
    p = skipSpace(text, equals + 1);
    if (p >= text.length) return null;
    if (text[p] === '"') {
      const close = text.indexOf('"', p + 1);
      if (close < 0) return null;
      params.set(name, text.slice(p + 1, close));
      p = close + 1;
    } else {
      const from = p;
      while (p < text.length && !" \t\r\n,".includes(text[p]!)) p++;
      if (p === from) return null;
      params.set(name, text.slice(from, p));
    }
    const comma = text.indexOf(",", p);
    if (comma < 0) return params;
    p = comma + 1;
  }
}

/** True when everything is there that is needed to check the response. */
export function isComplete(credentials: DigestCredentials): boolean {
  const { user, realm, nonce, uri, response, cnonce, nc } = credentials;
  if ([user, realm, nonce, uri, response].includes(undefined)) return false;
  const qop = credentials.qop?.trim().toLowerCase();
  return qop === "auth" || qop === "auth-int" ? cnonce !== undefined && nc !== undefined : true;
}

export type Hash = (text: string) => string;

export interface DigestInput {
  /** H(username:realm:password), hexadecimal; for `-sess` algorithms before nonce and cnonce are mixed in. */
  readonly ha1: string;
  readonly session?: boolean;
  readonly method: string;
  readonly uri: string;
  readonly nonce: string;
  readonly qop?: string | undefined;
  readonly nc?: string | undefined;
  readonly cnonce?: string | undefined;
  /** Needed for qop auth-int. */
  readonly body?: string;
}

/** H(username:realm:password), the secret half of a response. */
export const digestHa1 = (hash: Hash, username: string, realm: string, password: string): string =>
  hash(`${username}:${realm}:${password}`);

/** The response that a client with these credentials sends (RFC 7616, 3.4.1). `hash` gives lower-case hexadecimal. */
export function digestResponse(hash: Hash, input: DigestInput): string {
  const { nonce, nc = "", cnonce = "" } = input;
  const qop = input.qop?.trim().toLowerCase();
  const ha1 = input.session ? hash(`${input.ha1}:${nonce}:${cnonce}`) : input.ha1;
  const body = qop === "auth-int" ? `:${hash(input.body ?? "")}` : "";
  const ha2 = hash(`${input.method}:${input.uri}${body}`);
  return qop === "auth" || qop === "auth-int"
    ? hash(`${ha1}:${nonce}:${nc}:${cnonce}:${input.qop!.trim()}:${ha2}`)
    : hash(`${ha1}:${nonce}:${ha2}`);
}

function skipSpace(text: string, at: number): number {
  while (at < text.length && " \t\r\n".includes(text[at]!)) at++;
  return at;
}
