/** ds_select_dst() and its kin: choosing a destination, and keeping the others for failover. */

import type { Call } from "../../declare/call.ts";
import { type Xavp, XavpData, XavpList } from "../../declare/xavp.ts";
import type { LocalSocket } from "../../sip/address.ts";
import { branchTo } from "../../sip/message.ts";
import { rewriteUri } from "../../sip/rewrite.ts";
import { Algorithm, type Choice, choose } from "./choose.ts";
import { isDown } from "./destination.ts";
import { type DestinationSet, isFull } from "./set.ts";
import type { Dispatcher } from "./state.ts";

/** Where the destination goes: the next hop, the host of the Request-URI, or only into the list. */
export type Target = "dst" | "domain" | "list";

/** Bits of xavp_dst_mode and xavp_ctx_mode. */
const DstMode = { noAttributes: 1, socket: 2, socketName: 4 } as const;
const NO_COUNT = 1;

export interface Selecting {
  readonly limit: number;
  /** Destinations that are in the list, and the last of them. */
  count: number;
  last: Xavp | undefined;
}

/** 0 stands for no limit. */
export const selecting = (limit: number): Selecting => ({
  limit: limit <= 0 ? Number.POSITIVE_INFINITY : limit,
  count: 0,
  last: undefined,
});

export interface Order {
  readonly set: number;
  readonly algorithm: number;
  readonly target: Target;
}

/** 1: chosen. 2: chosen, but branches are missing. -1: the set is unknown, or none of it can be used. */
export function select(call: Call, order: Order, progress: Selecting, state: Dispatcher): 1 | 2 | -1 {
  const { settings } = state;
  if (order.target === "dst" && !settings.forceDst && call.msg.dstUri !== null) return -1;
  const set = state.sets.get(order.set);
  const choice = set && choose(call, set, order.algorithm, state);
  if (!set || !choice) return -1;
  const at = choice.order ? choice.number : usable(set, choice, settings.useDefault);
  if (at < 0) return -1;
  const { uri, socket } = set.list[at]!;
  if (!push(call, uri, socket, order.target)) return -1;
  if (choice.turns) set.next = (at + 1) % set.list.length;
  if (order.algorithm === Algorithm.parallel) return branches(call, set, at, order.target);
  if (!settings.failover || settings.xavpDst === "") return 1;
  const algorithm = choice.uncounted ? Algorithm.callId : order.algorithm;
  for (const index of choice.order ?? failover(set, at, algorithm, state)) {
    if (progress.count >= progress.limit) break;
    if (!keep(call, set, index, algorithm, progress, state)) return -1;
  }
  const last = set.list.length - 1;
  if (settings.useDefault && at !== last && progress.count < progress.limit)
    if (!keep(call, set, last, algorithm, progress, state)) return -1;
  return 1;
}

/** The chosen destination, or the next one that is up; -1 when there is none. */
function usable(set: DestinationSet, { number }: Choice, useDefault: boolean): number {
  const size = set.list.length;
  const cycle = useDefault && size !== 1 ? size - 1 : size;
  const start = number % cycle;
  let at = start;
  while (isDown(set.list[at]!.flags)) {
    at = (at + 1) % cycle;
    if (at === start) return useDefault && !isDown(set.list[size - 1]!.flags) ? size - 1 : -1;
  }
  return at;
}

/** The chosen one, and those behind and before it that may be tried when it fails. */
function failover(set: DestinationSet, at: number, algorithm: number, { settings }: Dispatcher): number[] {
  const size = set.list.length;
  const others = Array.from({ length: size - 1 }, (_, i) => (at + 1 + i) % size).filter((i) => {
    const it = set.list[i]!;
    if (isDown(it.flags) || (settings.useDefault && i === size - 1)) return false;
    return algorithm !== Algorithm.load || !isFull(it);
  });
  return [at, ...others];
}

function push({ msg }: Call, uri: string, socket: LocalSocket | undefined, target: Target): boolean {
  if (target === "list") return true;
  if (target === "dst") {
    msg.dstUri = uri;
    msg.uriConsumed = false;
  } else {
    const parsed = msg.parsedUri;
    const changed = parsed && rewriteUri(parsed, "hostall", uri.replace(/^sips?:/i, ""));
    if (changed === null) return false;
    msg.newUri = changed;
  }
  if (socket) msg.forceSendSocket = socket;
  return true;
}

