/** Where a request has a transaction. */
import type { Flow } from "./flow/flow.ts";
import { type Facts, solve } from "./flow/solve.ts";
import { callOf } from "./names.ts";

/** Some run comes here without a transaction. */
export const NONE = 1n;
/** Some run comes here with one. */
export const SOME = 2n;

export const transactions = (flow: Flow): Facts =>
  solve(flow, {
    start: (entrance) => (entrance === "request" ? NONE : entrance === "unknown" || entrance === "event" ? 0n : SOME),
    effect(node) {
      const name = callOf(node)?.name ?? "";
      if (MAKES.test(name)) return { kill: NONE, gen: SOME };
      return FINDS.test(name) ? { kill: NONE } : undefined;
    },
  });

/** Functions that make one. */
const MAKES = /^t_(?:newtran|relay|suspend)/;
/** Functions behind which there is one, or may be one. */
const FINDS = /^t_(?:newtran|relay|reply|send_reply|forward|suspend|replicate|lookup|check)|^async_/;
