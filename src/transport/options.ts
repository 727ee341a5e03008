/** What the transports are made from. */
import type { ReceiveInfo } from "../sip/address.ts";
import type { TransportSettings } from "./settings.ts";
import type { SocketPort, TransportClock } from "./socket.ts";
import type { Sockets } from "./sockets.ts";

/** Levels of log lines, as Kamailio numbers them. */
export const level = { crit: -2, error: -1, warn: 0, notice: 1, info: 2, debug: 3 } as const;

export interface TransportOptions {
  readonly net: SocketPort;
  readonly clock: TransportClock;
  readonly settings: TransportSettings;
  readonly sockets: Sockets;
  /** A whole message came. False when it is not one: the connection it came on is then closed. */
  readonly onMessage: (text: string, received: ReceiveInfo) => boolean;
  readonly log: (level: number, text: string) => void;
}
