/** The address of record that a URI stands for: user, or user and domain. */
import { parseUri, type Uri } from "../../sip/uri.ts";
import { type Problem, Problems } from "./problems.ts";
import type { Registrar } from "./state.ts";

/** The longest user or domain, and address of record. */
const PART = 248;
const WHOLE = 256;

export interface Aor {
  readonly aor: string;
  readonly uri: Uri;
}

/** A Problem when the URI is none, or its user part cannot be unescaped. */
export function aorOf(text: string, { settings, usrloc }: Registrar): Aor | Problem {
  const uri = parseUri(text);
  if (uri === null) return Problems.aor;
  if (uri.user.length + uri.host.length + 2 > WHOLE || uri.user.length > PART || uri.host.length > PART)
    return Problems.aorLength;
  const user = unescaped(uri.user);
  if (user === null) return Problems.escape;
  let domain = "";
  if (usrloc.settings.useDomain) {
    const { realmPrefix } = settings;
    const strip = realmPrefix !== "" && realmPrefix.length < uri.host.length && uri.host.startsWith(realmPrefix);
    domain = (user === "" ? "" : "@") + (strip ? uri.host.slice(realmPrefix.length) : uri.host);
  }
  const kept = settings.caseSensitive && user !== "" ? user : user.toLowerCase();
  return { aor: kept + domain.toLowerCase(), uri };
}

export const isAor = (it: Aor | Problem): it is Aor => "aor" in it;

/** Null when an escape is cut short, is no hexadecimal number, or stands for no printable ASCII character. */
function unescaped(user: string): string | null {
  if (!user.includes("%")) return user;
  let out = "";
  for (let i = 0; i < user.length; i++) {
    if (user[i] !== "%") {
      out += user[i];
      continue;
    }
    const digits = user.slice(i + 1, i + 3);
    if (!/^[0-9A-Fa-f]{2}$/.test(digits)) return null;
    const code = Number.parseInt(digits, 16);
    if (code < 32 || code > 126) return null;
    out += String.fromCharCode(code);
    i += 2;
  }
  return out;
}
