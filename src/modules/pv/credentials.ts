/** Digest credentials of the request: `$au`, `$ar`, `$adn` … and the names that accounting uses. */
import type { Call } from "../../declare/call.ts";
import type { Pv } from "../../declare/module.ts";
import type { Read } from "../../declare/value.ts";
import { HeaderType } from "../../sip/headers.ts";
import { type PvState, pv } from "./state.ts";

type Credentials = ReadonlyMap<string, string>;

/** Parameters of a Digest credential by lower-case name; undefined for another scheme or a malformed field. */
function parseDigest(value: string): Credentials | undefined {
  const scheme = /^\s*digest[\s,]\s*/i.exec(value);
  if (!scheme) return undefined;
  const found = new Map<string, string>();
  let at = scheme[0].length;
  while (true) {
    const equals = value.indexOf("=", at);
    if (equals < 0) return undefined;
    const name = value.slice(at, equals).trim().toLowerCase();
    if (!/^[a-z0-9_-]+$/.test(name)) return undefined;
    at = equals + 1;
    while (/\s/.test(value[at] ?? "")) at++;
    if (at >= value.length) return undefined;
    let text: string;
    if (value[at] === '"') {
      let close = at + 1;
      while (close < value.length && value[close] !== '"') close += value[close] === "\\" ? 2 : 1;
      if (close >= value.length) return undefined;
      text = value.slice(at + 1, close);
      at = close + 1;
    } else {
      const start = at;
      while (at < value.length && !/[\s,]/.test(value[at]!)) at++;
      if (at === start) return undefined;
      text = value.slice(start, at);
    }
    found.set(name, text);
    const comma = value.indexOf(",", at);
    if (comma < 0) return found;
    at = comma + 1;
    while (/\s/.test(value[at] ?? "")) at++;
  }
}

/** Proxy-Authorization goes before Authorization. ACK and CANCEL have none that count. */
function credentials({ msg }: Call): Credentials | undefined {
  if (msg.method === "ACK" || msg.method === "CANCEL") return undefined;
  const value = msg.first(HeaderType.proxyAuthorization) ?? msg.first(HeaderType.authorization);
  return value === undefined ? undefined : parseDigest(value);
}

/** User and domain of a user name, which may be written `sip:user@domain`. */
function parts(whole: string): { readonly user: string; readonly domain: string } {
  if (whole.length <= 2) return { user: whole, domain: "" };
  const at = whole.indexOf("@");
  const user = at < 0 ? whole : whole.slice(0, at);
  return { user: user.slice(user.indexOf(":") + 1), domain: at < 0 ? "" : whole.slice(at + 1) };
}

const attribute = (doc: string, read: (it: Credentials) => Read): Pv<PvState> =>
  pv({
    doc,
    get: (call) => {
      const it = credentials(call);
      return it ? read(it) : null;
    },
  });

const named = (doc: string, name: string): Pv<PvState> => attribute(doc, (it) => it.get(name) ?? "");

export const credentialVariables: Record<string, Pv<PvState>> = {
  au: attribute("User of the credentials, without its domain.", (it) => parts(it.get("username") ?? "").user),
  aU: named("User name of the credentials as written.", "username"),
  ad: attribute("Domain of the credentials' user name.", (it) => parts(it.get("username") ?? "").domain),
  ar: named("Realm of the credentials.", "realm"),
  adu: attribute("URI of the credentials.", (it) => it.get("uri") || null),
  aa: named("Algorithm of the credentials.", "algorithm"),
  adn: named("Nonce of the credentials.", "nonce"),
  adc: named("Client nonce of the credentials.", "cnonce"),
  adr: named("Response of the credentials.", "response"),
  ado: named("Opaque of the credentials.", "opaque"),
  Au: pv({
    doc: "Who made the request, for accounting: user and realm of credentials that were checked, else user and host of From.",
    get: ({ msg }) => {
      const { user, realm } = msg.authorized ?? {};
      if (user) return realm ? `${user}@${realm}` : user;
      const uri = msg.from?.parsed;
      return uri ? `${uri.user}@${uri.host}` : null;
    },
  }),
  AU: pv({
    doc: "User who made the request, for accounting: that of credentials that were checked, else that of From.",
    get: ({ msg }) => msg.authorized?.user || (msg.from?.parsed?.user ?? null),
  }),
};
