/** `if ($x = 1)`, which is legal and always true. */
import type { Rule } from "./rule.ts";
import { blocks, statements } from "./walk.ts";

export const assignmentInCondition: Rule = {
  name: "assignment-in-condition",
  severity: "warning",
  doc: "An assignment in parentheses is an expression worth 1, so `if ($x = 2)` assigns and is always true.",
  source: "Core cookbook, expressions; core/rvalue.c",
  measured: "4,214 places, none found",
  bad: 'request_route { if ($var(x) = 2) exit; xlog("never"); }',
  good: 'request_route { if ($var(x) == 2) exit; xlog("x"); }',
  check(script, tell) {
    for (const block of blocks(script)) {
      for (const it of statements(block.body)) {
        if ((it.kind !== "if" && it.kind !== "while") || it.condition.kind !== "assign-expression") continue;
        tell(it.condition.span, "this assigns, and is always true", "write `==` to compare");
      }
    }
  },
};
