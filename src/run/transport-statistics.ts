/** Kamailio's `tcp` statistics (core/tcp_stats.c), read from the transports in use. */
import type { Statistics } from "../declare/core.ts";
import type { Transports } from "../transport/transports.ts";

export const countTransports = (statistics: Statistics, current: () => Transports | undefined): void => {
  const tcp = (name: string, read: (transports: Transports) => number): void =>
    statistics.gauge("tcp", name, () => {
      const transports = current();
      return transports ? read(transports) : 0;
    });
  tcp("con_reset", (it) => it.tcp.resets);
  tcp("con_timeout", (it) => it.tcp.timeouts);
  tcp("connect_failed", (it) => it.tcp.connectFailed);
  tcp("connect_success", (it) => it.tcp.connected);
  tcp("current_opened_connections", (it) => it.streams.open);
  tcp("current_write_queue_size", (it) => it.streams.queued);
  tcp("established", (it) => it.tcp.established);
  tcp("local_reject", (it) => it.tcp.rejected);
  tcp("passive_open", (it) => it.tcp.passive);
  tcp("send_timeout", (it) => it.tcp.sendTimeouts);
  tcp("sendq_full", (it) => it.tcp.queueFull);
};
