/** pike: finds addresses that send too much. Follows Kamailio's src/modules/pike. */
import { type Core, type Counter, LogLevel } from "../../declare/core.ts";
import { declare, int, type RouteKind, type Rpc, RpcFault, str } from "../../declare/module.ts";
import { parseIp } from "../../sip/ip.ts";
import type { Timer } from "../../transaction/clock.ts";
import { AddressTree } from "./tree.ts";

interface Pike {
  readonly core: Core;
  readonly tree: AddressTree;
  readonly limit: number;
  /** Seconds of a period. */
  readonly period: number;
  readonly logLevel: number;
  readonly blocked: Counter;
  readonly timers: (Timer | undefined)[];
}
const { fn, rpc, module } = declare<Pike>();
const routes: readonly RouteKind[] = ["request", "onreply"];

const seconds = ({ host }: Core): number => Math.floor(host.clock.now() / 1000);

function check(address: Uint8Array, shown: string, state: Pike): 1 | -1 | -2 {
  const { core, tree } = state;
  const found = tree.hit(address, seconds(core));
  if (found === "ok") return 1;
  if (found === "blocked") return -1;
  core.log.write(state.logLevel, `PIKE - BLOCKing ip ${shown}\n`);
  state.blocked.value++;
  return -2;
}

/** Bytes as an address is written. */
function written(bytes: readonly number[]): string {
  if (bytes.length <= 4) return bytes.join(".");
  const groups: string[] = [];
  for (let i = 0; i < bytes.length; i += 2) groups.push(((bytes[i]! << 8) | (bytes[i + 1] ?? 0)).toString(16));
  return groups.join(":");
}

function halt({ timers }: Pike): void {
  for (const timer of timers) timer?.cancel();
}

/** Runs `work` every `ms` until another generation serves. */
function every(state: Pike, index: number, ms: number, work: () => void): void {
  state.timers[index] = state.core.host.clock.after(ms, () => {
    work();
    every(state, index, ms, work);
  });
}

const codes = {
  1: "the address is not blocked",
  [-1]: "it is blocked, or is no address",
  [-2]: "it is blocked from now on",
} as const;

const top: Rpc<Pike> = rpc({
  doc: "Addresses that were seen: HOT ones, or ALL.",
  args: { filter: str("ALL, HOT or WARM.", { fallback: "HOT" }) },
  run({ filter }, { tree, limit, core }) {
    const wanted = ["ALL", "HOT", "WARM"].find((it) => filter.toUpperCase().includes(it));
    if (!wanted) throw new RpcFault(500, "Bad argument. Select: ALL, HOT or WARM");
    const rows = tree
      .list(seconds(core))
      // Kamailio never lists addresses that are only warm.
      .filter((it) => wanted === "ALL" || (wanted === "HOT" && it.status === "HOT"))
      .map((it) => ({
        ip_addr: written(it.bytes),
        leaf_hits_prev: it.ownBefore,
        leaf_hits_curr: it.own,
        expires: it.expires,
        status: it.status,
      }));
    return { max_hits: limit, list: rows, number_of_rows: rows.length };
  },
});

export const pike = module({
  name: "pike",
  doc: "Finds addresses that send too much.",

  params: {
    sampling_time_unit: int("Length of a period, in seconds.", { fallback: 2 }),
    reqs_density_per_unit: int("Messages of an address in a period that block it.", { fallback: 30 }),
    remove_latency: int("Seconds without a message after which an address is forgotten.", { fallback: 120 }),
    pike_log_level: int("Level of the lines about blocking.", { fallback: LogLevel.warn }),
  },

  start: (params, core, old) => ({
    core,
    tree: new AddressTree(Number(params.reqs_density_per_unit), Number(params.remove_latency), old?.tree),
    limit: Number(params.reqs_density_per_unit),
    period: Math.max(Number(params.sampling_time_unit), 1),
    logLevel: Number(params.pike_log_level),
    blocked: core.statistics.counter("pike", "blocked_ips"),
    timers: [],
  }),
  open(state) {
    const { core, tree, logLevel } = state;
    every(state, 0, 1000, () => tree.clean(seconds(core)));
    every(state, 1, state.period * 1000, () =>
      tree.swap((bytes) => core.log.write(logLevel, `PIKE - UNBLOCKing ip ${written(bytes)}\n`)),
    );
  },
  cool: halt,
  stop: halt,

  functions: {
    pike_check_req: fn({
      doc: "Counts the message for the address it came from.",
      in: routes,
      args: {},
      returns: codes,
      run({ msg: { received } }, _args, state) {
        const address = parseIp(received.srcIp);
        return address ? check(address, received.srcIp, state) : 1;
      },
    }),
    pike_check_ip: fn({
      doc: "Counts a message for an address.",
      in: routes,
      args: { ip: str("The address.") },
      returns: codes,
      run({ core }, { ip }, state) {
        const address = parseIp(ip);
        if (address) return check(address, ip, state);
        core.log.write(LogLevel.err, `pike: \`${ip}\` is no address\n`);
        return -1;
      },
    }),
  },
  variables: {},
  commands: { "pike.top": top, "pike.list": top },
  events: {},
  statistics: { "pike.blocked_ips": "How often an address was blocked." },
});
