/** Generations that end what they began while another serves, and the sockets that only they have. */
import type { LocalSocket } from "../../sip/address.ts";
import type { SipMessage } from "../../sip/message.ts";
import type { ListenSocket } from "../../transport/listen.ts";
import { Generation } from "../generation.ts";
import type { Server } from "../server.ts";

export class Cooling {
  readonly #server: Server;
  readonly generations = new Set<Generation>();
  /** Sockets that no script names any more; they stay open while a generation cools. */
  readonly #leaving = new Set<LocalSocket>();

  constructor(server: Server) {
    this.#server = server;
  }

  get size(): number {
    return this.generations.size;
  }

  add(generation: Generation, leaving: readonly ListenSocket[]): void {
    this.generations.add(generation);
    for (const socket of leaving) this.#leaving.add(socket);
  }

  /** It has been stopped. Gives the sockets that can be closed now. */
  remove(generation: Generation): ListenSocket[] {
    this.generations.delete(generation);
    if (this.generations.size > 0) return [];
    const closing = [...this.#leaving] as ListenSocket[];
    this.#leaving.clear();
    return closing;
  }

  get leaving(): readonly LocalSocket[] {
    return [...this.#leaving];
  }

  /**
   * Who processes a message: the generation of its transaction (copies, ACK, CANCEL, replies), else the one that serves.
   * On a socket that is being closed calls end as they began; undefined when it is one that begins there.
   */
  generationOf(msg: SipMessage): Generation | undefined {
    const server = this.#server;
    const owner = msg.protocol === "sip" ? server.transactions.matching(msg)?.owner : undefined;
    if (owner instanceof Generation) return owner;
    const { socket } = msg.received;
    if (!this.#leaving.has(socket)) return server.active;
    const begins = msg.isRequest && msg.method !== "ACK" && !msg.to?.tag;
    return begins ? undefined : this.#listeningOn(socket);
  }

  /** The newest generation for which the socket's address is its own, as Route fields of its dialogs have it. */
  #listeningOn(socket: LocalSocket): Generation | undefined {
    return [...this.generations].reverse().find((it) => it.sockets.all.some((own) => own === socket));
  }
}
