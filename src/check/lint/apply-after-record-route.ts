/** A Record-Route that is written too early. */
import { solve } from "./flow/solve.ts";
import { leadingTo } from "./leading.ts";
import { callOf, relays } from "./names.ts";
import type { Rule } from "./rule.ts";

export const applyAfterRecordRoute: Rule = {
  name: "apply-after-record-route",
  severity: "warning",
  doc: "record_route() leaves the socket open, which is known only when the message is sent: msg_apply_changes() behind it writes the field without.",
  source: "FAQ, changes to headers or body that are not visible immediately",
  measured: "6 found; the ways were not traced by hand",
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
      tell(callOf(node)!.span, "this writes the Record-Route before it is complete", "call record_route() behind it");
  },
};
