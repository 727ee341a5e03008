/**
 * What a program tells somebody who watches it run: coverage, traces, breakpoints. The compiler writes these calls only
 * into a program that is made for a watcher, so a program that nobody watches costs nothing.
 */
import type { Span } from "../../grammar/tree.ts";
import type { Call } from "../declare/call.ts";
import type { Value } from "../declare/value.ts";

/** A place in the script that can be run, numbered from 0 in the order of `Program.places`. */
export interface Place {
  readonly span: Span;
  /** Kind and name of the block that it stands in: `request`, `route[RELAY]`. */
  readonly route: string;
  /** How many ways lead on from here: 0 for a plain statement, 2 for `if` and `while`, one a case for `switch`. */
  readonly ways: number;
}

/** What happened to a value on the way. */
export type Seen =
  /** A pseudo-variable was read. */
  | "read"
  /** A pseudo-variable was given a value. */
  | "write"
  /** A function returned this code. */
  | "result"
  /** A route block that `route(NAME)` ran returned this code. */
  | "return";

export interface Watch {
  /** The statement at `place` begins. A promise holds the run until it settles (a breakpoint), where the run may wait. */
  step(call: Call, place: number): void | Promise<void>;
  /** The condition at `place` led on by `way`: 0 is the first branch (true), the last is none of them (false). */
  branch(call: Call, place: number, way: number): void;
  /** `name` is as the script writes it: `$ru`, `t_relay`, `route(RELAY)`. `args` are a function's, as it was given them. */
  value(call: Call, place: number, seen: Seen, name: string, value: Value | undefined, args?: readonly Value[]): void;
}
