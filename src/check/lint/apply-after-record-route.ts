/** A Record-Route that is written too early. */
import { solve } from "./flow/solve.ts";
import { leadingTo } from "./leading.ts";
import { callOf, relays } from "./names.ts";
import type { Rule } from "./rule.ts";

/** record_route_preset() writes the whole field at once. */
const LEAVES_OPEN = new Set(["record_route", "record_route_advertised_address"]);

export const applyAfterRecordRoute: Rule = {
  name: "apply-after-record-route",
  severity: "warning",
  doc: "record_route() leaves the socket open, which is known only when the message is sent: msg_apply_changes() behind it writes the field without.",
  source: "FAQ, changes to headers or body that are not visible immediately",
  measured: "24 places, none found",
  bad: "request_route { record_route(); msg_apply_changes(); t_relay(); }",
  good: "request_route { msg_apply_changes(); record_route(); t_relay(); }",
  check(_script, tell, { flow }) {
    const recorded = solve(flow, {
      start: () => 0n,
      effect: (node) => (LEAVES_OPEN.has(callOf(node)?.name ?? "") ? { gen: 1n } : undefined),
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
