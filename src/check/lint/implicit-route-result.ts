/** A route whose result depends on what happens to come last in it. */
import { callOf } from "./names.ts";
import type { Rule } from "./rule.ts";

export const implicitRouteResult: Rule = {
  name: "implicit-route-result",
  severity: "warning",
  doc: "A route that ends without `return` gives the result of its last action. Where it is used as a condition, say what it returns.",
  source: "Core cookbook, routing blocks: route; core/action.c",
  measured: "33 places, none found",
  bad: 'request_route { if (route(LOCAL)) exit; xlog("on"); }\nroute[LOCAL] { if ($rd != "a.example") return -1; setflag(1); }',
  good: 'request_route { if (route(LOCAL)) exit; xlog("on"); }\nroute[LOCAL] { if ($rd != "a.example") return -1; setflag(1); return 1; }',
  check(_script, tell, { flow, reached }) {
    const told = new Set<unknown>();
    for (const { nodes } of flow.graphs) {
      for (const node of nodes) {
        const callee = flow.callee(node);
        if (!callee || told.has(callee) || node.what.kind !== "call" || node.what.stands) continue;
        if (reached(node) === undefined || !callee.nodes.some(isReachedEnd)) continue;
        told.add(callee);
        tell(
          callOf(node)!.span,
          `route[${callee.block.name}] may end without \`return\`: its last action is the result`,
          "end the route with `return 1` or `return -1`",
        );
      }
    }

    function isReachedEnd(node: Parameters<typeof reached>[0]): boolean {
      return node.what.kind === "stop" && node.what.how === "end" && reached(node) !== undefined;
    }
  },
};
