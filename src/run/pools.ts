/**
 * Which pool of worker slots serves which socket (SYSTEMS.md, section 4): each UDP socket has `children` slots of its
 * own, all stream sockets share `tcp_children`; `socket_workers` gives a socket a pool that serves only it.
 */
import type { WorkerPool } from "../declare/core.ts";
import type { LocalSocket } from "../sip/address.ts";
import { Pool } from "./workers.ts";

export interface PoolSettings {
  readonly children: number;
  readonly tcpChildren: number;
  /** Bytes of messages that may wait for a slot of one pool. */
  readonly queueBytes: number;
}

const placeOf = ({ protocol, address, port }: LocalSocket): string => `${protocol}:${address}:${port}`;

/** Kamailio's order of processes: 0 is the attendant, then the workers socket by socket. */
const FIRST_RANK = 1;

export class Pools {
  readonly #bySocket = new Map<LocalSocket, Pool>();
  #shared: Pool | undefined;
  #settings: PoolSettings;
  #nextRank = FIRST_RANK;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
  }

  /** The pool of a socket; made when it is first asked for. */
  of(socket: LocalSocket): Pool {
    return this.#bySocket.get(socket) ?? this.#make(socket);
  }

  /**
   * Makes the pools of these sockets in order, and forgets those of sockets that are gone. A socket of the same address
   * keeps its pool with what waits there, and the pool gets the number of slots that is wanted now.
   */
  use(sockets: readonly LocalSocket[], settings: PoolSettings): void {
    this.#settings = settings;
    const { children, tcpChildren, queueBytes } = settings;
    const before = new Map([...this.#bySocket].map(([socket, pool]) => [placeOf(socket), pool]));
    this.#bySocket.clear();
    this.#shared?.resize(tcpChildren, queueBytes, this.#ranks);
    for (const socket of sockets) {
      const pool = before.get(placeOf(socket));
      if (pool && pool !== this.#shared) pool.resize(socket.workers || children, queueBytes, this.#ranks);
      // A stream socket may have got workers of its own, or lost them.
      const fits = socket.protocol === "udp" || (pool === this.#shared) === !socket.workers;
      if (pool && fits) this.#bySocket.set(socket, pool);
      else if (!socket.virtual) this.of(socket);
    }
  }

  readonly #ranks = (count: number): number => {
    const first = this.#nextRank;
    this.#nextRank += count;
    return first;
  };

  list(): WorkerPool[] {
    return [...new Set(this.#bySocket.values())];
  }

  #make(socket: LocalSocket): Pool {
    const { children, tcpChildren, queueBytes } = this.#settings;
    const pool = (name: string, slots: number): Pool => {
      const count = Math.max(1, slots);
      return new Pool(name, count, queueBytes, this.#ranks(count));
    };
    const place = placeOf(socket);
    let own: Pool;
    if (socket.protocol === "udp") own = pool(`udp receiver ${place}`, socket.workers || children);
    else if (socket.workers) own = pool(`tcp receiver (${place})`, socket.workers);
    else own = this.#shared ??= pool("tcp receiver (generic)", tcpChildren);
    this.#bySocket.set(socket, own);
    return own;
  }
}
