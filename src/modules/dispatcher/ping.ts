/** Pinging destinations: a request to each, whose final reply tells whether it is up. */
import { Lists } from "../../declare/lists.ts";
import { after } from "../../declare/value.ts";
import { startRequest } from "../../transaction/uac.ts";
import { userAgentOf } from "../tm/uac.ts";
import { update } from "./changes.ts";
import { type Destination, Flag } from "./destination.ts";
import type { DestinationSet } from "./set.ts";
import { type Dispatcher, Probing } from "./state.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

export function pingAll(state: Dispatcher): void {
  if (!state.pings) return;
  for (const set of state.sets.values()) for (const it of set.list) if (isPinged(it, state)) ping(set, it, state);
}

function isPinged({ flags }: Destination, { settings }: Dispatcher): boolean {
  if ((flags & (Flag.disabled | Flag.noPing | Flag.noDns)) !== 0) return false;
  const flagged = (flags & Flag.probing) !== 0;
  if (settings.probing === Probing.all) return true;
  return flagged && (settings.probing !== Probing.inactive || (flags & Flag.inactive) !== 0);
}

function ping(set: DestinationSet, it: Destination, state: Dispatcher): void {
  const { core, settings } = state;
  const tail = Array.from({ length: 4 }, () => LETTERS[Math.floor(core.host.random.next() * LETTERS.length)]).join("");
  it.latency.sentAt = core.host.clock.now();
  const sent = startRequest(core.transactions.engine, {
    owner: core.owner,
    method: settings.pingMethod,
    requestUri: it.uri,
    to: it.uri,
    from: it.pingFrom || settings.pingFrom,
    fromTag: `${it.id}-${tail}`,
    nextHop: it.outboundProxy || settings.outboundProxy,
    socket: it.pingSocket ?? settings.pingSocket ?? settings.defaultSocket,
    userAgent: userAgentOf(core),
    lists: new Lists(),
    ...(settings.pingTimer > 0 && { frTimer: settings.pingTimer }),
    onEnd: (code, reply) => ended(set.id, it.id, code, typeof reply === "object" ? reply.reason : undefined, state),
  });
  void after(sent, (result) => {
    if (typeof result === "number") ended(set.id, it.id, 500, undefined, state, "Sending keepalive failed");
  });
}

/** The destination may be gone, or another one, since the ping was sent. */
function ended(
  setId: number,
  id: string,
  code: number,
  reply: string | undefined,
  state: Dispatcher,
  problem = "",
): void {
  const { settings, core } = state;
  const set = state.sets.get(setId);
  const it = set?.list.find((one) => one.id === id);
  if (set === undefined || it === undefined) return;
  const flagged = (it.flags & Flag.probing) !== 0;
  if (settings.latencyStats && flagged) {
    if (code === 408) it.latency.timeouts++;
    else if (it.latency.sentAt !== undefined)
      it.latency.add(Math.floor(core.host.clock.now() - it.latency.sentAt), settings.latencyAlpha);
  }
  // Somebody has turned it off meanwhile.
  if ((settings.probing === Probing.onlyFlagged && !flagged) || (it.flags & Flag.disabled) !== 0) return;
  const isUp =
    (code >= 200 && code <= 299) || settings.pingCodes.some((one) => one === code || one === Math.floor(code / 100));
  const stays = isUp
    ? settings.probing === Probing.all || (settings.probing === Probing.onlyFlagged && flagged)
    : settings.probing !== Probing.flagged;
  const next = (isUp ? 0 : Flag.trying) | (stays ? Flag.probing : 0);
  const change = { code, reason: reply ?? problem, flags: reply === undefined ? 0 : 1, uri: it.uri, set: setId };
  update(set, it, { state: next, forced: false, change }, state);
}
