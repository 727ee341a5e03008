/**
 * The control sockets of a module over its generations: a new generation takes over the addresses that it shares with
 * the one before, so that a reload neither drops clients nor finds its own address in use.
 */
import type { Control, ControlAddress, ControlHandlers, ControlServer } from "../../declare/host.ts";

export interface ControlSocket {
  readonly address: ControlAddress;
  readonly handlers: ControlHandlers;
}

interface Entry {
  readonly server: ControlServer;
  handlers: ControlHandlers;
  owner: object;
}

const keyOf = (address: ControlAddress): string =>
  address.path === undefined ? `${address.kind}:${address.host}:${address.port}` : `${address.kind}:${address.path}`;

export class ControlSockets {
  readonly #open = new Map<string, Entry>();

  /** Opens what `owner` wants and is not open yet. Rejects, with nothing changed, when one cannot be opened. */
  async open(owner: object, control: Control, wanted: readonly ControlSocket[]): Promise<void> {
    const made: [key: string, entry: Entry][] = [];
    try {
      for (const { address, handlers } of wanted) {
        const key = keyOf(address);
        if (this.#open.has(key)) continue;
        const entry: { -readonly [K in keyof Entry]: Entry[K] } = {
          server: { close: async () => {} },
          handlers,
          owner,
        };
        entry.server = await control.listen(address, {
          connection: (connection) => entry.handlers.connection(connection),
          datagram: (data, reply) => entry.handlers.datagram?.(data, reply),
        });
        made.push([key, entry]);
      }
    } catch (error) {
      for (const [, entry] of made) await entry.server.close();
      throw error;
    }
    for (const [key, entry] of made) this.#open.set(key, entry);
  }

  /** Hands `owner` what it wants and is open already. */
  take(owner: object, wanted: readonly ControlSocket[]): void {
    for (const { address, handlers } of wanted) {
      const entry = this.#open.get(keyOf(address));
      if (entry) Object.assign(entry, { handlers, owner });
    }
  }

  /** Closes what still belongs to `owner`. */
  async close(owner: object): Promise<void> {
    for (const [key, entry] of this.#open) {
      if (entry.owner !== owner) continue;
      this.#open.delete(key);
      await entry.server.close();
    }
  }
}
