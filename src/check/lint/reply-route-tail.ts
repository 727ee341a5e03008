/** A reply that is lost because the last call of reply_route failed. */
import type { Expr, Statement } from "../../../grammar/tree.ts";
import type { Module } from "../../declare/module.ts";
import { isLog } from "./names.ts";
import type { Rule } from "./rule.ts";
import { blocks } from "./walk.ts";

/** The calls that may be what a block does last. */
function* tails(body: readonly Statement[]): Generator<Expr & { readonly kind: "call" }> {
  const last = body.findLast(({ kind }) => kind !== "empty");
  if (last?.kind === "expression" && last.value.kind === "call") yield last.value;
  else if (last?.kind === "block") yield* tails(last.body);
  else if (last?.kind === "if") {
    yield* tails(last.then);
    if (last.else) yield* tails(last.else);
  }
}

/** Functions that may return a negative code. */
function failing(modules: readonly Module[]): Set<string> {
  const names = new Set<string>();
  for (const { functions } of modules)
    for (const [name, fn] of Object.entries(functions))
      if (Object.keys(fn.returns as object).some((code) => Number(code) < 0)) names.add(name);
  return names;
}

export const replyRouteTail: Rule = {
  name: "reply-route-tail",
  severity: "warning",
  doc: "The result of reply_route's last action is that of the route, and a reply whose route fails is not relayed: end with `return`.",
  source: "Core cookbook, reply_route; core/receive.c",
  measured: "19 places, 1 found, 1 of 1 right",
  bad: "reply_route { fix_nated_contact(); }\nrequest_route { exit; }",
  good: "reply_route { fix_nated_contact(); return; }\nrequest_route { exit; }",
  check(script, tell, { modules }) {
    const may = failing(modules);
    for (const block of blocks(script)) {
      if (block.block !== "onreply" || block.name !== "") continue;
      for (const call of tails(block.body))
        if (may.has(call.name) && !isLog(call) && !/^(?:append|insert)_|^set_recv/.test(call.name))
          tell(call.span, "when this fails the reply is not relayed", "end with `return`");
    }
  },
};
