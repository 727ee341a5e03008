/** A sub-route that is called from a kind of route in which its functions do not work. */
import type { Entrance } from "./flow/flow.ts";
import { callOf } from "./names.ts";
import { misplaced } from "./route-kinds.ts";
import type { Rule } from "./rule.ts";

const BLOCKS: Partial<Record<Entrance, string>> = {
  onreply: "onreply_route",
  failure: "failure_route",
  branch: "branch_route",
  onsend: "onsend_route",
};

export const calledRouteKind: Rule = {
  name: "called-route-kind",
  severity: "info",
  off: true,
  doc: "Functions are checked in the block in which they are written; a route that is called from a failure, branch or reply route calls them there all the same, where they fail or do something else.",
  source: 'Core cookbook, routing blocks; each module\'s functions, "can be used from"',
  measured: "711 places, 41 found: most of these calls work there all the same",
  bad: 'request_route { t_on_branch("B"); t_relay(); }\nbranch_route[B] { route(OUT); }\nroute[OUT] { t_relay(); }',
  good: 'request_route { t_on_branch("B"); t_relay(); }\nbranch_route[B] { route(OUT); }\nroute[OUT] { xlog("x"); }',
  check(_script, tell, { flow, modules }) {
    for (const { node, name, from } of misplaced(flow, modules, ["onreply", "failure", "branch", "onsend"]))
      tell(
        callOf(node)!.nameSpan,
        `\`${name}\` cannot be called in ${from.map((it) => BLOCKS[it]).join(" or ")}, from which this route is called`,
      );
  },
};
