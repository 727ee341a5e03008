/** A request that is answered and then goes on. */
import type { Node } from "./flow/graph.ts";
import { leadingTo } from "./leading.ts";
import { callOf, isFinalReply, isRelay } from "./names.ts";
import type { Rule } from "./rule.ts";

const replies = (node: Node): boolean => {
  const call = callOf(node);
  return call !== undefined && isFinalReply(call);
};
/** A final reply, or handing the request on: only one of them can be the answer. */
const answers = (node: Node): boolean => {
  const call = callOf(node);
  return call !== undefined && (isFinalReply(call) || isRelay(call));
};

export const replyThenFallThrough: Rule = {
  name: "reply-then-fall-through",
  severity: "warning",
  doc: "After a final reply the script goes on; without `exit` the request is then relayed or answered again.",
  source: "Core cookbook, exit; module sl, sl_send_reply(); kamailio#1648",
  measured: "735 places, 17 found, 15 of 15 right",
  bad: 'request_route { if (!is_method("INVITE")) sl_send_reply("405", "No"); t_relay(); }',
  good: 'request_route { if (!is_method("INVITE")) { sl_send_reply("405", "No"); exit; } t_relay(); }',
  check(_script, tell, { flow }) {
    for (const node of leadingTo(flow, { from: replies, to: answers }))
      tell(
        callOf(node)!.span,
        "the request is answered here, and may be relayed or answered again behind it",
        "end with `exit` after the reply",
      );
  },
};
