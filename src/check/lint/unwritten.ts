/** Variables of the worker that are read where the run has not written them. */
import type { Expr } from "../../../grammar/tree.ts";
import type { Entrance, Flow } from "./flow/flow.ts";
import type { Node } from "./flow/graph.ts";
import { solve } from "./flow/solve.ts";
import { callOf, isLog, readsOf, variablesOf } from "./names.ts";

export interface Unwritten {
  /** `$var(x)` as the script has it. */
  readonly text: string;
  readonly at: Expr;
}

const keyOf = (it: { name: string; inner: string }): string | undefined =>
  (it.name === "var" || it.name === "vn") && it.inner !== "" ? `${it.name}(${it.inner.trim()})` : undefined;

export interface UnwrittenOptions {
  /** Where runs begin without anything written. */
  from(entrance: Entrance): boolean;
  /** Whatever was written is lost behind a node. */
  forgets?(node: Node): boolean;
  /** Reads that do not count. */
  readonly leaveOut?: ReadonlySet<Expr>;
}

/**
 * Reads that some run reaches before a write; only of variables that the script writes somewhere, and the first of a
 * variable in each block.
 */
export function* unwritten(flow: Flow, { from, forgets, leaveOut }: UnwrittenOptions): Generator<Unwritten> {
  const bits = new Map<string, bigint>();
  for (const { nodes } of flow.graphs) {
    for (const { what } of nodes) {
      // What only ever counts up is meant to outlive the message.
      if (what.kind !== "assign" || counts(what.target, what.value)) continue;
      for (const it of variablesOf(what.target)) {
        const key = keyOf(it);
        if (key !== undefined && !bits.has(key)) bits.set(key, 1n << BigInt(bits.size));
      }
    }
  }
  if (bits.size === 0) return;
  const all = (1n << BigInt(bits.size)) - 1n;
  const written = (node: Node): bigint => writes(node).reduce((mask, key) => mask | (bits.get(key) ?? 0n), 0n);
  const before = solve(flow, {
    start: (entrance) => (from(entrance) ? all : 0n),
    effect(node) {
      if (forgets?.(node)) return { gen: all };
      const kill = written(node);
      return kill === 0n ? undefined : { kill };
    },
  });
  for (const { nodes } of flow.graphs) {
    let told = 0n;
    for (const node of nodes) {
      const call = callOf(node);
      if (call && !isLog(call)) continue; // What an argument names may as well be written.
      for (const at of readsOf(node)) {
        if (leaveOut?.has(at)) continue;
        for (const it of variablesOf(at)) {
          const bit = bits.get(keyOf(it) ?? "") ?? 0n;
          if (bit === 0n || told & bit || !((before(node) ?? 0n) & bit)) continue;
          told |= bit;
          yield { text: `$${it.name}(${it.inner})`, at };
        }
      }
    }
  }
}

const counts = (target: Expr, value: Expr): boolean =>
  target.kind === "variable" &&
  value.kind === "binary" &&
  value.left.kind === "variable" &&
  value.left.text === target.text;

/** Variables that a node writes, or may write. */
function writes(node: Node): string[] {
  const { what } = node;
  const found: string[] = [];
  const add = (it: Expr): void => {
    for (const one of variablesOf(it)) {
      const key = keyOf(one);
      if (key !== undefined) found.push(key);
    }
  };
  if (what.kind === "assign") add(what.target);
  else if (what.kind === "call" && !isLog(what.call)) for (const arg of what.call.args) add(arg);
  return found;
}
