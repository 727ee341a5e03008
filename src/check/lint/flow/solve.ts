/**
 * Which facts may hold where, over all ways through all blocks. A fact is a bit; a node makes some true (`gen`) and some
 * false (`kill`). A block is then one such step itself, so each is gone through once for what it does to facts, and
 * callers take that over: a way into a block from one caller never leads out to another.
 */
import type { Entrance, Flow } from "./flow.ts";
import type { Graph, Node } from "./graph.ts";

export interface Effect {
  readonly gen?: bigint;
  readonly kill?: bigint;
}
export interface Analysis {
  /** The facts that hold where runs begin. */
  start(entrance: Entrance, graph: Graph): bigint;
  /** What a node does; `when` is what its value decided, undefined where nothing looks at it. */
  effect(node: Node, when: boolean | undefined): Effect | undefined;
}

/** Facts that may hold before a node; undefined when no run comes there. */
export type Facts = (node: Node) => bigint | undefined;

export function solve(flow: Flow, analysis: Analysis): Facts {
  return new Solver(flow, analysis).run();
}

/** What the ways from the beginning of a block to some place do to facts: those of `keep` stay, those of `gen` are made. */
interface State {
  readonly keep: bigint;
  readonly gen: bigint;
}
interface Summary {
  /** By what the block returns. */
  yes: State | undefined;
  no: State | undefined;
}

class Solver {
  readonly #flow: Flow;
  readonly #analysis: Analysis;
  /** At the beginning of each node, by its number. */
  readonly #states: (State | undefined)[];
  readonly #summaries = new Map<Graph, Summary>();

  constructor(flow: Flow, analysis: Analysis) {
    this.#flow = flow;
    this.#analysis = analysis;
    this.#states = new Array<State | undefined>(flow.size).fill(undefined);
  }

  run(): Facts {
    const order = calleesFirst(this.#flow);
    // Once is enough unless routes call themselves in a circle.
    for (let again = true; again; ) {
      again = false;
      for (const graph of order) if (this.#go(graph)) again = true;
    }
    const entering = this.#entering(order.reverse());
    const facts = new Array<bigint | undefined>(this.#flow.size);
    for (const graph of this.#flow.graphs) {
      const into = entering.get(graph);
      if (into === undefined) continue;
      for (const { id } of graph.nodes) {
        const state = this.#states[id];
        if (state) facts[id] = (into & state.keep) | state.gen;
      }
    }
    return ({ id }) => facts[id];
  }

  /** Goes through a block until nothing changes. True when what it does as a whole changed. */
  #go(graph: Graph): boolean {
    const states = this.#states;
    states[graph.entry.id] ??= UNTOUCHED;
    const summary = this.#summaries.get(graph) ?? { yes: undefined, no: undefined };
    this.#summaries.set(graph, summary);
    let changed = false;
    for (let again = true; again; ) {
      again = false;
      const passed = new Set<Node>();
      for (const node of graph.nodes) {
        passed.add(node);
        const state = states[node.id];
        if (!state) continue;
        if (node.what.kind === "stop") {
          for (const way of this.#results(node)) {
            const joined = join(summary[way], state);
            if (joined !== summary[way]) {
              summary[way] = joined;
              changed = true;
            }
          }
          continue;
        }
        for (const { to, when } of node.to) {
          const after = this.#after(node, when, state);
          if (!after) continue;
          const before = states[to.id];
          const joined = join(before, after);
          if (joined === before) continue;
          states[to.id] = joined;
          if (passed.has(to)) again = true;
        }
      }
    }
    return changed;
  }

  #after(node: Node, when: boolean | undefined, state: State): State | undefined {
    const callee = this.#flow.callee(node);
    let after = state;
    if (callee) {
      const { yes, no } = this.#summaries.get(callee) ?? { yes: undefined, no: undefined };
      const step = when === undefined ? (yes && no ? join(yes, no) : (yes ?? no)) : when ? yes : no;
      if (!step) return undefined;
      after = { keep: state.keep & step.keep, gen: (state.gen & step.keep) | step.gen };
    }
    const effect = this.#analysis.effect(node, when);
    if (!effect) return after;
    const { gen = 0n, kill = 0n } = effect;
    if (gen === 0n && kill === 0n) return after;
    return { keep: after.keep & ~kill, gen: (after.gen & ~kill) | gen };
  }

  /** What a block may return where it ends; nothing when the run ends with it. */
  #results({ what }: Node): readonly (keyof Summary)[] {
    if (what.kind !== "stop" || what.how === "exit" || what.how === "drop") return [];
    if (what.how === "end") return BOTH;
    const { value } = what;
    if (value === undefined) return ["yes"];
    const negative = value.kind === "unary" && value.operator === "-";
    const number = negative ? value.operand : value;
    if (number.kind !== "number") return BOTH;
    if (number.value === 0n && !this.#flow.returnMode) return [];
    return negative || number.value <= 0n ? ["no"] : ["yes"];
  }

  /** Facts that may hold where each block begins, through all that enter or call it. */
  #entering(callersFirst: readonly Graph[]): Map<Graph, bigint> {
    const entering = new Map<Graph, bigint>();
    for (const [graph, entrances] of this.#flow.entrances)
      for (const it of entrances) entering.set(graph, (entering.get(graph) ?? 0n) | this.#analysis.start(it, graph));
    for (let again = true; again; ) {
      again = false;
      const passed = new Set<Graph>();
      for (const graph of callersFirst) {
        passed.add(graph);
        const into = entering.get(graph);
        if (into === undefined || this.#flow.callees(graph).size === 0) continue;
        for (const node of graph.nodes) {
          const callee = this.#flow.callee(node);
          const state = this.#states[node.id];
          if (!callee || !state) continue;
          const before = entering.get(callee);
          const after = (before ?? 0n) | (into & state.keep) | state.gen;
          if (after === before) continue;
          entering.set(callee, after);
          if (passed.has(callee)) again = true;
        }
      }
    }
    return entering;
  }
}

const UNTOUCHED: State = { keep: -1n, gen: 0n };
const BOTH = ["yes", "no"] as const;

/** Either of two; the first itself when the second adds nothing. */
function join(a: State | undefined, b: State): State {
  if (!a || a === b) return b;
  const keep = a.keep | b.keep;
  const gen = a.gen | b.gen;
  return keep === a.keep && gen === a.gen ? a : { keep, gen };
}

/** Every block after those that it calls, but for circles. */
function calleesFirst(flow: Flow): Graph[] {
  const done: Graph[] = [];
  const seen = new Set<Graph>();
  for (const from of flow.graphs) {
    if (seen.has(from)) continue;
    seen.add(from);
    const open = [{ graph: from, rest: [...flow.callees(from)] }];
    for (let top = open.at(-1); top; top = open.at(-1)) {
      const next = top.rest.pop();
      if (next === undefined) {
        done.push(top.graph);
        open.pop();
      } else if (!seen.has(next)) {
        seen.add(next);
        open.push({ graph: next, rest: [...flow.callees(next)] });
      }
    }
  }
  return done;
}
