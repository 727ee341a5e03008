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

/** What a node adds to the message, or takes out of it. */
function edits(node: Node): { readonly name: string; readonly how: "added" | "removed" } | undefined {
  const call = callOf(node);
  const name = call && fieldOf(call.args[0]);
  if (!call || name === undefined) return undefined;
  if (call.name === "append_hf" || call.name === "insert_hf") return { name, how: "added" };
  return call.name === "remove_hf" ? { name, how: "removed" } : undefined;
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

/** A bit for each field and kind of edit. */
function bitsOf(flow: Flow): Map<string, bigint> {
  const bits = new Map<string, bigint>();
  for (const { nodes } of flow.graphs) {
    for (const node of nodes) {
      const edit = edits(node);
      if (edit && !bits.has(`${edit.how} ${edit.name}`)) bits.set(`${edit.how} ${edit.name}`, 1n << BigInt(bits.size));
    }
  }
  return bits;
}

export const headerReadBack: Rule = {
  name: "header-read-back",
  severity: "warning",
  doc: "append_hf() and remove_hf() note an edit for when the message is sent: until msg_apply_changes() the script finds the header as it came in.",
  source: 'FAQ, "header added with append_hf is not visible"; module textopsx, msg_apply_changes()',
  measured: "",
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
        const edit = edits(node);
        return edit && { gen: bits.get(`${edit.how} ${edit.name}`)! };
      },
    });
    for (const { nodes } of flow.graphs) {
      for (const node of nodes) {
        for (const name of looks(node)) {
          const facts = pending(node) ?? 0n;
          const how = (["added", "removed"] as const).find((it) => facts & (bits.get(`${it} ${name}`) ?? 0n));
          const at = readsOf(node)[0] ?? callOf(node);
          if (how === undefined || !at) continue;
          const yet = how === "added" ? "is not there yet" : "is still there";
          tell(at.span, `the field ${name} was ${how} before, and ${yet}`, "call msg_apply_changes() between them");
        }
      }
    }
  },
};
