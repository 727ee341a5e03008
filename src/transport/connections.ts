/** The table of open connections: by id, and by the peer's address and ports (aliases). */
import type { Connection } from "./connection.ts";
import { addressKey } from "./ip.ts";

/** How many ports of a peer may lead to one connection. */
const maxAliases = 12;

const peerKey = (address: string, port: number): string => `${addressKey(address)} ${port}`;

export class Connections {
  readonly #byId = new Map<number, Connection>();
  /** Newest first. */
  readonly #byPeer = new Map<string, Connection[]>();
  readonly #perAddress = new Map<string, number>();
  #lastId = 0;
  #secure = 0;

  /** Those that are secured. */
  get secure(): number {
    return this.#secure;
  }
  get size(): number {
    return this.#byId.size;
  }
  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#byId.values();
  }
  nextId(): number {
    return ++this.#lastId;
  }
  from(address: string): number {
    return this.#perAddress.get(addressKey(address)) ?? 0;
  }

  /** A new connection takes over its peer's address and port from an older one. */
  add(connection: Connection): void {
    this.#byId.set(connection.id, connection);
    if (connection.protocol === "tls") this.#secure++;
    const address = addressKey(connection.remote.address);
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
    this.#byPeer.set(peerKey(connection.remote.address, connection.remote.port), [connection]);
  }

  /** False when the connection has too many aliases. Without `force` a port that leads elsewhere is left alone: false. */
  addAlias(connection: Connection, port: number, force = true): boolean {
    if (connection.ports.includes(port)) return true;
    if (connection.ports.length >= maxAliases) return false;
    const key = peerKey(connection.remote.address, port);
    const others = this.#byPeer.get(key);
    if (others && others.length > 0 && !force) return false;
    connection.ports.push(port);
    this.#byPeer.set(key, [connection, ...(others ?? [])]);
    return true;
  }

  get(id: number): Connection | undefined {
    return this.#byId.get(id);
  }

  /** The newest connection to that peer that `fits`. */
  to(address: string, port: number, fits: (it: Connection) => boolean): Connection | undefined {
    return this.#byPeer.get(peerKey(address, port))?.find(fits);
  }

  remove(connection: Connection): void {
    if (!this.#byId.delete(connection.id)) return;
    if (connection.protocol === "tls" || connection.protocol === "wss") this.#secure--;
    const address = addressKey(connection.remote.address);
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
    for (const port of connection.ports) {
      const key = peerKey(connection.remote.address, port);
      const rest = this.#byPeer.get(key)?.filter((it) => it !== connection) ?? [];
      if (rest.length > 0) this.#byPeer.set(key, rest);
      else this.#byPeer.delete(key);
    }
  }
}
