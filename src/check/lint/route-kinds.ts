/** Functions that are called in a kind of route that they are not for, by way of a sub-route. */
import type { Module, RouteKind } from "../../declare/module.ts";
import type { Entrance, Flow } from "./flow/flow.ts";
import type { Node } from "./flow/graph.ts";
import { solve } from "./flow/solve.ts";
import { callOf, textOf } from "./names.ts";

export interface Misplaced {
  readonly node: Node;
  readonly name: string;
  /** The kinds from which it is reached. */
  readonly from: readonly Entrance[];
}

/** What tm runs a resumed route as. */
const kindOf = (it: Entrance): RouteKind | undefined =>
  it === "unknown" ? undefined : it === "resume" ? "failure" : it;

/**
 * Calls in `route[…]` blocks that some run from one of these entrances comes to, of functions that no form of allows
 * there. In other blocks the checker looks itself.
 */
export function* misplaced(
  flow: Flow,
  modules: readonly Module[],
  entrances: readonly Entrance[],
): Generator<Misplaced> {
  const places = placesOf(modules);
  const bit = (it: Entrance): bigint => (entrances.includes(it) ? 1n << BigInt(entrances.indexOf(it)) : 0n);
  const only = (kinds: readonly Entrance[]): bigint =>
    entrances.reduce((mask, it) => (kinds.includes(it) ? mask : mask | bit(it)), 0n);
  const coming = solve(flow, {
    start: (entrance) => bit(entrance),
    effect(node, when) {
      const kinds = told(node, when);
      return kinds && { kill: only(kinds) };
    },
  });
  for (const { block, nodes } of flow.graphs) {
    if (block.block !== "route") continue;
    for (const node of nodes) {
      const name = callOf(node)?.name;
      const allowed = name === undefined ? undefined : places.get(name);
      if (!allowed || name === undefined) continue;
      const facts = coming(node) ?? 0n;
      const from = entrances.filter((it) => facts & bit(it) && !allowed.has(kindOf(it)!));
      if (from.length > 0) yield { node, name, from };
    }
  }
}

const EVERY: readonly Entrance[] = ["request", "onreply", "failure", "branch", "onsend", "event", "resume", "unknown"];
const REQUESTS = EVERY.filter((it) => it !== "onreply");

/** The kinds that a test leaves, when a node is one. */
function told(node: Node, when: boolean | undefined): readonly Entrance[] | undefined {
  const call = callOf(node);
  if (!call || when === undefined) return undefined;
  const left = (yes: readonly Entrance[]): readonly Entrance[] =>
    when ? yes : EVERY.filter((it) => !yes.includes(it) || it === "event" || it === "unknown");
  switch (call.name) {
    case "is_request":
      return left(REQUESTS);
    case "is_reply":
      return left(["onreply", "event", "unknown"]);
    case "t_is_failure_route":
      return left(["failure", "resume", "unknown"]);
    case "t_is_branch_route":
      return left(["branch", "unknown"]);
    case "t_is_reply_route":
      return left(["onreply", "unknown"]);
    case "t_is_request_route":
      return left(["request", "unknown"]);
    case "is_method":
      // Replies to a REGISTER pass no reply route of a call, but methods of both are the same: nothing is told.
      return textOf(call.args[0]) === undefined ? undefined : EVERY;
    default:
      return undefined;
  }
}

/** Where each function may be called in some form; one that is allowed everywhere is left out. */
function placesOf(modules: readonly Module[]): Map<string, Set<RouteKind>> {
  const places = new Map<string, Set<RouteKind>>();
  const everywhere = new Set<string>();
  for (const module of modules) {
    for (const [name, fn] of Object.entries(module.functions)) {
      for (const form of [fn, ...(fn.overloads ?? [])]) {
        if (form.in === "any") {
          everywhere.add(name);
          continue;
        }
        let known = places.get(name);
        if (!known) places.set(name, (known = new Set()));
        for (const it of form.in) known.add(it);
        // Event routes are run as whatever the module that runs them takes for them.
        if (form.in.length > 0) known.add("event");
      }
    }
  }
  for (const name of everywhere) places.delete(name);
  return places;
}
