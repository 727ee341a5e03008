/** Two edits of one place. */
import type { Variable } from "../../../grammar/tree.ts";
import type { Node } from "./flow/graph.ts";
import { solve } from "./flow/solve.ts";
import { callOf } from "./names.ts";
import type { Rule } from "./rule.ts";

/** A bit for each part of From and To. */
const PARTS: Readonly<Record<string, bigint>> = { fu: 1n, fU: 2n, fd: 4n, fn: 8n, tu: 16n, tU: 32n, td: 64n, tn: 128n };
/** What an edit of a part runs into: a whole URI holds its parts. */
const OVERLAPS: Readonly<Record<string, bigint>> = { fu: 7n, fU: 3n, fd: 5n, tu: 112n, tU: 48n, td: 80n };
const ALL = 255n;

/** The part that a node assigns to, and where the script says so. */
function edit({ what }: Node): { readonly name: string; readonly target: Variable } | undefined {
  if (what.kind !== "assign") return undefined;
  const name = /^\$\(?(\w+)\)?$/.exec(what.target.text)?.[1];
  return name !== undefined && Object.hasOwn(PARTS, name) ? { name, target: what.target } : undefined;
}

export const fromSetTwice: Rule = {
  name: "from-set-twice",
  severity: "warning",
  doc: "Each assignment to $fu, $tu or a part of them is an edit of the header for when the message is sent: two of them are both written, one behind the other.",
  source: "FAQ, parts of From and To that appear many times",
  measured: "25 places, 1 found, 1 of 1 right",
  bad: 'request_route { $fU = "a"; if ($rU == "b") $fU = "b"; t_relay(); }',
  good: 'request_route { if ($rU == "b") $fU = "b"; else $fU = "a"; t_relay(); }',
  check(_script, tell, { flow }) {
    const edited = solve(flow, {
      start: () => 0n,
      effect(node) {
        if (callOf(node)?.name === "msg_apply_changes") return { kill: ALL };
        const it = edit(node);
        return it && { gen: PARTS[it.name]! };
      },
    });
    for (const { nodes } of flow.graphs) {
      for (const node of nodes) {
        const it = edit(node);
        if (!it || !((edited(node) ?? 0n) & (OVERLAPS[it.name] ?? PARTS[it.name]!))) continue;
        tell(
          it.target.span,
          `\`$${it.name}\` may have been set before, and both edits are written`,
          "set it once, or call msg_apply_changes() between them",
        );
      }
    }
  },
};
