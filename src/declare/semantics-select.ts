/** Selects, the `@…` names of SER that Kamailio still reads: those that scripts use. */
import type { Call } from "./call.ts";

/** Undefined: the message does not have it. */
export type BoundSelect = (call: Call) => string | undefined;

/** Undefined when there is no such select. */
export function bindSelect(_text: string): BoundSelect | undefined {
  return undefined;
}
