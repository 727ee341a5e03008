/** Private variables that a resumed run does not have. */
import type { Rule } from "./rule.ts";
import { unwritten } from "./unwritten.ts";

export const varAcrossSuspend: Rule = {
  name: "var-across-suspend",
  severity: "warning",
  doc: "$var and $vn belong to the worker; in the route that goes on after http_async_query() or async_route() they hold something else.",
  source: "Module http_async_client, http_async_query(); module async, overview",
  measured: "",
  bad: 'request_route { $var(k) = "a"; http_async_query("http://x", "GO"); }\nroute[GO] { xlog("$var(k)"); }',
  good: 'request_route { $avp(k) = "a"; http_async_query("http://x", "GO"); }\nroute[GO] { xlog("$avp(k)"); }',
  check(_script, tell, { flow }) {
    for (const { text, at } of unwritten(flow, (it) => it === "resume"))
      tell(
        at.span,
        `\`${text}\` does not survive the suspension: it is unset here`,
        "use $avp, which the transaction keeps",
      );
  },
};
