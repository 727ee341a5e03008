/** A header field that is not there yet, or still there. */
import type { Expr } from "../../../grammar/tree.ts";
import type { Flow } from "./flow/flow.ts";
import type { Node } from "./flow/graph.ts";
import { solve } from "./flow/solve.ts";
import { callOf, readsOf, textOf, variablesOf } from "./names.ts";
import type { Rule } from "./rule.ts";

/** The header field that an argument names: `X-A: 1\r\n` or `X-A`. */
const fieldOf = (it: Expr | undefined): string | undefined =>
  /^\s*([A-Za-z0-9-]+)\s*(?::|$)/.exec(textOf(it) ?? "")?.[1]?.toLowerCase();

/** The field that a node adds to the message. */
function added(node: Node): string | undefined {
  const call = callOf(node);
  return call?.name === "append_hf" || call?.name === "insert_hf" ? fieldOf(call.args[0]) : undefined;
}

/** Header fields that a node looks for. */
function looks(node: Node): readonly string[] {
  const call = callOf(node);
  const found = readsOf(node).flatMap((it) =>
    [...variablesOf(it)].flatMap(({ name, inner }) => (name === "hdr" ? [inner.toLowerCase()] : [])),
  );
  const asked = call?.name === "is_present_hf" ? fieldOf(call.args[0]) : undefined;
  return asked === undefined ? found : [...found, asked];
}

/** A bit for each field that is added. */
function bitsOf(flow: Flow): Map<string, bigint> {
  const bits = new Map<string, bigint>();
  for (const { nodes } of flow.graphs) {
    for (const node of nodes) {
      const name = added(node);
      if (name !== undefined && !bits.has(name)) bits.set(name, 1n << BigInt(bits.size));
    }
  }
  return bits;
}

export const headerReadBack: Rule = {
  name: "header-read-back",
  severity: "warning",
  doc: "append_hf() and insert_hf() note an edit for when the message is sent: until msg_apply_changes() the script finds the header as it came in.",
  source: "FAQ, changes to headers or body that are not visible immediately",
  measured: "39 places, none found",
  bad: 'request_route { append_hf("X-A: 1\\r\\n"); if (is_present_hf("X-A")) exit; xlog("x"); }',
  good: 'request_route { append_hf("X-A: 1\\r\\n"); msg_apply_changes(); if (is_present_hf("X-A")) exit; xlog("x"); }',
  check(_script, tell, { flow }) {
    const bits = bitsOf(flow);
    if (bits.size === 0) return;
    const all = (1n << BigInt(bits.size)) - 1n;
    const pending = solve(flow, {
      start: () => 0n,
      effect(node) {
        if (callOf(node)?.name === "msg_apply_changes") return { kill: all };
        const name = added(node);
        return name === undefined ? undefined : { gen: bits.get(name)! };
      },
    });
    for (const { nodes } of flow.graphs) {
      for (const node of nodes) {
        const name = looks(node).find((it) => (pending(node) ?? 0n) & (bits.get(it) ?? 0n));
        const at = readsOf(node)[0] ?? callOf(node);
        if (name === undefined || !at) continue;
        tell(
          at.span,
          `the field ${name} was added before, and is not there yet`,
          "call msg_apply_changes() between them",
        );
      }
    }
  },
};
