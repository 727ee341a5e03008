/** `$rc` after something that nobody asks for its result. */
import type { Node } from "./flow/graph.ts";
import { solve } from "./flow/solve.ts";
import { callOf, isLog, isReply, readsOf, variablesOf } from "./names.ts";
import type { Rule } from "./rule.ts";

const CODE = new Set(["rc", "retcode", "?"]);
/** Functions that are called for what they do. */
const DOES =
  /^(?:append_|insert_|remove_|t_on_|t_set_|record_route|msg_apply_changes|sht_rm|sht_lock|sht_unlock|lock|unlock)/;

const clobbers = (node: Node): boolean => {
  const call = callOf(node);
  return call !== undefined && call.name !== "log" && (isLog(call) || isReply(call) || DOES.test(call.name));
};

export const rcClobbered: Rule = {
  name: "rc-clobbered",
  severity: "warning",
  doc: "`$rc` (`$retcode`, `$?`) is the result of the last call, and xlog() and its like are calls: keep the result in a variable before.",
  source: "Pseudo-variables cookbook, $rc; FAQ",
  measured: "52 places, 1 found, 1 of 1 right",
  bad: 'request_route { route(A); xlog("A is done\\n"); if ($rc == -2) exit; xlog("x"); }\nroute[A] { return -2; }',
  good: 'request_route { route(A); $var(rc) = $rc; xlog("A is done\\n"); if ($var(rc) == -2) exit; xlog("x"); }\nroute[A] { return -2; }',
  check(_script, tell, { flow }) {
    const after = solve(flow, {
      start: () => 0n,
      // Where the result was looked at, it is the one that is meant.
      effect: (node) =>
        node.what.kind !== "call" ? undefined : node.what.stands && clobbers(node) ? { gen: 1n } : { kill: 1n },
    });
    for (const { nodes } of flow.graphs) {
      for (const node of nodes) {
        const reads = readsOf(node).filter((it) => [...variablesOf(it)].some(({ name }) => CODE.has(name)));
        if (reads.length === 0 || !after(node)) continue;
        tell(
          reads[0]!.span,
          "this is the result of a call that nobody asks for one",
          "keep $rc in a variable before it",
        );
      }
    }
  },
};
