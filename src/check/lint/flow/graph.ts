/** The ways through one block: what is evaluated after what. */
import type { Call, Expr, RouteBlock, Statement, Variable } from "../../../../grammar/tree.ts";
import { ownExpressions } from "../walk.ts";

/** One thing that happens when a block runs. */
export type What =
  /** `stands`: nothing looks at what it returns. */
  | { readonly kind: "call"; readonly call: Call; readonly stands: boolean }
  | { readonly kind: "assign"; readonly target: Variable; readonly value: Expr }
  /** A variable, a text that may hold variables, a select or a legacy operand is read. */
  | { readonly kind: "read"; readonly value: Expr }
  /** The value of an expression decides on the way. */
  | { readonly kind: "test"; readonly condition: Expr }
  /** The block ends here: by a word, or because its last statement is done. */
  | { readonly kind: "stop"; readonly how: "return" | "exit" | "drop" | "end"; readonly value: Expr | undefined }
  /** OpenSIPS: the run ends, and a route goes on with it later. */
  | { readonly kind: "suspend"; readonly resume: Expr }
  /** Nothing happens: ways meet. */
  | { readonly kind: "join" };

export interface Node {
  readonly id: number;
  readonly what: What;
  readonly to: readonly Edge[];
}
export interface Edge {
  readonly to: Node;
  /** What the value decided: true, false, or nothing (undefined). */
  readonly when: boolean | undefined;
}

export interface Graph {
  readonly block: RouteBlock;
  readonly entry: Node;
  /** Where a node stands after those that lead to it, but for loops; what nothing leads to is left out. */
  readonly nodes: readonly Node[];
}

/** `next` gives numbers that no other graph has. */
export function graphOf(block: RouteBlock, next: () => number): Graph {
  const builder = new Builder(next);
  const entry = builder.join();
  const end = builder.list(block.body, [{ from: entry, when: undefined }]);
  builder.add({ kind: "stop", how: "end", value: undefined }, end);
  return { block, entry, nodes: ordered(entry) };
}

interface Building extends Node {
  readonly to: Edge[];
}
/** A way that leads to whatever is added next. */
interface Open {
  readonly from: Building;
  readonly when: boolean | undefined;
}
type Ways = readonly Open[];

class Builder {
  readonly #next: () => number;
  /** Where `break` leads to, innermost last. */
  readonly #breaks: Open[][] = [];

  constructor(next: () => number) {
    this.#next = next;
  }

  join(): Building {
    return { id: this.#next(), what: { kind: "join" }, to: [] };
  }

  /** Adds what happens on all of these ways, and gives the way on. */
  add(what: What, ways: Ways): Ways {
    const node: Building = { id: this.#next(), what, to: [] };
    lead(ways, node);
    return [{ from: node, when: undefined }];
  }

  list(body: readonly Statement[], ways: Ways): Ways {
    let on = ways;
    for (const it of body) {
      if (on.length === 0) break;
      on = this.#statement(it, on);
    }
    return on;
  }

  #statement(it: Statement, ways: Ways): Ways {
    switch (it.kind) {
      case "empty":
        return ways;
      case "block":
        return this.list(it.body, ways);
      case "expression":
        return it.value.kind === "call" ? this.#call(it.value, true, ways) : this.#value(it.value, ways);
      case "assign":
        return this.#assign(it.target, it.value, ways);
      case "if": {
        const { yes, no } = this.#condition(it.condition, ways);
        return [...this.list(it.then, yes), ...(it.else ? this.list(it.else, no) : no)];
      }
      case "while":
        return this.#while(it, ways);
      case "switch":
        return this.#switch(it, ways);
      case "break": {
        const breaks = this.#breaks.at(-1);
        if (breaks) breaks.push(...ways);
        else this.add({ kind: "stop", how: "return", value: undefined }, ways);
        return [];
      }
      case "return":
      case "exit":
      case "drop": {
        // The result of a call that is returned is looked at by the caller.
        const on = it.value ? this.#value(it.value, ways) : ways;
        this.add({ kind: "stop", how: it.kind, value: it.value }, on);
        return [];
      }
      case "async":
        this.add({ kind: "suspend", resume: it.resume }, this.#arguments(it.call, ways));
        return [];
      case "launch":
        return ownExpressions(it).reduce<Ways>(
          (on, one) => (one === it.call ? this.#arguments(it.call, on) : this.#value(one, on)),
          ways,
        );
    }
  }

  #while(it: Statement & { readonly kind: "while" }, ways: Ways): Ways {
    const head = this.join();
    lead(ways, head);
    const breaks: Open[] = [];
    this.#breaks.push(breaks);
    const { yes, no } = this.#condition(it.condition, [{ from: head, when: undefined }]);
    lead(this.list(it.body, yes), head);
    this.#breaks.pop();
    return [...no, ...breaks];
  }

  #switch(it: Statement & { readonly kind: "switch" }, ways: Ways): Ways {
    const head = this.#meet(this.#value(it.value, ways));
    const breaks: Open[] = [];
    this.#breaks.push(breaks);
    let on: Ways = [];
    // A case that has no break runs into the next one.
    for (const each of it.cases) on = this.list(each.body, [...on, ...head]);
    this.#breaks.pop();
    return [...on, ...breaks, ...(it.cases.some(({ match }) => match === undefined) ? [] : head)];
  }

  /** One node for all ways, so that what follows several times does not multiply them. */
  #meet(ways: Ways): Ways {
    return ways.length === 1 && ways[0]!.when === undefined ? ways : this.add({ kind: "join" }, ways);
  }

