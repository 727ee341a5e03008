/** `{digest user=U pass=P method=M uri=URI …}`: credentials for the last challenge that a peer got (RFC 7616). */
import { createHash } from "node:crypto";

export function digestValue(challenge: string, options: string): string {
  const given: Record<string, string> = {};
  for (const word of options.trim().split(/\s+/))
    given[word.slice(0, word.indexOf("="))] = word.slice(word.indexOf("=") + 1);
  const asked = (name: string): string | undefined =>
    (new RegExp(`\\b${name}="([^"]*)"`).exec(challenge) ?? new RegExp(`\\b${name}=([^",\\s]+)`).exec(challenge))?.[1];
  const realm = given.realm ?? asked("realm") ?? "";
  const nonce = given.nonce ?? asked("nonce") ?? "";
  const algorithm = given.alg ?? asked("algorithm");
  const { qop, user, uri } = given;
  const hash = (text: string): string =>
    createHash(/^sha-?256/i.test(algorithm ?? "") ? "sha256" : "md5")
      .update(text, "latin1")
      .digest("hex");
  const nc = (given.nc ?? "1").padStart(8, "0");
  const cnonce = given.cnonce ?? "c0ffee";
  let secret = hash(`${user}:${realm}:${given.pass ?? ""}`);
  if (/-sess$/i.test(algorithm ?? "")) secret = hash(`${secret}:${nonce}:${cnonce}`);
  const body = qop === "auth-int" ? `:${hash((given.body ?? "").replace(/\+/g, " "))}` : "";
  const request = hash(`${given.method}:${uri}${body}`);
  const response =
    given.response ??
    (qop ? hash(`${secret}:${nonce}:${nc}:${cnonce}:${qop}:${request}`) : hash(`${secret}:${nonce}:${request}`));
  return (
    `Digest username="${given.name ?? user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}"` +
    (algorithm ? `, algorithm=${algorithm}` : "") +
    (qop ? `, qop=${qop}, nc=${nc}, cnonce="${cnonce}"` : "") +
    (given.opaque ? `, opaque="${given.opaque}"` : "")
  );
}
