/** What a lint rule is: advice on a script that Kamailio would load. */
import type { Script, Severity, Span } from "../../../grammar/tree.ts";
import type { Module } from "../../declare/module.ts";
import type { Flow } from "./flow/flow.ts";
import type { Facts } from "./flow/solve.ts";

export interface Rule {
  /** Stable; scripts name it in `# lint: ignore NAME`. */
  readonly name: string;
  /** Never an error: what a rule finds would be loaded. */
  readonly severity: Exclude<Severity, "error">;
  /** Silent unless somebody gives it a level: it errs too often, or too few public scripts have what it looks at. */
  readonly off?: true;
  /** What the rule is about, and why. */
  readonly doc: string;
  /** Where that is written: a section of Kamailio's documentation, its source, an RFC. */
  readonly source: string;
  /**
   * On 320 public scripts, copies left out: the places that it had to look at (`npm run measure:rules`), what it found
   * there, and how many of the findings that were looked at were right.
   */
  readonly measured: string;
  /** A script that the rule finds fault with, and the same done well. */
  readonly bad: string;
  readonly good: string;
  check(script: Script, tell: Tell, given: Given): void;
}

export type Tell = (span: Span, message: string, hint?: string) => void;

/** What rules share. */
export interface Given {
  readonly flow: Flow;
  /** Defined, and of no further meaning, where some run comes to a node. */
  readonly reached: Facts;
  /** Text of the files. */
  readonly sources: ReadonlyMap<string, string>;
  /** Declarations of every module; none when nothing is to be said of what modules declare. */
  readonly modules: readonly Module[];
}
