/** Which destination of a set an algorithm chooses. */
import type { Call } from "../../declare/call.ts";
import { parseCredentials } from "../../sip/auth.ts";
import { HeaderType } from "../../sip/headers.ts";
import type { Uri } from "../../sip/uri.ts";
import { coreHash } from "../core-hash.ts";
import { isDown } from "./destination.ts";
import type { DestinationSet } from "./set.ts";
import type { Dispatcher } from "./state.ts";

/** Algorithms by number. */
export const Algorithm = {
  callId: 0,
  from: 1,
  to: 2,
  requestUri: 3,
  roundRobin: 4,
  authUser: 5,
  random: 6,
  variable: 7,
  first: 8,
  weight: 9,
  load: 10,
  relativeWeight: 11,
  parallel: 12,
  latency: 13,
  turnsOrFirst: 14,
  priorityWeight: 15,
} as const;

export interface Choice {
  /** A number that is taken modulo the size of the set. */
  readonly number: number;
  /** Round robin goes on behind the destination that is used in the end. */
  readonly turns?: boolean;
  /** The order of all destinations, where the algorithm makes one. */
  readonly order?: readonly number[];
  /** Algorithm 10 could not count the call: its destinations are used as any others. */
  readonly uncounted?: boolean;
}

/** The number that texts are hashed to (Kamailio's ds_get_hash). */
export const hashOf = (first: string, second = ""): number => coreHash(first, second, 0) || 1;

function uriHash(uri: Uri | null | undefined, { settings }: Dispatcher): number | undefined {
  if (!uri?.host) return undefined;
  const standard = uri.portNo === (uri.scheme === "sips" ? 5061 : 5060);
  const host = uri.port !== "" && !standard ? `${uri.host}:${uri.port}` : uri.host;
  return hashOf(uri.user, settings.userOnly ? "" : host);
}

const numbered = (number: number | undefined): Choice | undefined => (number === undefined ? undefined : { number });

function turn(set: DestinationSet): Choice {
  const number = set.next;
  set.next = (number + 1) % set.list.length;
  return { number, turns: true };
}

/** Undefined when nothing can be chosen: a field is malformed, or every destination is full. */
export function choose(call: Call, set: DestinationSet, algorithm: number, state: Dispatcher): Choice | undefined {
  const { msg } = call;
  switch (algorithm) {
    case Algorithm.callId:
      return { number: hashOf(msg.callId.trim()) };
    case Algorithm.from:
      return numbered(uriHash(msg.from?.parsed, state));
    case Algorithm.to:
      return numbered(uriHash(msg.to?.parsed, state));
    case Algorithm.requestUri:
      return numbered(uriHash(msg.parsedUri, state));
    case Algorithm.roundRobin:
      return turn(set);
    case Algorithm.authUser:
      return numbered(authHash(call)) ?? turn(set);
    case Algorithm.random:
      return { number: Math.floor(call.core.host.random.next() * 0x7fffffff) };
    case Algorithm.variable: {
      const text = state.settings.hashFormat?.expand(call).trim() ?? "";
      return text === "" ? undefined : { number: hashOf(text) };
    }
    case Algorithm.weight:
      return { number: set.draw("weighted") };
    case Algorithm.load:
      return leastLoaded(call, set, state);
    case Algorithm.relativeWeight:
      return { number: set.draw("relative") };
    case Algorithm.latency:
      return byLatency(set, state);
    case Algorithm.turnsOrFirst:
      return set.takesTurns ? turn(set) : { number: 0 };
    case Algorithm.priorityWeight:
      return { number: set.draw("prioritized") };
    default:
      return { number: 0 };
  }
}

function authHash({ msg }: Call): number | undefined {
  for (const type of [HeaderType.proxyAuthorization, HeaderType.authorization]) {
    const value = msg.first(type);
    const credentials = value === undefined ? null : parseCredentials(value);
    if (credentials === null || credentials === "other") continue;
    return credentials.user ? hashOf(credentials.user.trim()) : undefined;
  }
  return undefined;
}

/** Only an INVITE starts a call. */
function leastLoaded({ msg }: Call, set: DestinationSet, state: Dispatcher): Choice | undefined {
  if (msg.method !== "INVITE" || state.settings.xavpDst === "") return { number: 0, uncounted: true };
  const number = set.leastLoaded();
  if (number < 0) return undefined;
  const counted = state.loads?.add(msg.callId, set, number) ?? false;
  return { number, uncounted: !counted };
}

/** Round robin over destinations in the order of their priority, which a slow one loses. */
function byLatency(set: DestinationSet, { settings }: Dispatcher): Choice | undefined {
  const size = set.list.length;
  const cycle = settings.useDefault && size !== 1 ? size - 1 : size;
  const ranked: { index: number; priority: number }[] = [];
  for (let i = 0, at = set.next; i < size; i++, at = (at + 1) % cycle) {
    const { flags, priority, latency } = set.list[at]!;
    const handicap = priority > 0 && latency.estimate > priority ? Math.floor(latency.estimate / priority) : 0;
    if (isDown(flags)) ranked.push({ index: -1, priority: -1 });
    else ranked.push({ index: at, priority: priority > 0 ? Math.max(1, priority - handicap) : priority });
  }
  ranked.sort((a, b) => b.priority - a.priority);
  const first = ranked[0]?.index ?? -1;
  set.next = (first + 1) % size;
  if (first < 0) return undefined;
  const order = ranked.filter(({ index }) => index >= 0 && !(settings.useDefault && index === size - 1));
  return { number: first, order: order.map((it) => it.index) };
}
