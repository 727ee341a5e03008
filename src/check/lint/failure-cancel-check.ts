/** A failure route that rings again after the caller hung up. */

import type { Node } from "./flow/graph.ts";
import type { Effect } from "./flow/solve.ts";
import { solve } from "./flow/solve.ts";
import { callOf, isNoInvite, isRelay, textOf } from "./names.ts";
import type { Rule } from "./rule.ts";

const DONE: Effect = { kill: 1n };

/** Whether this way out of a node is none of a cancelled call. */
function excludes(node: Node, when: boolean | undefined): boolean {
  const call = callOf(node);
  if (!call) return isNoInvite(node, when);
  if (call.name === "t_is_canceled" || call.name === "t_is_cancelled") return true;
  // A call that was cancelled ends with 487.
  if (call.name === "t_check_status")
    return when === !/487|4\[|\[4|\.|^4/.test(textOf(call.args[0]) ?? "487") || when === false;
  return isNoInvite(node, when);
}

export const failureCancelCheck: Rule = {
  name: "failure-cancel-check",
  severity: "warning",
  doc: "A failure route runs for a call that the caller has cancelled, too: look with t_is_canceled() before the request is sent to somebody else.",
  source: "Module tm, t_is_canceled(); etc/kamailio.cfg, failure_route",
  measured: "",
  bad: 'request_route { t_on_failure("F"); t_relay(); }\nfailure_route[F] { $du = "sip:b.example"; t_on_failure("F"); t_relay(); }',
  good: 'request_route { t_on_failure("F"); t_relay(); }\nfailure_route[F] { if (t_is_canceled()) exit; $du = "sip:b.example"; t_on_failure("F"); t_relay(); }',
  check(_script, tell, { flow }) {
    const unasked = solve(flow, {
      start: (entrance) => (entrance === "failure" ? 1n : 0n),
      effect: (node, when) => (excludes(node, when) ? DONE : undefined),
    });
    for (const { nodes } of flow.graphs) {
      for (const node of nodes) {
        const call = callOf(node);
        if (call && isRelay(call) && unasked(node))
          tell(
            call.span,
            "a cancelled call would be sent on from a failure route here",
            "write `if (t_is_canceled()) exit;`",
          );
      }
    }
  },
};
