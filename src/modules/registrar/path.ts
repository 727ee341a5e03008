/** Path of a registration (RFC 3327): what is kept of it, and where it leads. */
import { HeaderType } from "../../sip/headers.ts";
import type { SipMessage } from "../../sip/message.ts";
import { parseNameAddrs } from "../../sip/nameaddr.ts";
import { parseUri, uriParam } from "../../sip/uri.ts";
import type { Registrar, Settings } from "./state.ts";

/** The longest Path that is kept. */
const LONGEST = 511;

export interface RegisteredPath {
  /** Every Path value; "" for none. */
  readonly path: string;
  /** Where the first hop has seen the request come from. */
  readonly received: string;
}

/** Null when the Path is too long, malformed, or does not begin with a loose router. */
export function pathOf(msg: SipMessage, { pathUseReceived }: Settings): RegisteredPath | null {
  const path = msg.headers
    .filter((it) => it.type === HeaderType.path)
    .map((it) => msg.value(it).trimEnd())
    .join(",");
  if (path === "") return { path, received: "" };
  if (path.length >= LONGEST) return null;
  const first = parseNameAddrs(path, 0, path.length)?.[0]?.parsed;
  if (!first?.lr) return null;
  const written = pathUseReceived ? (uriParam(first.sipParams, "received") ?? "") : "";
  const received = written.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return { path, received };
}

export interface NextHop {
  /** What goes into Route. */
  readonly path: string;
  /** The URI of the first hop; "" when the contact itself is next. */
  readonly target: string;
}

/** Where requests along a path are sent, past a first hop that is this server when that is asked for. Null: malformed. */
export function nextHop(path: string, { settings, core }: Registrar): NextHop | null {
  if (path === "") return { path, target: "" };
  const hops = parseNameAddrs(path, 0, path.length);
  const first = hops?.[0];
  if (!hops || !first) return null;
  if (!settings.pathCheckLocal) return { path, target: first.uri };
  const uri = parseUri(first.uri);
  if (uri === null) return null;
  if (!core.isMyself(uri.host, 0)) return { path, target: first.uri };
  const second = hops[1];
  return second ? { path: path.slice(second.start), target: second.uri } : { path: "", target: "" };
}
