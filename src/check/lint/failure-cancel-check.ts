/** A failure route that rings again after the caller hung up. */

import type { Node } from "./flow/graph.ts";
import type { Effect } from "./flow/solve.ts";
import { solve } from "./flow/solve.ts";
import { callOf, isNoInvite, isRelay, textOf } from "./names.ts";
import type { Rule } from "./rule.ts";

const DONE: Effect = { kill: 1n };

/** Whether this way out of a node is none of a cancelled call. */
function excludes(node: Node, when: boolean | undefined): boolean {
  const name = callOf(node)?.name;
  if (name === "t_is_canceled" || name === "t_is_cancelled") return true;
  const status = statusTest(node);
  // A call that was cancelled ends with 487.
  if (status !== undefined && when !== undefined) return status.test("487") !== when;
  return isNoInvite(node, when);
}

/** The codes that a node asks for. */
function statusTest(node: Node): RegExp | undefined {
  const call = callOf(node);
  if (call) return call.name === "t_check_status" ? pattern(textOf(call.args[0])) : undefined;
  if (node.what.kind !== "test" || node.what.condition.kind !== "binary") return undefined;
  const { operator, left, right } = node.what.condition;
  const isStatus =
    (left.kind === "legacy" && left.name === "status") ||
    (left.kind === "variable" && /^\$\(?(?:rs|T_reply_code)\)?$/.test(left.text));
  if (!isStatus || (operator !== "==" && operator !== "=~")) return undefined;
  return pattern(operator === "==" ? `^(${textOf(right)})$` : textOf(right));
}

function pattern(text: string | undefined): RegExp | undefined {
  try {
    return text === undefined ? undefined : new RegExp(text);
  } catch {
    return undefined; // What POSIX understands and this does not.
  }
}

export const failureCancelCheck: Rule = {
  name: "failure-cancel-check",
  severity: "warning",
  doc: "A failure route runs for a call that the caller has cancelled, too: look with t_is_canceled() before the request is sent to somebody else.",
  source: "Module tm, t_is_canceled(); etc/kamailio.cfg, failure_route",
  measured: "28 places, 9 found, 9 of 9 right",
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
