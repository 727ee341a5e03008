/**
 * Where a URI leads: places in the order of RFC 3263, each with the socket that reaches it, the blocklist of those that
 * are left alone, and the way that too large a datagram takes instead (RFC 3261 18.1.1, `udp_mtu`).
 */
import type { Config } from "../../declare/core.ts";
import type { DnsTiming, Host } from "../../declare/host.ts";
import type { Names } from "../../declare/names.ts";
import { type Answer, after } from "../../declare/value.ts";
import type { Destination, LocalSocket, Protocol } from "../../sip/address.ts";
import type { SipMessage } from "../../sip/message.ts";
import { parseUri } from "../../sip/uri.ts";
import type { PlaceList } from "../../transaction/engine.ts";
import type { Sockets } from "../../transport/sockets.ts";
import { BlockFlag, Blocklist, blocklistIsOn, counts } from "./blocklist.ts";
import { type Reach, Resolver, type Target } from "./resolver.ts";

/** What serves now: both change when a script is taken up. */
export interface Serving {
  readonly sockets: Sockets;
  readonly config: Config;
  /** The open WebSocket to an address, as a destination: a server opens none. */
  readonly webSocket?: (ip: string, port: number) => Destination | undefined;
}

export class Destinations {
  readonly resolver: Resolver;
  readonly blocklist: Blocklist;
  readonly serving: () => Serving;
  readonly #host: Host;
  #known: { readonly config: Config; readonly sockets: Sockets; readonly reach: Reach } | undefined;

  constructor(host: Host, serving: () => Serving) {
    this.#host = host;
    this.resolver = new Resolver(host);
    this.blocklist = new Blocklist(host.clock);
    this.serving = serving;
    this.names = namesOf(this);
  }

  /** The first place to try for a URI and the socket to use, with Kamailio's rules. Null: there is none. */
  resolve(uri: string, near?: LocalSocket, wanted?: Protocol, forced?: LocalSocket): Answer<Destination | null> {
    const parsed = parseUri(uri);
    if (!parsed) return null;
    const named = parsed.protocol;
    // Kamailio does not honour `maddr` (it is built without HONOR_MADDR).
    const secure = parsed.secure;
    const protocol = wanted ?? (secure && (named === undefined || named === "tcp") ? "tls" : named);
    const targets = this.targets(parsed.bareHost, parsed.portNo, protocol, secure);
    if (targets instanceof Promise) return targets.then((it) => this.#destination(it, near, forced));
    return this.#destination(targets, near, forced);
  }

  /** `port` 0 and `protocol` undefined: not given. */
  targets(host: string, port: number, protocol: Protocol | undefined, secure = false): Answer<readonly Target[]> {
    const { config, sockets } = this.serving();
    let known = this.#known;
    if (known?.config !== config || known.sockets !== sockets) {
      known = this.#known = { config, sockets, reach: reachOf(sockets) };
      this.#host.dns.configure?.(timingOf(config));
    }
    return this.resolver.targets(host, port, protocol, secure, config, known.reach);
  }

  #destination(
    targets: readonly Target[],
    near: LocalSocket | undefined,
    forced: LocalSocket | undefined,
  ): Destination | null {
    const { config, sockets, webSocket } = this.serving();
    const found: Destination[] = [];
    const failover = targets.length > 1 && config.int("use_dns_failover") !== 0;
    for (const { protocol, ip, port } of targets) {
      // `transport=ws` means secure ones as well (RFC 7118, 5.5): what is open decides.
      const open = protocol === "ws" || protocol === "wss" ? webSocket?.(ip, port) : undefined;
      if (open) return open;
      const socket = sockets.toward(protocol, ip, near, forced);
      if (!socket) continue;
      const it: Destination = { socket, protocol, ip, port, connection: 0 };
      if (!failover) return it;
      found.push(it);
    }
    const [first, ...alternatives] = found;
    if (first) return { ...first, alternatives };
    // Resolved, but no socket fits: whoever asked reports that, not a name that cannot be resolved. (Kamailio does not
    // even resolve to a family that it has no socket of.)
    const target = targets.find(({ ip }) => sockets.all.some((it) => (it.family === 6) === ip.includes(":")));
    return target ? { ...target, socket: undefined, connection: 0 } : null;
  }

