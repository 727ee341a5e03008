/** Routing by Route header fields (RFC 3261, 16.4 and 16.12), strict routers included. */
import type { Call } from "../../declare/call.ts";
import { LogLevel } from "../../declare/core.ts";
import { defaultPort } from "../../sip/address.ts";
import type { SipMessage } from "../../sip/message.ts";
import type { NameAddr } from "../../sip/nameaddr.ts";
import { parseUri, type Uri, uriParam } from "../../sip/uri.ts";
import { isSelf, nextRouteField, type RouteField, type Rr, routeField } from "./state.ts";

const Driven = 1;
const NotDriven = -1;
/** The next hop is from a route set that the request brought along. */
export const Preloaded = -3;

/** Bit of the mode: do not treat a Request-URI that names this server as the work of a strict router. */
const LOOSE_ONLY = 1;

export function looseRoute(call: Call, mode: number, state: Rr): 1 | -1 | -3 {
  const { msg } = call;
  const field = routeField(msg);
  if (!field || msg.parsedUri === null || msg.to === null) return NotDriven;
  if (msg.to.tag === "") return afterLoose(call, field, true, state);
  if ((mode & LOOSE_ONLY) === 0 && isSelf(state.core, msg.parsedUri)) return afterStrict(call, field, state);
  return afterLoose(call, field, false, state);
}

/** The hop before was a loose router: the topmost Route is ours or the next hop's. */
function afterLoose(call: Call, first: RouteField, preloaded: boolean, state: Rr): 1 | -1 | -3 {
  const { msg } = call;
  let place: Place | undefined = { field: first, index: 0 };
  let uri = parseUri(entryAt(place).uri);
  if (uri === null) return NotDriven;
  let params = "";
  if (isSelf(state.core, uri)) {
    params = uri.params;
    msg.routed = params;
    const second = state.double > 0 && has2rr(params);
    if (state.forceSendSocket && !second) forceSocket(msg, uri, state, false);
    for (let own = second ? 2 : 1; own > 0; own--) {
      const next: Place | null | undefined = leave(msg, place);
      if (next === null) return NotDriven;
      place = next;
      if (place === undefined) {
        callBack(call, params, state);
        return preloaded ? Preloaded : Driven;
      }
      uri = parseUri(entryAt(place).uri);
      if (uri === null) return NotDriven;
      if (own === 2) forceSocket(msg, uri, state, true);
    }
    mark(msg, "route-addr");
  }
  const entry = entryAt(place);
  if (uriParam(uri.params, "lr") === undefined) {
    // The next hop is a strict router: it wants its URI in the request line, and ours in the last Route.
    msg.edits.insertBefore(msg.edits.anchor(msg.headersEnd), `Route: <${msg.requestUri}>\r\n`);
    msg.newUri = targetUri(entry.uri, uri);
    removeThrough(msg, place);
  } else {
    msg.dstUri = targetUri(entry.uri, uri);
    msg.uriConsumed = false;
    if (place.index > 0) removeBefore(msg, place);
  }
  callBack(call, params, state);
  return Driven;
}

/** The hop before was a strict router: the Request-URI is the Record-Route that we once added. */
function afterStrict(call: Call, first: RouteField, state: Rr): 1 | -1 {
  const { msg } = call;
  let place: Place = { field: first, index: 0 };
  let uri = parseUri(entryAt(place).uri);
  if (uri === null) return NotDriven;
  if (state.double > 0 && has2rr(uri.params) && isSelf(state.core, uri)) {
    forceSocket(msg, uri, state, true);
    const next = leave(msg, place);
    if (!next) return NotDriven;
    place = next;
    uri = parseUri(entryAt(place).uri);
    if (uri === null) return NotDriven;
  }
  const params = msg.parsedUri?.params ?? "";
  msg.routed = params;
  const entry = entryAt(place);
  if (uriParam(uri.params, "lr") === undefined) {
    msg.newUri = targetUri(entry.uri, uri);
    removeThrough(msg, place);
  } else {
    // A loose router follows: the strict one before us left the true Request-URI in the last Route.
    msg.dstUri = targetUri(entry.uri, uri);
    if (place.index > 0) removeBefore(msg, place);
    const last = lastField(msg);
    if (!last) return NotDriven;
    const index = last.entries.length - 1;
    const target = last.entries[index]!;
    msg.newUri = targetUri(target.uri, parseUri(target.uri));
    if (index > 0) {
      const from = last.entries[index - 1]!.end;
      msg.delete(from, target.end - from);
    } else msg.delete(last.header.start, last.header.end - last.header.start);
  }
  callBack(call, params, state);
  return Driven;
}

/** One entry of a Route field. */
interface Place {
  readonly field: RouteField;
  readonly index: number;
}
const entryAt = ({ field, index }: Place): NameAddr => field.entries[index]!;

/** Goes to the next entry; the field is deleted when this was its last. Undefined: there is none. Null: it is malformed. */
function leave(msg: SipMessage, { field, index }: Place): Place | null | undefined {
  if (index + 1 < field.entries.length) return { field, index: index + 1 };
  msg.delete(field.header.start, field.header.end - field.header.start);
  const next = nextRouteField(msg, field);
  return next ? { field: next, index: 0 } : next;
}

/** Deletes the entries of a field up to and with this one. */
function removeThrough(msg: SipMessage, place: Place): void {
  const { field, index } = place;
  if (index + 1 === field.entries.length) msg.delete(field.header.start, field.header.end - field.header.start);
  else removeBefore(msg, { field, index: index + 1 });
}

function removeBefore(msg: SipMessage, { field, index }: Place): void {
  const { header } = field;
  msg.delete(header.valueStart, field.entries[index]!.start - header.valueStart);
}

function lastField(msg: SipMessage): RouteField | null | undefined {
  let last: RouteField | undefined;
  for (let next = routeField(msg); next !== undefined; next = nextRouteField(msg, next)) {
    if (next === null) return null;
    last = next;
  }
  return last;
}

/** `maddr` goes before the host of a URI. */
function targetUri(text: string, uri: Uri | null): string {
  const maddr = uri?.maddr;
  return maddr ? `sip:${maddr}${uri!.port === "" ? "" : `:${uri!.port}`}` : text;
}

/** The request leaves by the socket that an own Route names. */
function forceSocket(msg: SipMessage, uri: Uri, state: Rr, second: boolean): void {
  const { sockets, log } = state.core;
  const name = state.sockname ? uriParam(uri.params, "sn") : undefined;
  const named = name ? sockets.byName(name) : undefined;
  const { protocol } = uri;
  const port = uri.portNo || defaultPort(protocol ?? "udp");
  const socket = named ?? sockets.find(protocol, uri.bareHost, port) ?? sockets.find(protocol, uri.bareHost);
  if (socket) msg.forceSendSocket = socket;
  else if (second && state.warnsOfSocket)
    log.write(LogLevel.warn, `rr: no socket found to match second RR (${uri.text})`);
}

const has2rr = (params: string): boolean => uriParam(params, "r2") !== undefined;

function callBack(call: Call, params: string, state: Rr): void {
  if (params !== "") for (const callback of state.onLooseRoute) callback(call, params);
}

const mark = (msg: SipMessage, name: string): void => void msg.mark(name);