  #assign(target: Variable, value: Expr, ways: Ways): Ways {
    return this.add({ kind: "assign", target, value }, this.#value(value, ways));
  }

  /** Evaluates for the sake of a value. */
  #value(it: Expr, ways: Ways): Ways {
    switch (it.kind) {
      case "variable":
      case "string":
      case "select":
      case "legacy":
        return this.add({ kind: "read", value: it }, ways);
      case "call":
        return this.#call(it, false, ways);
      case "assign-expression":
        return this.#assign(it.target, it.value, ways);
      case "unary":
        return this.#value(it.operand, ways);
      case "binary":
        if (it.operator === "&&" || it.operator === "||") {
          const { yes, no } = this.#condition(it, ways);
          return this.add({ kind: "join" }, [...yes, ...no]);
        }
        return this.#value(it.right, this.#value(it.left, ways));
      default:
        return ways;
    }
  }

  /** Evaluates for the sake of true and false. */
  #condition(it: Expr, ways: Ways): { yes: Ways; no: Ways } {
    if (it.kind === "number") return it.value !== 0n ? { yes: ways, no: [] } : { yes: [], no: ways };
    if (it.kind === "unary" && it.operator === "!") {
      const { yes, no } = this.#condition(it.operand, ways);
      return { yes: no, no: yes };
    }
    if (it.kind === "binary" && (it.operator === "&&" || it.operator === "||")) {
      const left = this.#condition(it.left, ways);
      const both = it.operator === "&&";
      const right = this.#condition(it.right, both ? left.yes : left.no);
      return both
        ? { yes: right.yes, no: [...left.no, ...right.no] }
        : { yes: [...left.yes, ...right.yes], no: right.no };
    }
    const after = this.#value(it, ways);
    const decided = it.kind === "call" ? after : this.add({ kind: "test", condition: it }, after);
    return {
      yes: decided.map(({ from }) => ({ from, when: true })),
      no: decided.map(({ from }) => ({ from, when: false })),
    };
  }

  #arguments(call: Call, ways: Ways): Ways {
    return call.args.reduce<Ways>((on, arg) => (arg.kind === "string" ? on : this.#value(arg, on)), ways);
  }

  #call(call: Call, stands: boolean, ways: Ways): Ways {
    return this.add({ kind: "call", call, stands }, this.#arguments(call, ways));
  }
}

function lead(ways: Ways, to: Building): void {
  for (const { from, when } of ways) from.to.push({ to, when });
}

/** Reverse postorder. */
function ordered(entry: Node): Node[] {
  const seen = new Set<Node>([entry]);
  const done: Node[] = [];
  const open: { node: Node; next: number }[] = [{ node: entry, next: 0 }];
  for (let top = open.at(-1); top; top = open.at(-1)) {
    const to = top.node.to[top.next++]?.to;
    if (to === undefined) {
      done.push(top.node);
      open.pop();
    } else if (!seen.has(to)) {
      seen.add(to);
      open.push({ node: to, next: 0 });
    }
  }
  return done.reverse();
}
