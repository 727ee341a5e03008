/** A request URI that failure routes never see. */

import type { Node } from "./flow/graph.ts";
import { solve } from "./flow/solve.ts";
import { callOf, readsOf, variablesOf } from "./names.ts";
import type { Rule } from "./rule.ts";

const URI = new Set(["ru", "rU", "rd", "rp", "du"]);

const edited = ({ what }: Node): boolean =>
  what.kind === "assign" && [...variablesOf(what.target)].some(({ name }) => URI.has(name));

export const uriEditAfterNewtran: Rule = {
  name: "uri-edit-after-newtran",
  severity: "info",
  off: true,
  doc: "t_newtran() keeps the request as it is; $ru, $rU, $rd and $du that are set later go out with this try, but a failure route finds what was kept.",
  source: "Module tm, t_newtran(), t_on_failure(); kamailio#3388",
  measured:
    "81 places, 14 found, 1 of 14 right: behind a switch over the result of lookup() none of its cases is left, which nothing tells the rule",
  bad: 'request_route { t_newtran(); $rU = "bob"; t_on_failure("F"); t_relay(); }\nfailure_route[F] { xlog("$rU did not answer"); }',
  good: 'request_route { $rU = "bob"; t_newtran(); t_on_failure("F"); t_relay(); }\nfailure_route[F] { xlog("$rU did not answer"); }',
  check(_script, tell, { flow }) {
    const kept = solve(flow, {
      start: (entrance) => (entrance === "failure" ? 1n : 0n),
      effect: (node) => (edited(node) ? { kill: 1n } : undefined),
    });
    const looks = (node: Node): boolean =>
      readsOf(node).some((it) => [...variablesOf(it)].some(({ name }) => URI.has(name))) && (kept(node) ?? 0n) !== 0n;
    if (!flow.graphs.some(({ nodes }) => nodes.some(looks))) return;
    const made = solve(flow, {
      start: () => 0n,
      effect(node) {
        const name = callOf(node)?.name;
        if (name === "t_newtran") return { gen: 1n };
        return name?.startsWith("t_relay") ? { kill: 1n } : undefined;
      },
    });
    for (const { nodes } of flow.graphs) {
      for (const node of nodes) {
        if (edited(node) && made(node) && node.what.kind === "assign")
          tell(
            node.what.target.span,
            "failure routes find the value from before t_newtran()",
            "set it before t_newtran()",
          );
      }
    }
  },
};
