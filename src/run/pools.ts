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

  /** Makes the pools of these sockets in order, and forgets those of sockets that are gone. */
  use(sockets: readonly LocalSocket[], settings: PoolSettings): void {
    this.#settings = settings;
    for (const socket of this.#bySocket.keys()) if (!sockets.includes(socket)) this.#bySocket.delete(socket);
    for (const socket of sockets) if (!socket.virtual) this.of(socket);
  }

  list(): WorkerPool[] {
    return [...new Set(this.#bySocket.values())];
  }

  #make(socket: LocalSocket): Pool {
    const { children, tcpChildren, queueBytes } = this.#settings;
    const pool = (name: string, slots: number): Pool => {
      const made = new Pool(name, Math.max(1, slots), queueBytes, this.#nextRank);
      this.#nextRank += made.slots;
      return made;
    };
    const place = `${socket.protocol}:${socket.address}:${socket.port}`;
    let own: Pool;
    if (socket.protocol === "udp") own = pool(`udp receiver ${place}`, socket.workers || children);
    else if (socket.workers) own = pool(`tcp receiver (${place})`, socket.workers);
    else own = this.#shared ??= pool("tcp receiver (generic)", tcpChildren);
    this.#bySocket.set(socket, own);
    return own;
  }
}
