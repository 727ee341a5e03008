/** A failure route that tries again without asking to be run again. */
import { solve } from "./flow/solve.ts";
import { callOf, isNoInvite, isRelay, textOf } from "./names.ts";
import type { Rule } from "./rule.ts";

export const failureNotRearmed: Rule = {
  name: "failure-not-rearmed",
  severity: "info",
  doc: "A failure route is armed for one try: after t_relay() in it, t_on_failure() must be called again or a second failure passes by.",
  source: "Module tm, t_on_failure(); tm/t_reply.c",
  measured: "28 places, 17 found, 17 of 17 right; two scripts say that it is meant",
  bad: 'request_route { t_on_failure("F"); t_relay(); }\nfailure_route[F] { $du = "sip:b"; t_relay(); }',
  good: 'request_route { t_on_failure("F"); t_relay(); }\nfailure_route[F] { $du = "sip:b"; t_on_failure("LAST"); t_relay(); }\nfailure_route[LAST] { exit; }',
  check(_script, tell, { flow }) {
    const unarmed = solve(flow, {
      start: (entrance) => (entrance === "failure" ? 1n : 0n),
      effect(node, when) {
        const call = callOf(node);
        if (call?.name === "t_on_failure") return { kill: 1n };
        if (call?.name === "t_is_set" && textOf(call.args[0]) === "failure_route" && when === true) return { kill: 1n };
        return isNoInvite(node, when) ? { kill: 1n } : undefined;
      },
    });
    for (const { nodes } of flow.graphs) {
      for (const node of nodes) {
        const call = callOf(node);
        if (call && isRelay(call) && unarmed(node))
          tell(
            call.span,
            "if this try of a failure route fails, too, no failure route is run",
            "call t_on_failure() before",
          );
      }
    }
  },
};
