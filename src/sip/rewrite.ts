/**
 * Changes one part of a Request-URI and writes the whole anew, as Kamailio's core actions do (`$rU=`, `rewritehost`,
 * `prefix`, `strip` … in action.c), including what they make of TEL URIs and of schemes they do not know.
 */
import type { Uri } from "./uri.ts";

export type UriPart =
  | "user" //          the user, keeping the password
  | "userpass" //      the user, dropping the password
  | "prefix" //        text before the user
  | "strip" //         `value` characters off the front of the user
  | "strip-tail" //    off its end
  | "host" //          the host, keeping the port
  | "hostport" //      host and port
  | "hostport-trans" // host and port, dropping `transport`
  | "hostall" //       everything behind the user
  | "port" //          the port; "" removes it
  | "userphone"; //    adds `user=phone`

/** Kamailio's MAX_URI_SIZE. */
const LONGEST = 1024;

/** The URI with that part changed; null when it cannot be (the port of a TEL URI, a result that is too long). */
export function rewriteUri(uri: Uri, part: UriPart, value: string | number): string | null {
  const isTel = uri.scheme === "tel" || uri.scheme === "tels";
  // A SIP URI with `user=phone` counts as a TEL URI that is written as a SIP one.
  const userPhone = isTel && (uri.text.charCodeAt(0) | 32) === 115;
  const text = `${value}`;
  if (part === "userphone" && (isTel || uri.param("user") === "phone")) return uri.text;
  if (part === "port" && isTel && !userPhone) return null;
  const newHost = part === "host" || part === "hostport" || part === "hostport-trans";

  let user = uri.user;
  if (part === "user" || part === "userpass") user = text;
  else if (part === "prefix") user = text + user;
  else if (part === "strip") user = user.slice(Number(value));
  else if (part === "strip-tail") user = user.slice(0, Math.max(0, user.length - Number(value)));
  const hasUser = user !== "" || part === "prefix";

  let out = `${schemeOf(uri, userPhone || newHost)}:${user}`;
  if (hasUser && uri.password !== "" && part !== "userpass") out += `:${uri.password}`;
  if (isTel && uri.params !== "") out += `;${uri.params}`;
  const at = hasUser ? "@" : "";
  if (newHost || part === "hostall") out += at + text;
  else if (uri.scheme === "sip" || uri.scheme === "sips" || userPhone) out += at + uri.host;
  if (part === "hostall") return out.length > LONGEST ? null : out;

  const port = part === "port" ? text : part === "hostport" || part === "hostport-trans" ? "" : uri.port;
  if (port !== "") out += `:${port}`;
  const params = isTel && !userPhone ? "" : uri.sipParams;
  out += part === "hostport-trans" ? withoutTransport(params) : params && `;${params}`;
  if (part === "userphone" || (isTel && !userPhone && newHost)) out += ";user=phone";
  if (uri.headers !== "") out += `?${uri.headers}`;
  return out.length > LONGEST ? null : out;
}

/** Schemes that are none of SIP's and TEL's become `sip`. */
function schemeOf(uri: Uri, asSip: boolean): string {
  if (uri.scheme === "tel") return asSip ? "sip" : "tel";
  if (uri.scheme === "tels") return asSip ? "sips" : "tels";
  return uri.scheme === "sips" ? "sips" : "sip";
}

function withoutTransport(params: string): string {
  return params
    .split(";")
    .filter((it) => it !== "" && it.split("=", 1)[0]!.toLowerCase() !== "transport")
    .map((it) => `;${it}`)
    .join("");
}
