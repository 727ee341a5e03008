/** A suspension that may run out unseen. */
import { solve } from "./flow/solve.ts";
import { callOf } from "./names.ts";
import type { Rule } from "./rule.ts";

/** Somebody has thought of the end. */
const GUARDS = /^t_(?:on_failure|set_fr)$/;

export const suspendUnguarded: Rule = {
  name: "suspend-unguarded",
  severity: "info",
  off: true,
  doc: "A suspended transaction that nobody continues ends with 408 when its timer runs out; only a failure route that was armed before t_suspend() hears of it, and can forget the numbers that were kept for t_continue().",
  source: "Module tmx, t_suspend(); kamailio#322, kamailio#713",
  measured: "3 places, 1 found, 1 of 1 right",
  bad: "request_route { t_newtran(); t_suspend(); exit; }",
  good: 'request_route { t_newtran(); t_on_failure("LATE"); t_suspend(); exit; }\nfailure_route[LATE] { xlog("nobody came"); }',
  check(_script, tell, { flow }) {
    const lacking = solve(flow, {
      start: (entrance) => (entrance === "unknown" ? 0n : 1n),
      effect: (node) => (GUARDS.test(callOf(node)?.name ?? "") ? { kill: 1n } : undefined),
    });
    for (const { nodes } of flow.graphs) {
      for (const node of nodes) {
        const call = callOf(node);
        if (call?.name === "t_suspend" && lacking(node))
          tell(call.span, "no failure route hears of it when nobody continues this", "call t_on_failure() before");
      }
    }
  },
};
