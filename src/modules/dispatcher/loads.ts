/** The calls that algorithm 10 counts: which destination a call went to. */
import type { DestinationSet } from "./set.ts";

interface Load {
  readonly set: number;
  readonly duid: string;
  /** Milliseconds of the host's clock at which the call is forgotten: at all, and unless it was answered. */
  readonly expires: number;
  readonly expiresUnanswered: number;
  answered: boolean;
}

export class Loads {
  readonly #calls = new Map<string, Load>();
  /** Milliseconds; 0 for no limit. */
  readonly #lifetime: number;
  readonly #setupTime: number;
  readonly #now: () => number;

  constructor(lifetime: number, setupTime: number, now: () => number) {
    this.#lifetime = lifetime;
    this.#setupTime = setupTime;
    this.#now = now;
  }

  /** False when the call is counted already, or the destination has no id. */
  add(callId: string, set: DestinationSet, index: number): boolean {
    const destination = set.list[index]!;
    if (destination.duid === "" || this.#calls.has(callId)) return false;
    const at = (time: number): number => (time === 0 ? Number.POSITIVE_INFINITY : this.#now() + time);
    this.#calls.set(callId, {
      set: set.id,
      duid: destination.duid,
      expires: at(this.#lifetime),
      expiresUnanswered: at(this.#setupTime),
      answered: false,
    });
    destination.load++;
    return true;
  }

  answered(callId: string): void {
    const load = this.#calls.get(callId);
    if (load) load.answered = true;
  }

  /** False when the call is not counted, or its destination is gone. */
  remove(callId: string, sets: ReadonlyMap<number, DestinationSet>): boolean {
    const load = this.#calls.get(callId);
    if (load === undefined || !release(load, sets)) return false;
    this.#calls.delete(callId);
    return true;
  }

  /** Counts the call at another destination of its set. "unknown": that destination is not in the set. */
  move(callId: string, duid: string, sets: ReadonlyMap<number, DestinationSet>): "done" | "unknown" | "failed" {
    const load = this.#calls.get(callId);
    const set = load && sets.get(load.set);
    if (load === undefined || set === undefined) return "failed";
    const index = set.list.findIndex((it) => it.duid.toLowerCase() === duid.toLowerCase());
    if (index < 0) return "unknown";
    release(load, sets);
    this.#calls.delete(callId);
    return this.add(callId, set, index) ? "done" : "failed";
  }

  /** Forgets calls whose time has passed. */
  expire(sets: ReadonlyMap<number, DestinationSet>): void {
    const now = this.#now();
    for (const [callId, load] of this.#calls)
      if (load.expires < now || (!load.answered && load.expiresUnanswered < now)) {
        release(load, sets);
        this.#calls.delete(callId);
      }
  }
}

function release({ set, duid }: Load, sets: ReadonlyMap<number, DestinationSet>): boolean {
  const destination = sets.get(set)?.list.find((it) => it.duid.toLowerCase() === duid.toLowerCase());
  if (destination === undefined) return false;
  if (destination.load > 0) destination.load--;
  return true;
}
