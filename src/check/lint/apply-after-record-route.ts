/** A message that cannot be changed any more. */
import { solve } from "./flow/solve.ts";
import { leadingTo } from "./leading.ts";
import { callOf, relays } from "./names.ts";
import type { Rule } from "./rule.ts";

export const applyAfterRecordRoute: Rule = {
  name: "apply-after-record-route",
  severity: "warning",
  doc: "msg_apply_changes() refuses to work (-1) behind record_route() and its kin, because a Record-Route may be whole only when the message is sent: what was changed is still not to be seen.",
  source: "FAQ, changes to headers or body that are not visible immediately",
  measured: "24 places, 6 found, 6 of 6 right",
  bad: "request_route { record_route(); msg_apply_changes(); t_relay(); }",
  good: "request_route { msg_apply_changes(); record_route(); t_relay(); }",
  check(_script, tell, { flow }) {
    const recorded = solve(flow, {
      start: () => 0n,
      effect: (node) => (callOf(node)?.name.startsWith("record_route") ? { gen: 1n } : undefined),
    });
    // No harm is done to a request that is not relayed.
    const harmful = leadingTo(flow, {
      from: (node) => callOf(node)?.name === "msg_apply_changes" && (recorded(node) ?? 0n) !== 0n,
      to: relays,
    });
    for (const node of harmful)
      tell(callOf(node)!.span, "this fails behind a Record-Route that was added", "call record_route() behind it");
  },
};
