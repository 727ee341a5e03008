/** A query that outlives the transaction that waits for it. */
import type { Script } from "../../../grammar/tree.ts";
import type { Node } from "./flow/graph.ts";
import { callOf } from "./names.ts";
import type { Rule } from "./rule.ts";
import { SOME, transactions } from "./transactions.ts";
import { blocks, calls, statements } from "./walk.ts";

/** tm's fr_timer, milliseconds. */
const DEFAULT = 30_000n;

function frTimer(script: Script): bigint {
  let timer = DEFAULT;
  for (const it of script.items)
    if (it.kind === "mod-param" && it.name === "fr_timer" && typeof it.value.value === "bigint") timer = it.value.value;
  return timer;
}

export const httpTimeoutGeFr: Rule = {
  name: "http-timeout-ge-fr",
  severity: "warning",
  off: true,
  doc: "When tm's fr_timer runs out first, the suspended transaction is answered with 408 and the answer of the query comes too late: $http_req(timeout) has to be smaller.",
  source: "Module http_async_client, $http_req(timeout)",
  measured: "5 places, none found",
  bad: 'modparam("tm", "fr_timer", 5000)\nrequest_route { t_newtran(); $http_req(timeout) = 10000; http_async_query("http://x", "GO"); }\nroute[GO] { exit; }',
  good: 'modparam("tm", "fr_timer", 5000)\nrequest_route { t_newtran(); $http_req(timeout) = 2000; http_async_query("http://x", "GO"); }\nroute[GO] { exit; }',
  check(script, tell, { flow }) {
    const has = transactions(flow);
    const waits = (node: Node): boolean =>
      callOf(node)?.name === "http_async_query" && ((has(node) ?? 0n) & SOME) !== 0n;
    if (!flow.graphs.some(({ nodes }) => nodes.some(waits))) return;
    const timer = frTimer(script);
    const late = (value: bigint): boolean => value >= timer;
    const say = `the transaction ends after ${timer} ms already`;
    for (const it of script.items) {
      if (it.kind !== "mod-param" || it.modules !== "http_async_client" || it.name !== "connection_timeout") continue;
      if (typeof it.value.value === "bigint" && late(it.value.value))
        tell(it.value.span, say, "wait less than fr_timer");
    }
    for (const block of blocks(script)) {
      for (const { name } of calls(block.body)) if (name === "t_set_fr") return; // Each transaction has its own.
    }
    for (const block of blocks(script)) {
      for (const it of statements(block.body)) {
        if (it.kind !== "assign" || !/^\$\(?http_req\(timeout\)/.test(it.target.text)) continue;
        if (it.value.kind === "number" && late(it.value.value)) tell(it.value.span, say, "wait less than fr_timer");
      }
    }
  },
};
