/** From a checked script to JavaScript functions. Names are bound here, when the modules have started, as Kamailio does. */
import type { BlockKind, Problem } from "../../grammar/tree.ts";
import type { Checked, Comparison, Rv, Step } from "../check/ir.ts";
import { visit } from "../check/routes.ts";
import type { Call } from "../declare/call.ts";
import type { Core } from "../declare/core.ts";
import type { Answer } from "../declare/value.ts";
import { comparisonWaits } from "./comparisons.ts";
import type { CompiledRoute, Program } from "./program.ts";
import { splitRests } from "./rests.ts";
import { type Body, runTop, runtime } from "./runtime.ts";
import { Steps } from "./steps.ts";
import type { Teller } from "./teller.ts";
import { type Block, blockKey, Unit } from "./unit.ts";
import type { Watcher } from "./watch.ts";
import { blockName } from "./watched.ts";

export interface CompileResult {
  /** Undefined when a problem refused the script. */
  readonly program: Program | undefined;
  readonly problems: readonly Problem[];
  /** The JavaScript that was made of the routes. */
  readonly source: string;
}

/**
 * `core` is the generation's, its modules started: variables, regular expressions and module states come from there.
 * A program is told of to the watcher; without one the code has no trace of watching.
 */
export function compile(checked: Checked, core: Core, watcher?: Watcher): CompileResult {
  const unit = new Unit(checked, core, watcher !== undefined);
  splitRests(unit.blocks);
  if (watcher?.holds) for (const block of unit.blocks.values()) block.waits = true;
  else colour(unit);
  const { out } = unit;
  const names = Object.keys(runtime);
  out.line(`"use strict"; const { ${names.join(", ")} } = rt;`);
  const maxDepth = core.config.has("max_recursive_level") ? core.config.int("max_recursive_level") : 256;
  for (const block of unit.blocks.values()) new Steps(unit, block).write(maxDepth);
  out.line(`return { ${[...unit.blocks.values()].map((it) => it.function).join(", ")} };`);
  const constants = out.constants.map((_, i) => `k${i}`);
  const source = out.text(checked.script.items[0]?.span.file ?? "script");
  const problems = unit.problems.sorted();
  if (unit.problems.refused) return { program: undefined, problems, source };
  const make = new Function("rt", ...constants, source) as (...args: unknown[]) => Record<string, Body>;
  const program = programOf(unit, make(runtime, ...out.constants));
  if (watcher) unit.watched!.teller.watch = watcher.watch(core, program.places);
  return { program, problems, source };
}

class ScriptRoute implements CompiledRoute {
  readonly name: string;
  readonly block: BlockKind;
  readonly waits: boolean;
  readonly core: Core;
  readonly #body: Body;

  constructor(block: Block, body: Body, core: Core) {
    this.core = core;
    this.name = block.first.name;
    this.block = block.first.block;
    this.waits = block.waits;
    this.#body = body;
  }

  run(call: Call): Answer<number> {
    return runTop(call, this.#body);
  }
}

/** A route whose runs are told of. */
class WatchedRoute extends ScriptRoute {
  readonly #teller: Teller;
  readonly #title: string;

  constructor(block: Block, body: Body, core: Core, teller: Teller) {
    super(block, body, core);
    this.#teller = teller;
    this.#title = blockName(this.block, this.name);
  }

  override run(call: Call): Answer<number> {
    this.#teller.begin(call, this.#title);
    const ended = (code: number): number => {
      this.#teller.end(call, this.#title, code);
      return code;
    };
    // A defect of ours is passed on, but the run has ended for who watches, too.
    const failed = (error: unknown): never => {
      ended(-1);
      throw error;
    };
    try {
      const code = super.run(call);
      return code instanceof Promise ? code.then(ended, failed) : ended(code);
    } catch (error) {
      return failed(error);
    }
  }
}

function programOf(unit: Unit, bodies: Readonly<Record<string, Body>>): Program {
  const routes = new Map<string, CompiledRoute>();
  for (const [key, block] of unit.blocks) {
    const body = bodies[block.function]!;
    const route = unit.watched
      ? new WatchedRoute(block, body, unit.core, unit.watched.teller)
      : new ScriptRoute(block, body, unit.core);
    routes.set(key, route);
  }
  const of = (kind: BlockKind): Map<string, CompiledRoute> =>
    new Map([...routes.values()].filter((it) => it.block === kind && it.name !== "").map((it) => [it.name, it]));
  return {
    request: routes.get(blockKey("request", "")),
    reply: routes.get(blockKey("onreply", "")),
    onsend: routes.get(blockKey("onsend", "")),
    routes: of("route"),
    failure: of("failure"),
    branch: of("branch"),
    onreply: of("onreply"),
    event: of("event"),
    vars: unit.core.variables.slots.names,
    places: unit.watched?.places ?? [],
  };
}

/** Marks the blocks from which something that waits can be reached: they become async functions. */
function colour(unit: Unit): void {
  const callers = new Map<string, Set<string>>();
  const waiting: string[] = [];
  const routeKeys = [...unit.blocks.values()].filter((it) => it.first.block === "route").map((it) => it.key);
  for (const block of unit.blocks.values()) {
    const calls = (key: string): void => {
      const known = callers.get(key);
      if (known) known.add(block.key);
      else callers.set(key, new Set([block.key]));
    };
    visit(block.steps, {
      call: (step) => {
        if (step.fn?.waits) waiting.push(block.key);
      },
      route: (step) => {
        const target = step.name === undefined ? undefined : unit.route(step.name);
        if (target) calls(target.key);
        else for (const key of [...routeKeys, blockKey("request", "")]) calls(key);
      },
    });
    if (comparisons(block.steps).some(comparisonWaits) || hasAsync(block.steps)) waiting.push(block.key);
  }
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    const block = unit.blocks.get(key);
    if (!block || block.waits) continue;
    block.waits = true;
    waiting.push(...(callers.get(key) ?? []));
  }
}

/** Where the transaction cannot be suspended, `async` waits for the function in its place. */
const hasAsync = (steps: readonly Step[]): boolean =>
  steps.some((it) => {
    if (it.kind === "if") return hasAsync(it.body) || (it.otherwise !== undefined && hasAsync(it.otherwise));
    if (it.kind === "switch") return it.cases.some((one) => hasAsync(one.body));
    return it.kind === "async" || (it.kind === "while" && hasAsync(it.body));
  });

/** Every comparison of a legacy operand in the steps. */
function comparisons(steps: readonly Step[]): Comparison[] {
  const found: Comparison[] = [];
  const look = (rv: Rv): void => {
    if (rv.op === "comparison") found.push(rv);
  };
  visit(steps, { call: () => {}, route: () => {}, value: look });
  return found;
}
