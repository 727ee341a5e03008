/** Statements after the end. */
import type { Statement } from "../../../grammar/tree.ts";
import type { Rule, Tell } from "./rule.ts";
import { blocks, lists } from "./walk.ts";

const ENDS = new Set(["exit", "return", "drop", "break"]);

function look(body: readonly Statement[], tell: Tell): void {
  const end = body.findIndex((it) => ENDS.has(it.kind));
  // Another end does no harm: often the first one stands in an `#!ifdef`.
  const next = end < 0 ? undefined : body.slice(end + 1).find((it) => it.kind !== "empty" && !ENDS.has(it.kind));
  if (next) tell(next.span, `nothing after \`${body[end]!.kind}\` is ever run`);
}

export const unreachable: Rule = {
  name: "unreachable",
  severity: "warning",
  doc: "Statements after exit, return, drop or break in the same block are never run.",
  source: "Core cookbook, exit, return, drop",
  measured: "",
  bad: 'request_route { exit; xlog("never"); }',
  good: 'request_route { xlog("first"); exit; }',
  check(script, tell) {
    for (const block of blocks(script)) for (const body of lists(block.body)) look(body, tell);
  },
};
