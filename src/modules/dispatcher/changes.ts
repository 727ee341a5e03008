/** Changing the state of destinations, and telling the script of it. */
import type { Lists } from "../../declare/lists.ts";
import { type Destination, Flag, isDown } from "./destination.ts";
import type { DestinationSet } from "./set.ts";
import type { Change, Dispatcher } from "./state.ts";

/** `aipdt` in any order and case: active, inactive, probing, disabled, trying. Undefined for other letters. */
export function parseStates(text: string): number | undefined {
  let flags = 0;
  for (const c of text.toLowerCase()) {
    if (c === "a") flags &= ~Flag.states;
    else if (c === "i") flags |= Flag.inactive;
    else if (c === "d") flags |= Flag.disabled;
    else if (c === "t") flags |= Flag.trying;
    else if (c === "p") flags |= Flag.probing;
    else return undefined;
  }
  return flags;
}

export interface Update {
  /** Bits of Flag. */
  readonly state: number;
  /** The state counts at once, whatever the thresholds say (a script has set it). */
  readonly forced: boolean;
  readonly change: Change;
  /** AVPs and friends of the run that has set it, which the event route shares. */
  readonly lists?: Lists;
}

/** Sets the state that a ping or a script has found (Kamailio's ds_update_state). */
export function update(
  set: DestinationSet,
  it: Destination,
  { state, forced, change, lists }: Update,
  all: Dispatcher,
): void {
  const old = it.flags;
  const wasInactive = (old & Flag.inactive) !== 0;
  let next = state;
  // An inactive destination has to become active before a failure counts again.
  if ((state & Flag.trying) !== 0 && wasInactive) next = (state & ~Flag.trying) | Flag.inactive;
  it.flags = (old & ~Flag.states) | ((next & Flag.disabled) !== 0 ? Flag.disabled : next);
  if ((next & Flag.trying) !== 0) failed(it, forced, all);
  else if ((state & Flag.trying) === 0 && wasInactive) answered(it, old, forced, all);
  else it.probes = 0;
  const first = old === 0 && all.settings.eventMode === 2;
  if (all.settings.eventMode !== 1 || !forced) {
    if (isDown(it.flags) && (!isDown(old) || first)) tell(all, "dispatcher:dst-down", change, lists);
    else if (!isDown(it.flags) && (isDown(old) || first)) tell(all, "dispatcher:dst-up", change, lists);
  }
  if (isDown(old) !== isDown(it.flags)) set.stateChanged();
}

function failed(it: Destination, forced: boolean, { settings }: Dispatcher): void {
  it.probes++;
  if (!forced && it.probes < settings.probingThreshold) return;
  it.flags = (it.flags & ~Flag.trying) | Flag.inactive;
  it.probes = 0;
}

function answered(it: Destination, old: number, forced: boolean, { settings }: Dispatcher): void {
  it.probes++;
  if (forced || it.probes >= settings.inactiveThreshold) it.probes = 0;
  else it.flags |= Flag.inactive | (old & Flag.probing);
}

function tell({ core, changes }: Dispatcher, event: string, change: Change, lists: Lists | undefined): void {
  void core.runEvent(event, undefined, (call) => {
    if (lists) call.lists = lists;
    call.msg.newUri = change.uri;
    changes.set(call, change);
  });
}

/** Sets the state without any counting (command dispatcher.set_state). */
export function setState(set: DestinationSet, it: Destination, state: number): void {
  const old = it.flags;
  it.flags = (old & ~Flag.states) | state;
  if (isDown(old) !== isDown(it.flags)) set.stateChanged();
}
