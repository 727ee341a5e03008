/** What a lint rule is: advice on a script that Kamailio would load. */
import type { Script, Severity, Span } from "../../../grammar/tree.ts";

export interface Rule {
  /** Stable; scripts name it in `# lint: ignore NAME`. */
  readonly name: string;
  readonly severity: Severity;
  /** What the rule is about, and why. */
  readonly doc: string;
  /** A script that the rule finds fault with, and the same done well. */
  readonly bad: string;
  readonly good: string;
  check(script: Script, tell: Tell): void;
}

export type Tell = (span: Span, message: string, hint?: string) => void;
