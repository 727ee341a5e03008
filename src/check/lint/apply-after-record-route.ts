/** A Record-Route that is written too early. */
import type { Node } from "./flow/graph.ts";
import { solve } from "./flow/solve.ts";
import { callOf, isRelay } from "./names.ts";
import type { Rule } from "./rule.ts";

export const applyAfterRecordRoute: Rule = {
  name: "apply-after-record-route",
  severity: "warning",
  doc: "record_route() leaves the socket open, which is known only when the message is sent: msg_apply_changes() behind it writes the field without.",
  source: "FAQ, changes to headers or body that are not visible immediately",
  measured: "",
  bad: "request_route { record_route(); msg_apply_changes(); t_relay(); }",
  good: "request_route { msg_apply_changes(); record_route(); t_relay(); }",
  check(_script, tell, { flow }) {
    const recorded = solve(flow, {
      start: () => 0n,
      effect: (node) => (callOf(node)?.name.startsWith("record_route") ? { gen: 1n } : undefined),
    });
    const early: Node[] = [];
    for (const { nodes } of flow.graphs)
      for (const node of nodes) if (callOf(node)?.name === "msg_apply_changes" && recorded(node)) early.push(node);
    if (early.length === 0) return;
    // No harm is done to a request that is not relayed.
    const bits = new Map(early.map((node, index) => [node, 1n << BigInt(index)]));
    const applied = solve(flow, {
      start: () => 0n,
      effect(node) {
        const gen = bits.get(node);
        return gen === undefined ? undefined : { gen };
      },
    });
    let harmful = 0n;
    for (const { nodes } of flow.graphs) {
      for (const node of nodes) {
        const call = callOf(node);
        if (call && isRelay(call)) harmful |= applied(node) ?? 0n;
      }
    }
    for (const [node, bit] of bits)
      if (harmful & bit)
        tell(callOf(node)!.span, "this writes the Record-Route before it is complete", "call record_route() behind it");
  },
};
