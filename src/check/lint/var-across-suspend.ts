/** Private variables that a resumed run does not have. */
import type { Node } from "./flow/graph.ts";
import { callOf } from "./names.ts";
import type { Rule } from "./rule.ts";
import { unwritten } from "./unwritten.ts";

/** What stands behind these is run later, and perhaps by another worker. */
const sleeps = (node: Node): boolean => /^async_(?:ms_)?sleep$/.test(callOf(node)?.name ?? "");

export const varAcrossSuspend: Rule = {
  name: "var-across-suspend",
  severity: "warning",
  doc: "$var and $vn belong to the worker; in the route that goes on after http_async_query() or async_route(), and behind async_sleep(), they hold something else.",
  source: "Module http_async_client, http_async_query(); module async, overview",
  measured: "43 places, none found",
  bad: 'request_route { $var(k) = "a"; http_async_query("http://x", "GO"); }\nroute[GO] { xlog("$var(k)"); }',
  good: 'request_route { $avp(k) = "a"; http_async_query("http://x", "GO"); }\nroute[GO] { xlog("$avp(k)"); }',
  check(_script, tell, { flow }) {
    for (const { text, at } of unwritten(flow, { from: (it) => it === "resume", forgets: sleeps }))
      tell(
        at.span,
        `\`${text}\` does not survive the suspension: it is unset here`,
        "use $avp, which the transaction keeps",
      );
  },
};
