/** Commands of corex: sockets, memory, log level. */
import { type Core, LogLevel } from "../../declare/core.ts";
import { declare, int, optional, type Rpc, RpcFault, str } from "../../declare/module.ts";
import type { Corex } from "./corex.ts";
import { advertised, socketText } from "./variables.ts";

const { rpc } = declare<Corex>();

/** The figures of the memory go to the log, as Kamailio's dumps do; `memlog` is the level that they have there. */
function report({ host, log, config }: Core): undefined {
  const { rss, heapUsed, heapTotal } = host.process.memory();
  const level = config.has("memlog") ? config.int("memlog") : LogLevel.dbg;
  log.write(level, `memory: ${rss} bytes resident, ${heapTotal} of heap, ${heapUsed} in use\n`);
  return undefined;
}

export const commands: Record<string, Rpc<Corex>> = {
  "corex.shm_status": rpc({
    doc: "Writes how much memory is in use to the log.",
    args: {},
    run: (_args, _state, core) => report(core),
  }),
  "corex.shm_summary": rpc({
    doc: "Writes how much memory is in use to the log.",
    args: {},
    run: (_args, _state, core) => report(core),
  }),
  "corex.pkg_summary": rpc({
    doc: "Writes how much memory is in use to the log; there is one process.",
    args: { selector: optional(str("idx or pid.")), value: optional(int("Index or process id of the process.")) },
    run({ selector, value }, _state, core) {
      if (selector === undefined || value === undefined) throw new RpcFault(400, "Selector and value not provided");
      if (selector.length !== 3) throw new RpcFault(500, "Unsupported selector");
      const by = selector.toLowerCase();
      if (by !== "idx" && by !== "pid") throw new RpcFault(500, "Unsupported selector type");
      const wanted = Number(value);
      if (by === "idx" && (wanted < 0 || wanted > core.workers().length))
        throw new RpcFault(500, "Index value out of range");
      if (by === "pid" && wanted !== core.host.process.pid) return undefined;
      return report(core);
    },
  }),
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
