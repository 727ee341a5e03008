/** The result of a call inside an expression is only true or false. */
import type { Rule } from "./rule.ts";
import { blocks, expressions } from "./walk.ts";

const COMPARISONS = new Set(["==", "!=", "<", "<=", ">", ">=", "ieq", "ine"]);

export const callCompared: Rule = {
  name: "call-compared",
  severity: "warning",
  doc: "A call inside an expression is worth 1 or 0, never its return code: `route(X) == -2` cannot be true.",
  source: "Core cookbook, return",
  measured: "329 places, none found",
  bad: 'request_route { if (route(A) == -2) exit; xlog("x"); }\nroute[A] { return -2; }',
  good: 'request_route { route(A); if ($rc == -2) exit; xlog("x"); }\nroute[A] { return -2; }',
  check(script, tell) {
    for (const block of blocks(script)) {
      for (const it of expressions(block.body)) {
        if (it.kind !== "binary" || !COMPARISONS.has(it.operator)) continue;
        const [call, other] = it.left.kind === "call" ? [it.left, it.right] : [it.right, it.left];
        if (call.kind !== "call" || call.name === "selval" || other.kind !== "number") continue;
        if (other.value === 0n || other.value === 1n) continue;
        tell(it.span, `\`${call.name}(…)\` is 1 or 0 here, never ${other.value}`, "call it first, then compare $rc");
      }
    }
  },
};
