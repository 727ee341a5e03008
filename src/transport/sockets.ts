/** The sockets that the server listens on, and the questions that scripts and transactions ask of them. */
import type { LocalSocket, Protocol } from "../sip/address.ts";
import { parseHostPort } from "./hostport.ts";
import { addressKey, isLoopback, isMulticast, unbracket } from "./ip.ts";
import type { Alias, ListenSocket } from "./listen.ts";
import type { Family, SocketPort } from "./socket.ts";

/** Kamailio looks through the protocols in this order when none is given. */
const order: readonly Protocol[] = ["udp", "tcp", "tls", "sctp", "ws", "wss"];

/** Sockets of WebSockets are the TCP and TLS ones that the connections began on. */
const carrier = (protocol: Protocol): Protocol => (protocol === "ws" ? "tcp" : protocol === "wss" ? "tls" : protocol);

export class Sockets {
  readonly all: readonly ListenSocket[];
  readonly #aliases: Alias[];
  readonly #net: Pick<SocketPort, "interfaces" | "routeTo">;
  /** mhomed: the system's route decides which UDP socket sends. Changeable at run time. */
  mhomed: boolean;
  readonly #byProtocol = new Map<Protocol, readonly ListenSocket[]>();
  /** The socket to send from by default, by protocol and family. */
  readonly #first = new Map<string, ListenSocket>();

  constructor(
    sockets: readonly ListenSocket[],
    aliases: readonly Alias[],
    net: Pick<SocketPort, "interfaces" | "routeTo">,
    mhomed = false,
  ) {
    this.#aliases = [...aliases];
    this.#net = net;
    this.mhomed = mhomed;
    this.all = order.flatMap((protocol) => sockets.filter((s) => s.protocol === protocol));
    for (const protocol of order) {
      const own = this.all.filter((s) => s.protocol === protocol);
      if (own.length > 0) this.#byProtocol.set(protocol, own);
      for (const family of [4, 6] as const) {
        const socket = preferred(own, family);
        if (socket) this.#first.set(protocol + family, socket);
      }
    }
  }

  /** The socket that `address` (a literal or a name) and `port` (0 or none: any) name (grep_sock_info). */
  find(protocol: Protocol | undefined, address: string, port = 0): ListenSocket | undefined {
    const host = unbracket(address);
    const key = addressKey(host);
    for (const socket of this.#candidates(protocol)) {
      if (port !== 0 && socket.port !== port && socket.advertise?.port !== port) continue;
      const named = addressKey(socket.address) === key || socket.host.toLowerCase() === key;
      if (named && (!socket.virtual || this.#isLocal(socket.address))) return socket;
      if (socket.advertise && addressKey(socket.advertise.host) === key) return socket;
    }
    return undefined;
  }

  byName(name: string): ListenSocket | undefined {
    const wanted = name.toLowerCase();
    return this.all.find((s) => s.name?.toLowerCase() === wanted);
  }

  /** `[proto:]host[:port]`, else a socket's name. */
  parse(text: string): ListenSocket | undefined {
    const it = parseHostPort(text);
    return (it && this.find(it.protocol, it.host, it.port)) ?? this.byName(text);
  }

  /**
   * The socket to reach `ip` (get_send_socket). `forced` is what the script chose: it is used when family and
   * protocol fit, or its twin of the right protocol on the same address and port. `near` is the socket that the
   * run's message came in on: UDP prefers it. Undefined when we listen on no socket of that protocol and family.
   */
  toward(protocol: Protocol, ip: string, near?: LocalSocket, forced?: LocalSocket): LocalSocket | undefined {
    const family: Family = ip.includes(":") ? 6 : 4;
    if (forced) {
      const fits = forced.protocol === protocol || (forced.protocol === "tls" && protocol === "ws");
      const socket = fits ? forced : this.#listening(carrier(protocol), forced.address, forced.port);
      if (socket && socket.family === family) return socket;
    }
    if (protocol === "udp") {
      if (this.mhomed) return this.#routed(ip, family);
      if (near && near.protocol === "udp" && near.family === family) return near;
    }
    return this.#first.get(carrier(protocol) + family);
  }

  aliases(): readonly Alias[] {
    return this.#aliases;
  }

  /** Adds an alias while the server runs (corex `append…`, RPC). False when there was one that says the same. */
  addAlias(alias: Alias): boolean {
    if (this.#aliases.some((a) => same(a, alias))) return false;
    this.#aliases.push(alias);
    return true;
  }

  /** Whether host, port (0: any) and protocol (none: any) mean this server (check_self). */
  isMyself(host: string, port: number, protocol?: Protocol): boolean {
    if (host === "") return false;
    if (this.find(protocol, host, port)) return true;
    const name = unbracket(host).toLowerCase();
    return this.#aliases.some(
      (a) =>
        (a.port === 0 || port === 0 || a.port === port) &&
        (a.protocol === undefined || protocol === undefined || a.protocol === protocol) &&
        a.host.length === name.length &&
        a.host.toLowerCase() === name,
    );
  }

  /** The socket of exactly this address; port 0 means any (find_si). */
  #listening(protocol: Protocol, address: string, port: number): ListenSocket | undefined {
    const key = addressKey(address);
    return this.#byProtocol
      .get(protocol)
      ?.find(
        (s) =>
          (port === 0 || s.port === port) &&
          (addressKey(s.address) === key || (s.advertise !== undefined && addressKey(s.advertise.host) === key)),
      );
  }

  #routed(ip: string, family: Family): ListenSocket | undefined {
    const address = this.#net.routeTo(ip, family);
    if (address === undefined) return undefined;
    return (
      this.#listening("udp", address, 0) ??
      this.#byProtocol.get("udp")?.find((s) => s.family === family && !isLoopback(s.address) && !isMulticast(s.address))
    );
  }

  #candidates(protocol: Protocol | undefined): readonly ListenSocket[] {
    return protocol === undefined ? this.all : (this.#byProtocol.get(carrier(protocol)) ?? []);
  }

  #isLocal(address: string): boolean {
    const key = addressKey(address);
    return this.#net.interfaces().some((i) => addressKey(i.address) === key);
  }
}

/** The first socket of the family, but a loopback or multicast one gives way to the next. */
const preferred = (sockets: readonly ListenSocket[], family: Family): ListenSocket | undefined => {
  let best: ListenSocket | undefined;
  for (const socket of sockets)
    if (socket.family === family && (!best || isLoopback(best.address) || isMulticast(best.address))) best = socket;
  return best;
};

const same = (a: Alias, b: Alias): boolean =>
  a.protocol === b.protocol && a.port === b.port && a.host.toLowerCase() === b.host.toLowerCase();
