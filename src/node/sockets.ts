/** The transports' I/O on Node. */
import { lookup, lookupService } from "node:dns/promises";
import type { SocketPort } from "../transport/socket.ts";
import { DatagramSockets, routeTo } from "./datagrams.ts";
import { localAddresses } from "./process-info.ts";
import { connectStream, listenStreams } from "./streams/index.ts";

/** Milliseconds that a start waits for the host name of an address. */
const patience = 2000;

/** `receiveBuffer` (-b) takes the place of what the server asks for, in bytes. */
export function createSockets(receiveBuffer?: number): SocketPort {
  const datagrams = new DatagramSockets();
  return {
    bind: (options, handlers) =>
      datagrams.bind(receiveBuffer === undefined ? options : { ...options, receiveBuffer }, handlers),
    listen: listenStreams,
    connect: connectStream,
    interfaces: localAddresses,
    routeTo,
    async lookup(name) {
      try {
        const found = await lookup(name, { all: true, order: "verbatim" });
        return found.map(({ address, family }) => ({ address, family: family === 6 ? (6 as const) : (4 as const) }));
      } catch {
        return [];
      }
    },
    async reverse(address) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<undefined>((resolve) => {
        timer = setTimeout(() => resolve(undefined), patience);
      });
      try {
        const found = await Promise.race([lookupService(address, 0), late]);
        return found && found.hostname !== address ? found.hostname : undefined;
      } catch {
        return undefined;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