/** Algorithm 12: every destination behind the chosen one is a branch. */
function branches({ msg, core }: Call, set: DestinationSet, at: number, target: Target): 1 | 2 {
  const most = core.config.int("max_branches") || 12;
  for (const { uri, socket } of set.list.slice(target === "list" ? at : at + 1)) {
    let branchUri = msg.uri;
    if (target === "domain") {
      const user = msg.parsedUri?.user ?? "";
      branchUri = user === "" ? uri : uri.replace(/^(sips?:)/, `$1${user.replaceAll("$", "$$$$")}@`);
    }
    if (msg.branches.length >= most - 1) return 2;
    msg.addBranch({
      ...branchTo(branchUri),
      dstUri: target === "domain" ? "" : uri,
      socket,
    });
  }
  return 1;
}

/** Puts a destination at the end of the list for failover. False: algorithm 10 needs an id. */
function keep(
  { lists }: Call,
  set: DestinationSet,
  index: number,
  algorithm: number,
  progress: Selecting,
  { settings }: Dispatcher,
): boolean {
  const it = set.list[index]!;
  const { xavpDst, xavpDstMode } = settings;
  const fields = new XavpList();
  fields.add("uri", it.uri);
  fields.add("grp", set.id);
  fields.add("dstidx", index);
  if ((xavpDstMode & DstMode.noAttributes) === 0 && it.attributes !== "") fields.add("attrs", it.attributes);
  if (it.socket) {
    fields.add("sock", new XavpData(it.socket));
    if (xavpDstMode & DstMode.socket && it.socketText !== "") fields.add("socket", it.socketText);
    if (xavpDstMode & DstMode.socketName && it.socketName !== "") fields.add("sockname", it.socketName);
  }
  if (algorithm === Algorithm.load) {
    if (it.duid === "") return false;
    fields.add("dstid", it.duid);
  }
  const { xavps } = lists;
  if (progress.last === undefined || !xavps.addAfter(progress.last, xavpDst, fields))
    progress.last = xavps.add(xavpDst, fields);
  else progress.last = xavps.items[xavps.items.indexOf(progress.last) + 1];
  progress.count++;
  return true;
}

/** Shows the script how many destinations there are. */
export function showCount({ lists }: Call, { count }: Selecting, { settings }: Dispatcher): void {
  if ((settings.xavpCtxMode & NO_COUNT) === 0 && settings.xavpCtx !== "")
    lists.xavps.addList(settings.xavpCtx).add("cnt", count);
}

/** `SET=ALGORITHM;…`: the destinations of several sets one behind the other. */
export function selectRoutes(call: Call, rules: string, target: Target, limit: number, state: Dispatcher): 1 | 2 | -1 {
  const progress = selecting(limit);
  let result: 1 | 2 | -1 = -1;
  for (const rule of rules.replace(/;$/, "").split(";")) {
    const parts = /^(\d*)=(\d*)$/.exec(rule);
    if (parts === null) return -1;
    // Once a destination is set the others only go into the list.
    const order = {
      set: Number(parts[1]),
      algorithm: Number(parts[2]),
      target: result > 0 ? ("list" as const) : target,
    };
    const selected = select(call, order, progress, state);
    if (selected > 0) result = selected;
  }
  if (result > 0) showCount(call, progress, state);
  return result;
}

/** Sets the first destination of the list, or with `next` the one behind it. -1: there is none. */
export function useListed(call: Call, next: boolean, target: Target, state: Dispatcher): 1 | -1 {
  const { settings, loads, sets } = state;
  const { xavps } = call.lists;
  if (next && (!settings.failover || settings.xavpDst === "")) return -1;
  for (;;) {
    const current = xavps.get(settings.xavpDst);
    if (!(current?.value instanceof XavpList)) return -1;
    if (next) xavps.removeItem(current);
    const fields = xavps.sub(settings.xavpDst);
    const uri = fields?.get("uri")?.value;
    if (!fields || typeof uri !== "string") return -1;
    const socket = fields.get("sock")?.value;
    const own = socket instanceof XavpData ? (socket.data as LocalSocket) : undefined;
    if (!push(call, uri, own, target)) return -1;
    const duid = fields.get("dstid")?.value;
    if (!next || typeof duid !== "string") return 1;
    const moved = loads?.move(call.msg.callId, duid, sets) ?? "failed";
    if (moved !== "unknown") return moved === "done" ? 1 : -1;
  }
}
