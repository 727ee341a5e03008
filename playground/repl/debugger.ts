/** Stops the script: at lines, at routes, statement by statement. A run that is held waits; all others go on. */
import type { Place, Watch, Watcher } from "../../src/compile/watch.ts";
import type { Call } from "../../src/declare/call.ts";
import type { Core } from "../../src/declare/core.ts";
import type { SipMessage } from "../../src/sip/message.ts";

export interface Breakpoint {
  readonly number: number;
  /** What the user asked for: `kamailio.cfg:120`, `route[RELAY]`. */
  readonly text: string;
  stopsAt(place: Place, places: readonly Place[]): boolean;
}

/** A block that a run is in, and the statement that it has come to there. */
export interface Frame {
  readonly route: string;
  place: Place | undefined;
}

/** A run that is held. */
export interface Stop {
  readonly call: Call;
  readonly place: Place;
  /** The outermost block first. */
  readonly frames: readonly Frame[];
  /** The breakpoint that held it; undefined when it was a step. */
  readonly breakpoint: Breakpoint | undefined;
  readonly goOn: () => void;
}

/** How far a run goes when it goes on: to a breakpoint, to the next statement, the next in its block, out of its block. */
export type Stride = "continue" | "step" | "next" | "out";

/** Name that the text of the user has in place of a file. */
export const INPUT = "input";

export class Debugger implements Watcher {
  readonly holds = true;
  readonly breakpoints: Breakpoint[] = [];
  /** Runs that are held, the oldest first. */
  readonly held: Stop[] = [];
  /** The run that began last, held or not. */
  last: Call | undefined = undefined;
  /** The message that came since, when no route was run for it. */
  unrun: SipMessage | undefined = undefined;
  #numbers = 0;
  readonly #places = new WeakMap<object, readonly Place[]>();
  readonly #frames = new WeakMap<Call, Frame[]>();
  #stride: { readonly how: Stride; readonly call: Call; readonly depth: number } | undefined = undefined;

  watch(core: Core, places: readonly Place[]): Watch {
    const own = places.some((it) => it.span.file !== INPUT);
    if (own) this.#places.set(core.owner, places);
    return {
      step: (call, place) => this.#step(call, places[place]!, places),
      branch() {},
      value: (call, _place, seen) => {
        if (seen === "return") this.#frames.get(call)?.pop();
      },
      begin: (call, route) => {
        const frames = this.#framesOf(call);
        if (frames.length === 0 && !this.#ours.has(call)) {
          this.last = call;
          this.unrun = undefined;
        }
        frames.push({ route, place: undefined });
      },
      end: (call) => {
        const frames = this.#framesOf(call);
        frames.pop();
        if (frames.length === 0 && this.#stride?.call === call) this.#stride = undefined;
      },
      enter: (call, _place, route) => {
        this.#framesOf(call).push({ route, place: undefined });
      },
    };
  }
  readonly #ours = new WeakSet<Call>();

  /** The run is one of the playground itself: it is never the last run of the script. */
  isOurs(call: Call): void {
    this.#ours.add(call);
  }

  /** The places of a generation's script. */
  placesOf(owner: object): readonly Place[] {
    return this.#places.get(owner) ?? [];
  }

  add(text: string, stopsAt: Breakpoint["stopsAt"]): Breakpoint {
    const it = { number: ++this.#numbers, text, stopsAt };
    this.breakpoints.push(it);
    return it;
  }

  /** False when there is none of that number. */
  remove(number: number): boolean {
    const at = this.breakpoints.findIndex((it) => it.number === number);
    if (at >= 0) this.breakpoints.splice(at, 1);
    return at >= 0;
  }

  /** The oldest held run goes on. */
  goOn(how: Stride): void {
    const stop = this.held.shift();
    if (!stop) return;
    this.#stride = how === "continue" ? undefined : { how, call: stop.call, depth: stop.frames.length };
    stop.goOn();
  }

  #framesOf(call: Call): Frame[] {
    let frames = this.#frames.get(call);
    if (!frames) this.#frames.set(call, (frames = []));
    return frames;
  }

  #step(call: Call, place: Place, places: readonly Place[]): void | Promise<void> {
    const frames = this.#framesOf(call);
    const top = frames.at(-1);
    if (top) top.place = place;
    if (place.span.file === INPUT) return;
    const breakpoint = this.breakpoints.find((it) => it.stopsAt(place, places));
    if (!breakpoint && !this.#strideEnds(call, frames.length)) return;
    this.#stride = undefined;
    return new Promise((goOn) => {
      this.held.push({ call, place, frames: frames.map((it) => ({ ...it })), breakpoint, goOn });
    });
  }

  #strideEnds(call: Call, depth: number): boolean {
    const stride = this.#stride;
    if (!stride) return false;
    if (stride.how === "step") return true;
    if (stride.call !== call) return false;
    return stride.how === "next" ? depth <= stride.depth : depth < stride.depth;
  }
}
