/** What the rr module keeps, and what other modules may ask of it. */
import type { Call } from "../../declare/call.ts";
import type { Core } from "../../declare/core.ts";
import type { VariableRef } from "../../declare/variable.ts";
import type { BuildSettings } from "../../sip/build.ts";
import { HeaderType } from "../../sip/headers.ts";
import type { Header, SipMessage } from "../../sip/message.ts";
import { type NameAddr, parseNameAddrs } from "../../sip/nameaddr.ts";
import { parseUri, type Uri, uriParam } from "../../sip/uri.ts";

export type Direction = "downstream" | "upstream";

export interface Rr {
  readonly core: Core;
  readonly appendFromtag: boolean;
  /** 0 one Record-Route, 1 a second one where the request changes its network, 2 always two. */
  readonly double: number;
  readonly lr: string;
  readonly addUsername: boolean;
  readonly warnsOfSocket: boolean;
  readonly customUser: VariableRef | undefined;
  readonly forceSendSocket: boolean;
  readonly ignoreSips: boolean;
  readonly sockname: boolean;
  readonly looseMode: number;
  /** The core's advertised_address and advertised_port. */
  readonly shown: BuildSettings;
  /** Parameters that wait for a record_route() of their message. */
  readonly pending: WeakMap<SipMessage, string>;
  /** Called by loose_route() with the parameters of the own Route, when it has any (register_rrcb). */
  readonly onLooseRoute: ((call: Call, params: string) => void)[];
}

/** A Route header field with its parsed entries. */
export interface RouteField {
  readonly header: Header;
  readonly entries: readonly NameAddr[];
}

/** The Route field at or after index `from` in the header fields; undefined when there is none, null when it or a field before it is malformed: each has its URI in angle brackets. */
export function routeField(msg: SipMessage, from = 0): RouteField | null | undefined {
  for (let i = from; i < msg.headers.length; i++) {
    const header = msg.headers[i]!;
    if (header.type !== HeaderType.route) continue;
    const entries = parseNameAddrs(msg.text, header.valueStart, header.valueEnd);
    return entries === null || !entries.every((it) => it.enclosed) ? null : { header, entries };
  }
  return msg.headersProblem === "" ? undefined : null;
}

/** The Route field behind this one. */
export const nextRouteField = (msg: SipMessage, field: RouteField): RouteField | null | undefined =>
  routeField(msg, msg.headers.indexOf(field.header) + 1);

/** True when the URI names this server, and is no GRUU. */
export function isSelf(core: Core, uri: Uri): boolean {
  return uri.host !== "" && core.isMyself(uri.bareHost, uri.portNo || 5060) && uriParam(uri.params, "gr") === undefined;
}

/** The parameters of the own Route of a message: what loose_route() found, or would find. Undefined: it has none. */
export function routedParams(msg: SipMessage, state: Rr): string | undefined {
  if (msg.routed) return msg.routed;
  const first = routeField(msg)?.entries[0];
  const uri = first ? parseUri(first.uri) : null;
  return uri !== null && isSelf(state.core, uri) ? uri.params : undefined;
}

/** The value of a parameter of the own Route (get_route_param): "" without one, undefined when it is absent. */
export function routeParam(msg: SipMessage, name: string, state: Rr): string | undefined {
  const params = routedParams(msg, state);
  if (!params) return undefined;
  for (const part of params.split(";")) {
    const equals = part.indexOf("=");
    if ((equals < 0 ? part : part.slice(0, equals)).trim() === name)
      return equals < 0
        ? ""
        : part
            .slice(equals + 1)
            .trim()
            .replace(/^["']|["']$/g, "");
  }
  return undefined;
}

/** Whether a request comes from the side that sent the first one: told by the `ftag` of the own Route. */
export function direction(msg: SipMessage, state: Rr): Direction {
  const ftag = routeParam(msg, "ftag", state);
  const tag = msg.from?.tag;
  return ftag && tag && ftag !== tag ? "upstream" : "downstream";
}
