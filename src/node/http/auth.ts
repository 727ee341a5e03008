/** Credentials for HTTP requests: Basic (RFC 7617) and Digest (RFC 7616), the answer to a 401. */
import { createHash, randomBytes } from "node:crypto";

export interface Credentials {
  readonly method: "basic" | "digest" | "any";
  readonly username: string;
  readonly password: string;
}

export const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`, "latin1").toString("base64")}`;

interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Challenges of one WWW-Authenticate value; several may stand in a row, separated by commas. */
function challenges(value: string): Challenge[] {
  const found: { scheme: string; parameters: Map<string, string> }[] = [];
  const token = /\s*,?\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/y;
  for (let match = token.exec(value); match !== null && match[0] !== ""; match = token.exec(value)) {
    const assigned = match[2] !== undefined || match[3] !== undefined;
    if (!assigned) found.push({ scheme: match[1]!.toLowerCase(), parameters: new Map() });
    else found.at(-1)?.parameters.set(match[1]!.toLowerCase(), match[2]?.replace(/\\(.)/g, "$1") ?? match[3]!);
  }
  return found;
}

const algorithms: Readonly<Record<string, string>> = { MD5: "md5", "SHA-256": "sha256", "SHA-512-256": "sha512-256" };

function digest(
  challenge: Challenge,
  credentials: Credentials,
  method: string,
  uri: string,
  cnonce: string,
): string | undefined {
  const get = (name: string): string | undefined => challenge.parameters.get(name);
  const algorithm = get("algorithm") ?? "MD5";
  const session = /-sess$/i.test(algorithm);
  const name = algorithms[algorithm.toUpperCase().replace(/-SESS$/, "")];
  const nonce = get("nonce");
  if (name === undefined || nonce === undefined) return undefined;
  const qop = get("qop");
  const offered = qop?.split(",").map((it) => it.trim().toLowerCase());
  // auth-int alone is an offer that libcurl refuses too.
  if (offered && !offered.includes("auth")) return undefined;
  const hash = (text: string): string => createHash(name).update(text, "latin1").digest("hex");
  const realm = get("realm") ?? "";
  const secret = hash(`${credentials.username}:${realm}:${credentials.password}`);
  const first = session ? hash(`${secret}:${nonce}:${cnonce}`) : secret;
  const second = hash(`${method}:${uri}`);
  const response = hash(
    offered ? `${first}:${nonce}:00000001:${cnonce}:auth:${second}` : `${first}:${nonce}:${second}`,
  );
  const quote = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;
  const fields = [
    `username=${quote(credentials.username)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(nonce)}`,
    `uri=${quote(uri)}`,
    ...(offered || session ? [`cnonce="${cnonce}"`] : []),
    ...(offered ? ["nc=00000001", "qop=auth"] : []),
    `response="${response}"`,
    ...(get("opaque") !== undefined ? [`opaque=${quote(get("opaque")!)}`] : []),
    ...(get("algorithm") !== undefined ? [`algorithm=${algorithm}`] : []),
  ];
  return `Digest ${fields.join(", ")}`;
}

/**
 * The Authorization value that answers a 401, or undefined when no challenge fits the credentials.
 * Digest is preferred where both are possible. `cnonce` is for tests.
 */
export function answerChallenge(
  values: readonly string[],
  credentials: Credentials,
  method: string,
  uri: string,
  cnonce: string = randomBytes(16).toString("hex"),
): string | undefined {
  const offered = values.flatMap(challenges);
  if (credentials.method !== "basic") {
    for (const challenge of offered) {
      const answer = challenge.scheme === "digest" ? digest(challenge, credentials, method, uri, cnonce) : undefined;
      if (answer !== undefined) return answer;
    }
  }
  if (credentials.method !== "digest" && offered.some((it) => it.scheme === "basic"))
    return basic(credentials.username, credentials.password);
  return undefined;
}
