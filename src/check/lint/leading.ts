/** Which of some nodes lead to which others. */
import type { Flow } from "./flow/flow.ts";
import type { Node } from "./flow/graph.ts";
import { solve } from "./flow/solve.ts";

export interface Ways {
  from(node: Node): boolean;
  to(node: Node): boolean;
}

/** The nodes of `from` behind which a run may come to one of `to`. */
export function leadingTo(flow: Flow, { from, to }: Ways): Node[] {
  const all = flow.graphs.flatMap(({ nodes }) => nodes);
  const ends = all.filter(to);
  const once = solve(flow, {
    start: () => 0n,
    effect: (node, when) => (when !== false && from(node) ? { gen: 1n } : undefined),
  });
  if (!ends.some((node) => once(node))) return [];
  // Something leads there: a bit for each tells what.
  const bits = new Map(all.filter((node) => from(node) && !isLast(node)).map((node, at) => [node, 1n << BigInt(at)]));
  const each = solve(flow, {
    start: () => 0n,
    effect(node, when) {
      const gen = when === false ? undefined : bits.get(node);
      return gen === undefined ? undefined : { gen };
    },
  });
  const leading = ends.reduce((mask, node) => mask | (each(node) ?? 0n), 0n);
  return [...bits].flatMap(([node, bit]) => (leading & bit ? [node] : []));
}

/** The run ends right behind it. */
const isLast = ({ to }: Node): boolean =>
  to.every(({ to: { what } }) => what.kind === "stop" && (what.how === "exit" || what.how === "drop"));