  /** What the control commands see and change. */
  readonly names: Names;

  /** The blocklist with the parameters of the script that serves. */
  readonly places: PlaceList = {
    has: (to) => blocklistIsOn(this.serving().config) && this.blocklist.flags(to) !== 0,
    add: (to, why, seconds) => {
      const { config } = this.serving();
      const stream = to.protocol !== "udp" && to.protocol !== "sctp";
      const flags = why === "send" && stream ? BlockFlag.send | BlockFlag.connect : REASONS[why];
      const { protocol, ip, port } = to;
      if (counts(protocol, flags, config))
        this.blocklist.add({ protocol, ip, port }, flags, seconds ?? config.int("dst_blocklist_expire"), config);
    },
  };

  /**
   * Where a request of `length` bytes goes instead of over UDP: the protocol that `udp_mtu_try_proto` names, or the
   * function of that name for this message, when a socket of it fits. Undefined: it stays.
   */
  tooLarge(length: number, msg: SipMessage, to: Destination): Destination | undefined {
    const { config, sockets } = this.serving();
    const limit = config.int("udp_mtu");
    if (limit <= 0 || length <= limit) return undefined;
    const always = config.str("udp_mtu_try_proto").toLowerCase();
    for (const protocol of ["tcp", "tls", "sctp"] as const) {
      if (always !== protocol && !msg.marked(`mtu-${protocol}`)) continue;
      const socket = sockets.toward(protocol, to.ip, msg.received.socket);
      if (socket) return { ...to, protocol, socket };
    }
    return undefined;
  }

  /** Tries one place after the other until an attempt gives a positive number (forward_request with `use_dns_failover`). */
  tryEach(to: Destination, attempt: (to: Destination) => Answer<number>): Answer<number> {
    return after(attempt(to), (result) => {
      const [next, ...alternatives] = to.alternatives ?? [];
      return result <= 0 && next ? this.tryEach({ ...next, alternatives }, attempt) : result;
    });
  }
}

const REASONS = { send: BlockFlag.send, timeout: BlockFlag.timeout, "503": BlockFlag.reply503 } as const;

/** `dns_retr_time` in seconds, `dns_retr_no` and `dns_servers_no`; a negative one leaves it to the system. */
function timingOf(config: Config): DnsTiming {
  const given = (name: string): number | undefined => (config.int(name) >= 0 ? config.int(name) : undefined);
  const seconds = given("dns_retr_time");
  const tries = given("dns_retr_no");
  const servers = given("dns_servers_no");
  return {
    ...(seconds && { timeout: seconds * 1000 }),
    ...(tries && { tries }),
    ...(servers && { servers }),
  };
}

const reachOf = (sockets: Sockets): Reach => ({
  ipv6: sockets.all.some((it) => it.family === 6),
  protocols: new Set(sockets.all.map((it) => it.protocol)),
});

function namesOf({ resolver: { cache }, blocklist, serving }: Destinations): Names {
  return {
    get bytes() {
      return cache.bytes;
    },
    lookup: (type, name) => cache.lookup(type, name, serving().config),
    find: (type, name) => cache.find(type, name),
    entries: () => cache.entries(),
    put: (type, name, records, seconds, flags) => cache.put(type, name, records, seconds, flags, serving().config),
    delete: (type, name) => cache.delete(type, name),
    clear: (force) => cache.clear(force),
    blocked: {
      get bytes() {
        return blocklist.bytes;
      },
      entries: () => blocklist.entries(),
      add: (place, flags, seconds) => blocklist.add(place, flags, seconds, serving().config),
      flush: () => blocklist.flush(),
    },
  };
}
