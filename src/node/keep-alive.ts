/** The system's probes on a silent connection (SO_KEEPALIVE and its kin). */
import type { Socket } from "node:net";
import type { KeepAlive } from "../transport/socket.ts";

/** libuv knows no way to leave one of them out: these are Linux's own. */
const system = { idle: 7200, interval: 75, count: 9 } as const;

/** Undefined switches them off. */
export function probe(socket: Socket, probes: KeepAlive | undefined): void {
  const idle = probes?.idle || system.idle;
  const interval = probes?.interval || system.interval;
  // Node's types do not know the last two arguments yet.
  const set = socket.setKeepAlive as (on: boolean, idle: number, interval: number, count: number) => Socket;
  set.call(socket, probes !== undefined, idle * 1000, interval * 1000, probes?.count || system.count);
}
