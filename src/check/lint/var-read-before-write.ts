/** `$var` that still holds what another message left in it. */
import type { Rule } from "./rule.ts";
import { unwritten } from "./unwritten.ts";

export const varReadBeforeWrite: Rule = {
  name: "var-read-before-write",
  severity: "warning",
  doc: "$var and $vn belong to the worker: before the run writes one, it holds what an earlier message left there. Some way to this read passes no write.",
  source: "Pseudo-variables cookbook, $var(name); kamailio#3114",
  measured: "",
  bad: 'request_route { if (is_method("INVITE")) $var(kind) = "call"; if ($var(kind) == "call") exit; xlog("x"); }',
  good: 'request_route { $var(kind) = ""; if (is_method("INVITE")) $var(kind) = "call"; if ($var(kind) == "call") exit; xlog("x"); }',
  check(_script, tell, { flow }) {
    for (const { text, at } of unwritten(flow, (it) => it !== "resume" && it !== "unknown"))
      tell(at.span, `\`${text}\` may still hold what another message left in it`, "set it at the beginning");
  },
};
