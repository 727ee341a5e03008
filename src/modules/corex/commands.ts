/** Commands of corex: sockets, memory, log level. */
import { declare, int, optional, type Rpc, RpcFault } from "../../declare/module.ts";
import type { Corex } from "./corex.ts";
import { advertised, socketText } from "./variables.ts";

const { rpc } = declare<Corex>();

export const commands: Record<string, Rpc<Corex>> = {
  "corex.list_sockets": rpc({
    doc: "The sockets that the server listens on.",
    args: {},
    run: (_args, _state, { sockets }) =>
      sockets.all.map((it) => ({
        af: it.family === 6 ? "IPv6" : "IPv4",
        proto: it.protocol,
        name: it.address,
        addrlist: { addr: it.address },
        port: String(it.port),
        sockstr: socketText(it),
        agname: "none",
        mcast: "no",
        mhomed: "no",
        virtual: it.virtual ? "yes" : "no",
        sockname: it.name ?? "-",
        advertise: advertised(it) || "-",
      })),
  }),
  "corex.list_aliases": rpc({
    doc: "The names that are this server's.",
    args: {},
    run: (_args, _state, { sockets }) =>
      sockets.aliases().map((it) => ({ proto: it.protocol ?? "*", addr: it.host, port: it.port })),
  }),
  "corex.debug": rpc({
    doc: "The log level, or sets it and gives the old and the new one.",
    args: { level: optional(int("The new level.")) },
    run({ level }, _state, { config }) {
      const old = config.int("debug");
      if (level === undefined) return { debug: old };
      if (!config.set("core", "debug", level)) throw new RpcFault(500, "Operation failed");
      return { old, new: Number(level) };
    },
  }),
  "shm.stats": rpc({
    doc: "Memory of the server, in bytes.",
    args: {},
    run(_args, _state, { host }) {
      const { rss, heapUsed, heapTotal } = host.process.memory();
      return {
        total: heapTotal,
        free: heapTotal - heapUsed,
        used: heapUsed,
        real_used: rss,
        max_used: heapTotal,
        fragments: 0,
      };
    },
  }),
  "shm.info": rpc({
    doc: "The memory manager and how much it has.",
    args: {},
    run: (_args, _state, { host }) => ({ name: "v8", size: host.process.memory().heapTotal }),
  }),
};
