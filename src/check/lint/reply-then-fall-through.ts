/** A request that is answered and then goes on. */
import { solve } from "./flow/solve.ts";
import { callOf, isFinalReply, isRelay } from "./names.ts";
import type { Rule } from "./rule.ts";

export const replyThenFallThrough: Rule = {
  name: "reply-then-fall-through",
  severity: "warning",
  doc: "After a final reply the script goes on; without `exit` the request is then relayed or answered again.",
  source: "Core cookbook, request_route; kamailio#1648",
  measured: "",
  bad: 'request_route { if (!is_method("INVITE")) sl_send_reply("405", "No"); t_relay(); }',
  good: 'request_route { if (!is_method("INVITE")) { sl_send_reply("405", "No"); exit; } t_relay(); }',
  check(_script, tell, { flow }) {
    const answered = solve(flow, {
      start: () => 0n,
      effect(node, when) {
        const call = callOf(node);
        return call && isFinalReply(call) && when !== false ? { gen: 1n } : undefined;
      },
    });
    for (const { nodes } of flow.graphs) {
      for (const node of nodes) {
        const call = callOf(node);
        if (call && (isFinalReply(call) || isRelay(call)) && answered(node))
          tell(call.span, "the request may have been answered already", "end with `exit` after the reply");
      }
    }
  },
};
