/** The system's probes on a silent connection (SO_KEEPALIVE and its kin). */
import type { Socket } from "node:net";
import type { KeepAlive } from "../../transport/socket.ts";

/** libuv sets all of them or none: these, Linux's own, stand in for those that are not given. */
const system = { idle: 7200, interval: 75, count: 9 } as const;

/** Undefined switches them off. */
export function probe(socket: Socket, probes: KeepAlive | undefined): void {
  const { idle, interval, count } = probes ?? { idle: 0, interval: 0, count: 0 };
  if (idle === 0 && interval === 0 && count === 0) {
    socket.setKeepAlive(probes !== undefined);
    return;
  }
  // Node's types do not know the last two arguments yet.
  const set = socket.setKeepAlive as (on: boolean, idle: number, interval: number, count: number) => Socket;
  set.call(socket, true, (idle || system.idle) * 1000, (interval || system.interval) * 1000, count || system.count);
}
