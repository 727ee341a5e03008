/** What runs what: the graphs of all blocks, which blocks call which, and where runs begin. */
import type { BlockKind, Expr, Script } from "../../../../grammar/tree.ts";
import { blocks } from "../walk.ts";
import { type Graph, graphOf, type Node } from "./graph.ts";

/**
 * From where a run enters a block: the kinds of route, a resumed transaction ("resume"), or a route block that nothing
 * in the script calls by its name ("unknown").
 */
export type Entrance = Exclude<BlockKind, "route"> | "resume" | "unknown";

/** Made once for all rules. */
export class Flow {
  readonly graphs: readonly Graph[];
  /** The script is whole: it has a request_route, and no route is called by a computed name. */
  readonly whole: boolean;
  /** `return 0` returns. */
  readonly returnMode: boolean;
  /** Where runs begin. */
  readonly entrances: ReadonlyMap<Graph, ReadonlySet<Entrance>>;
  readonly #routes = new Map<string, Graph>();
  readonly #callees = new Map<Graph, ReadonlySet<Graph>>();
  /** By the number of the node that calls. */
  readonly #called: (Graph | undefined)[] = [];
  /** Number of nodes in all blocks. */
  readonly size: number;

  constructor(script: Script) {
    let id = 0;
    this.graphs = blocks(script).map((block) => graphOf(block, () => id++));
    this.size = id;
    this.returnMode = script.items.some(
      (it) => it.kind === "core-param" && it.name === "return_mode" && it.values[0]?.value === 1n,
    );
    for (const graph of this.graphs) if (graph.block.block === "route") this.#routes.set(graph.block.name, graph);
    let computed = false;
    const resumed = new Set<Graph>();
    const called = new Set<Graph>();
    for (const graph of this.graphs) {
      const callees = new Set<Graph>();
      for (const node of graph.nodes) {
        const route = routeName(node);
        const callee = this.#named(route);
        this.#called[node.id] = callee;
        if (callee) callees.add(callee);
        else if (route !== undefined && route.kind !== "string" && route.kind !== "number") computed = true;
        const goesOn = this.resumed(node);
        if (goesOn) resumed.add(goesOn);
      }
      this.#callees.set(graph, callees);
      for (const it of callees) called.add(it);
    }
    this.whole = !computed && this.graphs.some(({ block }) => block.block === "request");
    this.entrances = new Map(
      this.graphs.map((graph) => {
        const { block } = graph.block;
        const found = new Set<Entrance>();
        if (block !== "route") found.add(block);
        if (resumed.has(graph)) found.add("resume");
        if (block === "route" && !resumed.has(graph) && (computed || !called.has(graph))) found.add("unknown");
        return [graph, found];
      }),
    );
  }

  /** The block that a node calls as a sub-route. */
  callee(node: Node): Graph | undefined {
    return this.#called[node.id];
  }

  /** The block that goes on when a node has suspended the run. */
  resumed(node: Node): Graph | undefined {
    return this.#named(resumeName(node));
  }

  #named(name: Expr | undefined): Graph | undefined {
    const text = constantName(name);
    return text === undefined ? undefined : this.#routes.get(text);
  }

  callees(graph: Graph): ReadonlySet<Graph> {
    return this.#callees.get(graph)!;
  }
}

const routeName = ({ what }: Node): Expr | undefined =>
  what.kind === "call" && (what.call.name === "route" || what.call.name === "route_if_exists")
    ? what.call.args[0]
    : undefined;

/** Functions that go on in a route later, with the argument that names it. */
const RESUMES: Readonly<Record<string, number>> = {
  http_async_query: 1,
  async_route: 0,
  async_ms_route: 0,
  t_continue: 2,
};

/** The route that goes on with a suspended run, when the node suspends one. */
function resumeName({ what }: Node): Expr | undefined {
  if (what.kind === "suspend") return what.resume;
  if (what.kind !== "call" || !Object.hasOwn(RESUMES, what.call.name)) return undefined;
  return what.call.args[RESUMES[what.call.name]!];
}

/** A name that is written out. */
const constantName = (it: Expr | undefined): string | undefined =>
  it?.kind === "string" && !it.value.includes("$") ? it.value : it?.kind === "number" ? String(it.value) : undefined;
