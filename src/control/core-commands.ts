/** The control commands of the core: `core.*` and `system.*`. Always there, whatever a script loads. Follows Kamailio's core_cmd.c. */

import type { Core } from "../declare/core.ts";
import { declare, int, optional, RpcArray, RpcFault, RpcStruct, str } from "../declare/module.ts";
import type { Int } from "../declare/value.ts";
import { blocklistCommands } from "./blocklist-commands.ts";
import { dnsCommands } from "./dns-commands.ts";
import { type SystemState, systemCommands } from "./system-commands.ts";
import { tcpCommands } from "./tcp-commands.ts";
import { traceCommands } from "./trace-commands.ts";

const { rpc, module } = declare<SystemState>();

/** Features by their names in Kamailio's compile flags. */
const flags = "USE_TCP, USE_TLS, USE_DNS_CACHE, USE_DNS_FAILOVER, USE_NAPTR";

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Local time as ctime(3) writes it. */
export function ctime(wall: number): string {
  const at = new Date(wall);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = String(at.getDate()).padStart(2, " ");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${days[at.getDay()]} ${months[at.getMonth()]} ${day} ${time} ${at.getFullYear()}`;
}

const uptime = (core: Core): number => Math.trunc((core.host.clock.wall() - core.startedAt) / 1000);
const version = (core: Core): string => core.host.process.version ?? "";

/** Divisors of core.shmmem: bytes, k, m and g, each with or without a b. */
function divisor(unit: string | undefined): number {
  const match = /^([bkmg])b?$/i.exec(unit ?? "b");
  if (!match) throw new RpcFault(500, "bad param, (use b|k|m|g)");
  return 1024 ** "bkmg".indexOf(match[1]!.toLowerCase());
}

/** Descriptions of what Kamailio has processes for: the server itself, and a line for each pool of workers. */
function processes(core: Core): RpcStruct[] {
  const { pid } = core.host.process;
  const line = (index: number, description: string, more: readonly [string, number][] = []): RpcStruct =>
    new RpcStruct([["IDX", index], ["PID", pid], ["DSC", description], ...more]);
  const pools = core.workers().map((pool, i) =>
    line(i + 1, `workers of ${pool.name}`, [
      ["SLOTS", pool.slots],
      ["BUSY", pool.busy],
      ["QUEUED", pool.queued],
      ["DROPPED", pool.dropped],
      ["HANDLED", pool.handled],
    ]),
  );
  return [line(0, "main process - attendant"), ...pools];
}

export const coreCommands = module({
  name: "core-rpc",
  doc: "Control commands of the server itself.",
  params: {},
  start: (_, __, old) => ({ pages: old?.pages ?? new Map() }),
  functions: {},
  variables: {},
  events: {},

  commands: {
    ...systemCommands,
    "core.version": rpc({
      doc: "Name and version of the server.",
      args: {},
      run: (_, __, core) => `viaduct ${version(core)} (${core.host.process.platform ?? ""})`,
    }),
    "core.info": rpc({
      doc: "The version and what it was built from.",
      args: {},
      run: (_, __, core) => ({ version: `viaduct ${version(core)}`, id: "", compiler: "", compiled: "", flags }),
    }),
    "core.runinfo": rpc({
      doc: "The version, and how long the server runs.",
      args: {},
      run(_, __, core) {
        const seconds = uptime(core);
        const [d, h, m] = [
          Math.trunc(seconds / 86_400),
          Math.trunc(seconds / 3600) % 24,
          Math.trunc(seconds / 60) % 60,
        ];
        return {
          name: "viaduct",
          version: version(core),
          sourceid: "",
          compiler: "",
          compiled: "",
          time_now: ctime(core.host.clock.wall()),
          time_started: ctime(core.startedAt),
          uptime_secs: seconds,
          utime_days: `${d}d ${h}h ${m}m ${seconds % 60}s`,
        };
      },
    }),
    "core.uptime": rpc({
      doc: "The time, when the server was started, and the seconds since.",
      args: {},
      run: (_, __, core) => ({
        now: ctime(core.host.clock.wall()),
        up_since: ctime(core.startedAt),
        uptime: uptime(core),
      }),
    }),
    "core.flags": rpc({ doc: "Features, by the names of Kamailio's compile flags.", args: {}, run: () => flags }),

    "core.ps": rpc({
      doc: "Process id and description of the server and of each pool of workers.",
      args: {},
      run: (_, __, core) => processes(core).flatMap(({ fields }) => [fields[1]![1], fields[2]![1]]),
    }),
    "core.psx": rpc({
      doc: "The server and its pools of workers: slots, how many are busy, and the messages that wait, were dropped and handled.",
      args: {},
      run: (_, __, core) => processes(core),
    }),
    "core.psa": rpc({
      doc: "The same in other words: index, pid, status, rank and description.",
      args: {},
      run: (_, __, core) =>
        processes(core).map(({ fields }, index) => ({
          index,
          pid: fields[1]![1],
          status: 1,
          rank: index,
          description: fields[2]![1],
        })),
    }),
    "core.pwd": rpc({
      doc: "The working directory.",
      args: {},
      run: (_, __, core) => [core.host.process.cwd?.() ?? ""],
    }),
    "core.arg": rpc({
      doc: "The command line.",
      args: {},
      run: (_, __, core) => [...(core.host.process.argv ?? [])],
    }),
    "core.kill": rpc({
      doc: "Sends the server a signal.",
      args: { signal: int("Number of the signal.", { fallback: 15 }) },
      run({ signal }, _, core) {
        const number = Number(signal);
        // The answer goes out first; a number that is no signal does nothing, as in Kamailio.
        if (number > 0 && number <= 64) core.host.clock.after(0, () => core.host.process.signal?.(number));
        return undefined;
      },
    }),
    "core.shmmem": rpc({
      doc: "Memory, by Kamailio's names: total and free are the JavaScript heap, real_used is the whole process.",
      args: { unit: optional(str("b, k, m or g.")) },
      run({ unit }, _, core) {
        const by = divisor(unit);
        const { rss, heapUsed, heapTotal } = core.host.process.memory();
        const of = (bytes: number): number => Math.trunc(bytes / by);
        return {
          total: of(heapTotal),
          free: of(heapTotal - heapUsed),
          used: of(heapUsed),
          real_used: of(rss),
          max_used: of(rss),
          fragments: 0,
        };
      },
    }),

    "core.prints": rpc({
      doc: "Gives texts back.",
      args: {},
      rest: str("A text."),
      run: ({ rest }) => rest ?? [],
    }),
    "core.printi": rpc({
      doc: "Gives integers back.",
      args: {},
      rest: int("An integer."),
      run: ({ rest }) => (rest as readonly Int[] | undefined) ?? [],
    }),
    "core.echo": rpc({
      doc: "Gives its parameters back, as texts.",
      args: {},
      rest: str("Anything."),
      run: ({ rest }) => rest ?? [],
    }),

    "core.echo_delta": rpc({
      doc: "Gives its parameters back, as texts.",
      args: {},
      rest: str("Anything."),
      run: ({ rest }) => rest ?? [],
    }),
    "core.udp4_raw_info": rpc({
      doc: "Kamailio's raw sockets, which there are none of.",
      args: {},
      run() {
        throw new RpcFault(500, "udp4_raw mode support not compiled");
      },
    }),

    "core.aliases_list": rpc({
      doc: "The names that are this server's own.",
      args: {},
      run: (_, __, core) => ({
        myself_callbacks: "no",
        aliases: core.sockets.aliases().map(({ protocol, host, port }) => ({
          alias: { proto: protocol ?? "*", address: host, port: port || "*" },
        })),
      }),
    }),
    "core.sockets_list": rpc({
      doc: "The sockets that the server listens on; `workers` when a socket has its own.",
      args: {},
      run: (_, __, core) =>
        new RpcArray(
          core.sockets.all.map((socket) => ({
            socket: {
              af: socket.family === 6 ? "ipv6" : "ipv4",
              proto: socket.protocol,
              address: socket.address,
              port: String(socket.port),
              agname: "none",
              mcast: "no",
              mhomed: "no",
              virtual: socket.virtual ? "yes" : "no",
              ...(socket.workers !== undefined && { workers: socket.workers }),
            },
          })),
        ),
    }),
    "core.modules": rpc({
      doc: "The loaded modules, the latest first.",
      args: {},
      run: (_, __, core) =>
        core.modules
          .map(({ name }) => name)
          .filter((name) => name !== "core" && name !== "core-rpc")
          .reverse(),
    }),
    "core.ppdefines": rpc({
      doc: "The names that the preprocessor knows.",
      args: {},
      run: (_, __, core) => [...(core.defines?.().keys() ?? [])],
    }),
    "core.ppdefines_full": rpc({
      doc: "The names that the preprocessor knows, with their values.",
      args: {},
      run: (_, __, core) =>
        [...(core.defines?.() ?? [])].map(([name, value]) => ({ name, type: 0, value: value ?? "none" })),
    }),
    ...tcpCommands,
    ...dnsCommands,
    ...blocklistCommands,
    ...traceCommands,
  },
});
