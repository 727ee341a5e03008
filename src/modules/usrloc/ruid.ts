/** Ids that are unique in a server and among its peers (Kamailio's sruid). */
import type { Core } from "../../declare/core.ts";

export class Ruids {
  readonly #prefix: string;
  #count = 0;

  /** `kind`: four letters that tell where the ids come from. */
  constructor(kind: string, core: Core) {
    const { clock, process } = core.host;
    const server = core.config.int("server_id");
    const seconds = Math.floor(clock.wall() / 1000).toString(16);
    this.#prefix = `${kind}-${server ? `${server.toString(16)}-` : ""}${seconds}-${process.pid.toString(16)}-`;
  }

  /** The next id. Its number stands with the lowest digit first. */
  next(): string {
    this.#count++;
    return this.#prefix + [...this.#count.toString(16)].reverse().join("");
  }
}
