/** A query that cannot wait for its answer. */
import { neverSuspends } from "./dead-after-suspend.ts";
import { solve } from "./flow/solve.ts";
import { callOf } from "./names.ts";
import type { Rule } from "./rule.ts";

/** Functions behind which there is a transaction. */
const MAKES = /^t_(?:newtran|relay|reply|send_reply|forward|suspend|replicate|lookup|check)|^async_/;

export const suspendWithoutTransaction: Rule = {
  name: "suspend-without-transaction",
  severity: "warning",
  doc: "http_async_query() suspends the transaction; where the request has none yet the run goes on at once, and the route runs later without the request.",
  source: "Module http_async_client, http_async_query(); async_http.c",
  measured: "",
  bad: 'request_route { http_async_query("http://x", "GO"); }\nroute[GO] { exit; }',
  good: 'request_route { if (!t_newtran()) exit; http_async_query("http://x", "GO"); }\nroute[GO] { exit; }',
  check(script, tell, { flow }) {
    if (neverSuspends(script)) return;
    const lacking = solve(flow, {
      start: (entrance) => (entrance === "request" ? 1n : 0n),
      effect: (node) => (MAKES.test(callOf(node)?.name ?? "") ? { kill: 1n } : undefined),
    });
    for (const { nodes } of flow.graphs) {
      for (const node of nodes) {
        const call = callOf(node);
        if (call?.name === "http_async_query" && lacking(node))
          tell(call.span, "there is no transaction to suspend here", "call t_newtran() before");
      }
    }
  },
};
