/** A route that goes on with a suspended transaction runs as a failure route. */

import { callOf } from "./names.ts";
import { misplaced } from "./route-kinds.ts";
import type { Rule } from "./rule.ts";

export const resumeRouteKind: Rule = {
  name: "resume-route-kind",
  severity: "warning",
  doc: "The route that goes on after http_async_query(), async_route() or t_continue() runs as a failure route does: functions that are not for failure routes fail there, or answer past the transaction.",
  source: "Module tmx, t_continue(); kamailio#750, kamailio#1160, kamailio#3009",
  measured: "137 places, 5 found, 5 of 5 right",
  bad: 'request_route { t_newtran(); http_async_query("http://x", "GO"); }\nroute[GO] { sl_send_reply("403", "No"); }',
  good: 'request_route { t_newtran(); http_async_query("http://x", "GO"); }\nroute[GO] { send_reply("403", "No"); }',
  check(_script, tell, { flow, modules }) {
    for (const { node, name } of misplaced(flow, modules, ["resume"]))
      tell(
        callOf(node)!.nameSpan,
        `\`${name}\` is not for failure routes, and a suspended run goes on as one here`,
        REPLIES.has(name) ? "call send_reply()" : undefined,
      );
  },
};

const REPLIES = new Set(["sl_send_reply", "sl_reply_error", "sl_reply"]);
