/**
 * What a program tells somebody who watches it run: coverage, traces, breakpoints. The compiler writes these calls only
 * into a program that is made for a watcher, so a program that nobody watches costs nothing.
 */
import type { Span } from "../../grammar/tree.ts";
import type { Call } from "../declare/call.ts";
import type { Core } from "../declare/core.ts";
import type { Value } from "../declare/value.ts";

/** A place in the script that can be run, numbered from 0 in the order of `Program.places`. */
export interface Place {
  readonly span: Span;
  /** Kind and name of the block that it stands in: `request_route`, `route[RELAY]`. */
  readonly route: string;
  readonly kind: "statement" | "if" | "while" | "switch";
  /** How many ways lead on from here: 0 for a plain statement, 2 for `if` and `while`, one a case for `switch`. */
  readonly ways: number;
  /** What each way is called: `true` and `false`, or the labels of the cases as they were written. */
  readonly names: readonly string[];
  /** What a statement does, unless it calls a function or a block, which is told by itself: `if`, `assign`, `exit`. */
  readonly action: string | undefined;
}

/** What happened to a value on the way. */
export type Seen =
  /** A pseudo-variable, a select (`@ruri.user`) or an operand (`method`) was read; undefined: it could not be. */
  | "read"
  /** A pseudo-variable was given a value; undefined: it refused it. */
  | "write"
  /** A function returned this code. */
  | "result"
  /** A route block that `route(NAME)` ran returned this code. */
  | "return";

/** Told what one program does. Nothing here may throw or change the run. */
export interface Watch {
  /** The statement at `place` begins. A promise holds the run until it settles (a breakpoint), where the run may wait. */
  step(call: Call, place: number): void | Promise<void>;
  /**
   * The condition at `place` led on by `way`: 0 is the first branch (true, the first case), the last is none of them
   * (false, no case), unless a switch has a `default`.
   */
  branch(call: Call, place: number, way: number): void;
  /** `name` is as the script writes it: `$ru`, `t_relay`, `route(RELAY)`. `args` are a function's, as it was given them. */
  value(call: Call, place: number, seen: Seen, name: string, value: Value | undefined, args?: readonly Value[]): void;
  /** A function is about to be called; its end is told as "result". */
  call?(call: Call, place: number, name: string, args: number): void;
  /** A run begins: the server, the transaction layer or a function runs the block `route` (`failure_route[ONE]`). */
  begin?(call: Call, route: string): void;
  /** That run has ended, with the code of its last action. */
  end?(call: Call, route: string, code: number): void;
  /** The statement at `place` is about to run a block by `route(NAME)`; its end is told as "return". */
  enter?(call: Call, place: number, route: string): void;
}

/** Somebody who watches every program that is compiled for a server. */
export interface Watcher {
  /** It may hold runs in `step`: every route is compiled so that it can wait. */
  readonly holds?: boolean;
  /** A program was made, and is told of as `core`'s; `places` are its places. Gives what it tells. */
  watch(core: Core, places: readonly Place[]): Watch;
}

/** Several watchers of the same programs, told in turn; a step waits for all of them. */
export function together(watchers: readonly Watcher[]): Watcher {
  return {
    holds: watchers.some((it) => it.holds),
    watch(core, places) {
      const all = watchers.map((it) => it.watch(core, places));
      return {
        step(call, place) {
          let held: Promise<void>[] | undefined;
          for (const it of all) {
            const answer = it.step(call, place);
            if (answer) held = [...(held ?? []), answer];
          }
          return held && Promise.all(held).then(() => {});
        },
        branch: (call, place, way) => {
          for (const it of all) it.branch(call, place, way);
        },
        value: (call, place, seen, name, value, args) => {
          for (const it of all) it.value(call, place, seen, name, value, args);
        },
        call: (call, place, name, args) => {
          for (const it of all) it.call?.(call, place, name, args);
        },
        begin: (call, route) => {
          for (const it of all) it.begin?.(call, route);
        },
        end: (call, route, code) => {
          for (const it of all) it.end?.(call, route, code);
        },
        enter: (call, place, route) => {
          for (const it of all) it.enter?.(call, place, route);
        },
      };
    },
  };
}
