/** `$var` that still holds what another message left in it. */
import type { Expr, Script } from "../../../grammar/tree.ts";
import type { Entrance } from "./flow/flow.ts";
import { variablesOf } from "./names.ts";
import type { Rule } from "./rule.ts";
import { unwritten } from "./unwritten.ts";
import { blocks, expressions, parts, statements } from "./walk.ts";

export const varReadBeforeWrite: Rule = {
  name: "var-read-before-write",
  severity: "warning",
  doc: "$var and $vn belong to the worker: before the run writes one, it holds what an earlier message left there. Some way to this read passes no write.",
  source: "Pseudo-variables cookbook, $var(name); kamailio#3114",
  measured: "3,066 places, 3 found, 3 of 3 right",
  bad: 'request_route { if (is_method("INVITE")) $var(kind) = "call"; if ($var(kind) == "call") exit; xlog("x"); }',
  good: 'request_route { $var(kind) = ""; if (is_method("INVITE")) $var(kind) = "call"; if ($var(kind) == "call") exit; xlog("x"); }',
  check(script, tell, { flow }) {
    const from = (it: Entrance): boolean => it !== "resume" && it !== "unknown";
    for (const { text, at } of unwritten(flow, { from, leaveOut: decided(script) }))
      tell(at.span, `\`${text}\` may still hold what another message left in it`, "set it at the beginning");
  },
};

/** Reads under a condition on a variable of the same kind, which may well say whether the other was written. */
function decided(script: Script): Set<Expr> {
  const under = new Set<Expr>();
  for (const block of blocks(script)) {
    for (const it of statements(block.body)) {
      if (it.kind !== "if" || ![...parts(it.condition)].some((one) => [...variablesOf(one)].some(isPrivate))) continue;
      for (const one of expressions([...it.then, ...(it.else ?? [])])) under.add(one);
    }
  }
  return under;
}

const isPrivate = ({ name }: { name: string }): boolean => name === "var" || name === "vn";
