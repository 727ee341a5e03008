/** `return 0` ends more than the route. */
import type { Rule } from "./rule.ts";

export const returnZeroExits: Rule = {
  name: "return-zero-exits",
  severity: "warning",
  doc: "`return 0` in a route ends the whole script, as `exit` does, unless the parameter return_mode is 1.",
  source: "Core cookbook, return, return_mode",
  measured: "74 places, 3 found, 3 of 3 right",
  bad: 'request_route { route(A); xlog("never"); }\nroute[A] { return 0; }',
  good: 'request_route { route(A); xlog("goes on"); }\nroute[A] { return; }',
  check(_script, tell, { flow, reached }) {
    if (flow.returnMode) return;
    for (const { block, nodes } of flow.graphs) {
      if (block.block !== "route") continue;
      for (const node of nodes) {
        const { what } = node;
        if (what.kind !== "stop" || what.how !== "return" || what.value?.kind !== "number") continue;
        if (what.value.value === 0n && reached(node) !== undefined)
          tell(
            what.value.span,
            "`return 0` ends the whole script",
            "write `exit` if that is meant, else `return` or `return -1`",
          );
      }
    }
  },
};
