/** Blocks as JavaScript functions: what a step or an expression does, and the names that its code needs. */
import type { Span } from "../../grammar/tree.ts";
import type { AssignStep, AsyncStep, CallStep, Comparison, LaunchStep, RouteStep, Rv } from "../check/ir.ts";
import { Arguments } from "./arguments.ts";
import { Body } from "./body.ts";
import { comparisonCode } from "./comparisons.ts";
import { Expressions } from "./expressions.ts";
import { fold } from "./fold.ts";
import { literal } from "./output.ts";
import type { Block, Unit } from "./unit.ts";

export class Steps {
  readonly unit: Unit;
  readonly options: { readonly returnMode: number };
  readonly expressions: Expressions;
  readonly #block: Block;
  readonly #arguments: Arguments;
  #temporaries = 0;
  #labels = 0;

  constructor(unit: Unit, block: Block) {
    this.unit = unit;
    this.#block = block;
    this.options = { returnMode: unit.checked.returnMode };
    this.expressions = new Expressions(this);
    this.#arguments = new Arguments(this);
  }

  /** Writes the whole function. */
  write(maxDepth: number): void {
    const { out } = this.unit;
    const { span } = this.#block.first;
    const header = `${this.#block.waits ? "async " : ""}function ${this.#block.function}(call) {`;
    const body = new Body(this, { depth: 0, label: undefined, tail: true, pending: true });
    body.steps(this.#block.steps);
    out.line(header, span);
    const names = Array.from({ length: this.#temporaries }, (_, i) => `, t${i}`).join("");
    const held = this.unit.watched && this.#block.waits ? ", h" : "";
    out.line(`let r = 1${held}${names}; const vars = call.vars;`);
    out.line(`if ((call.depth & 65535) > ${maxDepth}) ${this.leave(`tooDeep(call, ${maxDepth})`)}`);
    if (this.unit.checked.positions) out.line(this.position());
    for (const line of body.lines) out.line(line.text, line.span);
    out.line(this.leave("r"));
    out.line("}");
  }

  /** Assignment of the block's name and file to the run. */
  position(): string {
    const { first } = this.#block;
    return `call.route = ${literal(first.name)}; call.file = ${literal(first.span.file)};`;
  }

  // ── What expressions ask for ───────────────────────────────────────────────

  /** Code that needs names for values on the way; the names are of this function alone. */
  temporaries(count: number, build: (names: string[]) => string): string {
    const names = Array.from({ length: count }, () => `t${this.#temporaries++}`);
    return build(names);
  }

  label(): string {
    return `L${this.#labels++}`;
  }

  fold(rv: Rv): Rv {
    return fold(rv, (source) => this.unit.pattern(source));
  }

  /** Code that reads a variable. */
  read(text: string, span: Span): string {
    const slot = this.unit.slot(text);
    if (slot !== undefined) return this.#seen(text, `vars[${slot}]`);
    const variable = this.unit.variable(text, span);
    return variable ? `${this.unit.out.constant(variable)}.get(call)` : "null";
  }

  /** The name of a variable that has a number besides its text; undefined when it has none. */
  hasNumber(text: string): string | undefined {
    if (this.unit.slot(text) !== undefined) return undefined;
    const variable = this.unit.variable(text, this.#block.first.span);
    return variable?.number ? this.unit.out.constant(variable) : undefined;
  }

  select(text: string, span: Span): string {
    return this.#seen(text, `${this.unit.out.constant(this.unit.select(text, span))}(call)`);
  }

  /** Code of a value that is read, told to who watches. */
  #seen(name: string, code: string): string {
    return this.unit.watched ? this.unit.watched.read(name, code) : code;
  }

  /** The name of the block, and whether it may wait: for the places in it. */
  get block(): Block {
    return this.#block;
  }

  /** The name of the compiled pattern of a `=~` whose right side is constant. */
  pattern(right: Rv): string {
    const source = right.op === "constant" && typeof right.value === "string" ? right.value : undefined;
    const regex = source === undefined ? null : this.unit.pattern(source);
    if (regex) return this.unit.out.constant(regex);
    if (source === undefined)
      this.unit.problems.error("type-mismatch", right.span, "the right side of `=~` is text, not a number");
    else this.unit.problems.error("bad-regex", right.span, `\`${source}\` is no regular expression`);
    return "null";
  }

  comparison(rv: Comparison): string {
    return comparisonCode(rv, this);
  }

  /** The statement that leaves the block with a code. */
  leave(code: string): string {
    return `return ${this.#block.waits ? `settle(call, ${code})` : code};`;
  }

  /** Code for what a block that may wait has come to: at once, or when the promise in `t` is kept. */
  outcome(t: string): string {
    return `settled(call) ? call.code : (${t} = await ${t}, settled(call), ${t})`;
  }

  waiting(code: string): string {
    return this.temporaries(1, ([t]) => `((${t} = ${code}) instanceof Promise ? await ${t} : ${t})`);
  }

  // ── Calls ──────────────────────────────────────────────────────────────────

  /** Code of a step inside an expression: it runs as if the script began anew, and gives its code. */
  actionCode(step: CallStep | RouteStep | AssignStep): string {
    switch (step.kind) {
      case "call":
        return `(enter(call), ${this.callCode(step)})`;
      case "assign":
        return `(enter(call), ${this.assignCode(step)})`;
      case "route":
        return this.routeCode(step, (block) =>
          this.entered(
            block,
            block.waits
              ? this.waiting(`evalRouteLater(call, ${block.function})`)
              : `evalRoute(call, ${block.function})`,
          ),
        );
    }
  }

  /** Code of a function call: gives its code, and has noted it where module functions do. */
  callCode(step: CallStep): string {
    return this.#arguments.call(step);
  }

  /** Code that runs a block, told to who watches. */
  entered(block: Block, code: string): string {
    const { watched } = this.unit;
    const { name } = block.first;
    return watched ? `(${watched.enter(name)}, ${watched.returned(name, code)})` : code;
  }

  /** Code of `async` and `launch`: the code that the statement gives. */
  besideCode(step: AsyncStep | LaunchStep): string {
    const follows = step.kind === "async" ? step.resume : step.report;
    const block = follows && this.unit.route(follows.name!);
    if (follows && !block) {
      this.unit.problems.error("unknown-route", follows.span, `there is no route[${follows.name}]`);
      return "-1";
    }
    const route = block ? `${literal(follows!.name!)}, ${block.function}` : "undefined, undefined";
    if (step.kind === "async") {
      const code = this.#arguments.begun(step.call, (begun) => `startAsync(call, ${route}, ${begun})`);
      return this.waiting(code);
    }
    const parameter = step.parameter ? this.#arguments.text(step.parameter) : '""';
    return this.#arguments.begun(step.call, (begun) => `startLaunch(call, ${route}, ${parameter}, ${begun})`);
  }

  /** Code of `route(…)`; `run` writes how a block is run. */
  routeCode(step: RouteStep, run: (block: Block) => string): string {
    const target = this.fold(step.target);
    if (target.op === "constant") {
      const block = this.unit.route(String(target.value));
      if (block) return run(block);
      this.unit.problems.error("unknown-route", step.span, `there is no route[${target.value}]`);
      return "-1";
    }
    // The name is only known when the step runs: every block is a choice.
    const choices = [...this.unit.blocks.values()].filter((it) => it.first.block === "route");
    const zero = this.unit.route("0");
    const cases = choices.map((it) => [it.first.name, it] as const);
    if (zero) cases.push(["0", zero]);
    return this.temporaries(1, ([name]) => {
      const chain = cases.map(([key, block]) => `${name} === ${literal(key)} ? ${run(block)} : `).join("");
      const failed = this.expressions.fails(target, "text") ? `${name} !== ${name} ? -1 : ` : "";
      return `(${name} = ${this.expressions.text(target)}, ${failed}${chain}missingRoute(call, ${name}))`;
    });
  }

  /** Code of an assignment: 1, or -1 when it failed. */
  assignCode(step: AssignStep): string {
    const value = this.fold(step.value);
    const code = this.#assigned(value);
    const slot = this.unit.slot(step.target);
    const failing = this.#resultless(value);
    const line = step.span.line;
    if (slot !== undefined) {
      const keep = this.#storable(value) ? code : `stored(${code})`;
      const store = (it: string): string => {
        const stored = `vars[${slot}] = ${it}`;
        return `(${this.unit.watched ? this.unit.watched.wrote(step.target, stored) : stored}, 1)`;
      };
      if (!failing) return store(keep);
      return this.temporaries(1, ([t]) => {
        const kept = store(this.#storable(value) ? t! : `stored(${t})`);
        return `((${t} = ${code}) !== ${t} ? (divisionFailed(call, ${line}), -1) : ${kept})`;
      });
    }
    const variable = this.unit.variable(step.target, step.targetSpan);
    if (!variable) return "-1";
    if (!variable.set) {
      this.unit.problems.error("read-only-variable", step.targetSpan, `\`${step.target}\` can only be read`);
      return "-1";
    }
    const name = this.unit.out.constant(variable);
    // An integer that comes straight out of a variable has a text, which `$ru`, `$du` … want.
    if (!failing) return `assign(${name}, call, ${code}${value.op === "variable" ? ", true" : ""})`;
    return this.temporaries(
      1,
      ([t]) => `((${t} = ${code}) !== ${t} ? (divisionFailed(call, ${line}), -1) : assign(${name}, call, ${t}))`,
    );
  }

  /** Whether what a `$var` gets needs no conversion: it is a number or text, never undefined. */
  #storable(value: Rv): boolean {
    if (value.op === "variable") return this.unit.slot(value.text) !== undefined;
    return value.op !== "selection";
  }

  /** Whether the right side of an assignment may have no result. */
  #resultless(value: Rv): boolean {
    return value.op !== "action" && value.op !== "comparison" && this.expressions.fails(value, "value");
  }

  /** The right side of an assignment: alone, a call keeps its code and a comparison that went wrong is 0. */
  #assigned(value: Rv): string {
    if (value.op === "action") return this.actionCode(value.step);
    if (value.op === "comparison") return `Math.max(0, ${this.expressions.int(value)})`;
    if (value.op === "select") return `toText(${this.expressions.value(value)})`;
    return this.expressions.value(value);
  }
}
