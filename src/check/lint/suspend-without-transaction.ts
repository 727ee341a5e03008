/** A query that cannot wait for its answer. */
import { neverSuspends } from "./dead-after-suspend.ts";
import type { Flow } from "./flow/flow.ts";
import type { Graph } from "./flow/graph.ts";
import { callOf, isReply } from "./names.ts";
import type { Rule } from "./rule.ts";
import { NONE, transactions } from "./transactions.ts";

/** The route that goes on has something to do with the request. */
function serves(flow: Flow, graph: Graph, seen = new Set<Graph>()): boolean {
  if (seen.has(graph)) return false;
  seen.add(graph);
  return (
    graph.nodes.some((node) => {
      const call = callOf(node);
      return call !== undefined && (isReply(call) || call.name.startsWith("t_"));
    }) || [...flow.callees(graph)].some((it) => serves(flow, it, seen))
  );
}

export const suspendWithoutTransaction: Rule = {
  name: "suspend-without-transaction",
  severity: "warning",
  off: true,
  doc: "http_async_query() suspends the transaction; where the request has none yet the run goes on at once, and the route runs later without the request.",
  source: "Module http_async_client, http_async_query(); async_http.c",
  measured: "9 places, none found",
  bad: 'request_route { http_async_query("http://x", "GO"); }\nroute[GO] { send_reply("403", "No"); }',
  good: 'request_route { if (!t_newtran()) exit; http_async_query("http://x", "GO"); }\nroute[GO] { send_reply("403", "No"); }',
  check(script, tell, { flow }) {
    if (neverSuspends(script)) return;
    const has = transactions(flow);
    for (const { nodes } of flow.graphs) {
      for (const node of nodes) {
        const call = callOf(node);
        if (call?.name !== "http_async_query" || !((has(node) ?? 0n) & NONE)) continue;
        const resumed = flow.resumed(node);
        if (resumed && serves(flow, resumed))
          tell(call.span, "there is no transaction to suspend here", "call t_newtran() before");
      }
    }
  },
};
