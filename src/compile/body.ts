/** The lines of a list of steps, with the run flags of Kamailio's action.c. */
import type { Span } from "../../grammar/tree.ts";
import type { AssignStep, CallStep, RouteStep, Rv, Step, StopStep, SwitchStep, WhileStep } from "../check/ir.ts";
import { visitValue } from "../check/routes.ts";
import { RunFlag } from "../declare/call.ts";
import { wrap32 } from "../declare/int.ts";
import { toInt } from "../declare/semantics.ts";
import { unreadable } from "./expressions.ts";
import { literal } from "./output.ts";
import type { Steps } from "./steps.ts";
import { blockName } from "./watched.ts";

/** Where steps stand: how deep blocks are nested, what `break` leaves, and whether the code of the last step counts. */
export interface Place {
  readonly depth: number;
  readonly label: string | undefined;
  readonly tail: boolean;
  /**
   * The run may have been ended before the first step: by an `exit` in the condition of the loop around it. Kamailio
   * still runs that step (and goes on when an expression in it begins anew), so what follows it is behind a test.
   */
  readonly pending: boolean;
}

interface Line {
  readonly text: string;
  readonly span: Span | undefined;
}

/** The lines of one list of steps. */
export class Body {
  readonly lines: Line[] = [];
  readonly #steps: Steps;
  readonly #place: Place;

  constructor(steps: Steps, place: Place) {
    this.#steps = steps;
    this.#place = place;
  }

  #line(text: string, span?: Span): void {
    this.lines.push({ text, span });
  }

  steps(steps: readonly Step[]): void {
    steps.forEach((step, i) => {
      const pending = this.#place.pending && i === 0;
      this.#step(step, (this.#place.tail && i === steps.length - 1) || pending, pending);
      if (pending && step.kind !== "stop")
        this.#line(`if (call.flags & ${RunFlag.exit}) ${this.#leave("call.rc = r")}`);
    });
  }

  #step(step: Step, tail: boolean, pending: boolean): void {
    const { unit, block } = this.#steps;
    const told = unit.watched?.step(step, blockName(block.first.block, block.first.name), block.waits);
    if (told !== undefined) this.#line(told, step.span);
    switch (step.kind) {
      case "call":
        return this.#call(step, tail);
      case "route":
        return this.#route(step);
      case "assign":
        return this.#assign(step, tail);
      case "if":
        return this.#if(step, tail, pending);
      case "while":
        return this.#while(step, tail, pending);
      case "switch":
        return this.#switch(step, tail, pending);
      case "stop":
        return this.#stop(step, tail);
      case "async":
      case "launch":
        this.#position(step.span);
        this.#line(
          `if (r = ${this.#steps.besideCode(step)}, call.flags & ${RunFlag.exit}) ${this.#leave("r")}`,
          step.span,
        );
    }
  }

  #nested(place: Partial<Place>, steps: readonly Step[]): void {
    const body = new Body(this.#steps, { ...this.#place, pending: false, depth: this.#place.depth + 1, ...place });
    body.steps(steps);
    this.lines.push(...body.lines);
  }

  /** The statement that leaves the block with a code. */
  #leave(code: string): string {
    return this.#steps.leave(code);
  }

  #position(span: Span): void {
    if (this.#steps.unit.checked.positions) this.#line(`call.line = ${span.line};`);
  }

  #call(step: CallStep, tail: boolean): void {
    this.#position(step.span);
    const code = this.#steps.callCode(step);
    if (step.core && !acts(step.args.map((it) => it.value))) this.#line(tail ? `r = ${code};` : `${code};`, step.span);
    else this.#line(`if (r = ${code}, call.flags & ${RunFlag.exit}) ${this.#leave("r")}`, step.span);
  }

  #route(step: RouteStep): void {
    this.#position(step.span);
    const steps = this.#steps;
    const deeper = this.#place.depth + 1;
    const code = steps.routeCode(step, (block) => {
      return steps.temporaries(1, ([t]) => {
        const run = `${t} = ${block.function}(call)`;
        const code = block.waits ? `${run}, ${t} = ${steps.outcome(t!)}` : run;
        return steps.entered(block, `(call.depth += ${deeper}, ${code}, call.depth -= ${deeper}, call.rc = ${t})`);
      });
    });
    this.#line(`if (r = ${code}, call.flags & ${RunFlag.exit}) ${this.#leave("r")}`, step.span);
    if (steps.unit.checked.positions) this.#line(steps.position());
  }

  #assign(step: AssignStep, tail: boolean): void {
    this.#position(step.span);
    const code = this.#steps.assignCode(step);
    if (acts([step.value]))
      this.#line(`if (r = ${code}, call.flags & ${RunFlag.exit}) ${this.#leave("call.rc = r")}`, step.span);
    else this.#line(tail ? `r = ${code};` : `${code};`, step.span);
  }

  #if(step: Step & { readonly kind: "if" }, tail: boolean, pending: boolean): void {
    const steps = this.#steps;
    const value = steps.fold(step.condition);
    const condition = this.#condition(value);
    this.#position(step.span);
    if (tail) this.#line("r = 1;");
    if (pending || acts([value]))
      steps.temporaries(1, ([t]) => {
        this.#line(`${t} = ${condition};`, step.span);
        this.#line(`if (call.flags & ${RunFlag.exit}) ${this.#leave("call.rc = 0")}`);
        this.#line(`if (${t}) {`);
        return "";
      });
    else this.#line(`if (${condition}) {`, step.span);
    this.#nested({ tail }, step.body);
    if (step.otherwise) {
      this.#line("} else {");
      this.#nested({ tail }, step.otherwise);
    }
    this.#line("}");
  }

  #condition(value: Rv): string {
    const condition = this.#steps.expressions.condition(value);
    return this.#steps.unit.watched?.held(condition) ?? condition;
  }

  #while(step: WhileStep, tail: boolean, pending: boolean): void {
    const steps = this.#steps;
    const value = steps.fold(step.condition);
    const active = pending || acts([value]);
    const counted = tail || active;
    const label = steps.label();
    const rounds = `n${label}`;
    const most = `m${label}`;
    if (counted) this.#line("r = 1;");
    this.#line(`let ${rounds} = 0; const ${most} = call.core.config.int("max_while_loops");`, step.span);
    this.#position(step.span);
    this.#line(`${label}: while (${this.#condition(value)}) {`, step.span);
    this.#line(
      `if (${most} > 0 && ++${rounds} > ${most} || ${most} < 0) { runaway(call, ${most}, ${step.span.line}); ${counted ? "r = -1; " : ""}break; }`,
    );
    this.#nested({ tail: counted, label, pending: active }, step.body);
    this.#line("}");
    if (active) this.#line(`if (call.flags & ${RunFlag.exit}) ${this.#leave("call.rc = r")}`);
  }

  #switch(step: SwitchStep, tail: boolean, pending: boolean): void {
    const { unit, expressions } = this.#steps;
    const value = this.#steps.fold(step.value);
    const labels = this.#labels(step);
    const label = this.#steps.label();
    if (step.cases.length > 0 && labels.every((it) => it === undefined) && value.op !== "constant")
      unit.problems.error(
        "default-only-switch",
        step.span,
        "a switch whose only case is `default` has to switch on a constant",
      );
    const fixed = value.op === "constant";
    this.#position(step.span);
    // A switch on a constant that leads nowhere has Kamailio's code for a defect.
    if (tail) this.#line(fixed ? "r = -5;" : "r = 1;");
    this.#steps.temporaries(1, ([t]) => {
      const code = step.text ? this.#textChoice(value, labels) : expressions.int(value);
      this.#line(`${t} = ${code};`, step.span);
      if ((pending && !fixed) || acts([value]))
        this.#line(`if (call.flags & ${RunFlag.exit}) ${this.#leave("call.rc = 0")}`);
      if (tail && (unreadable(value) || expressions.fails(value, step.text ? "value" : "int")))
        this.#line(`if (${t} !== ${t}) r = -1;`);
      if (unit.watched)
        this.#line(
          `${unit.watched.chose(
            t!,
            labels.map((it, i) => it && (step.text ? i : it.number)),
          )};`,
        );
      this.#line(`${label}: switch (${t}) {`);
      return "";
    });
    step.cases.forEach((each, i) => {
      const match = labels[i];
      this.#line(match === undefined ? "default: {" : `case ${step.text ? i : literal(match.number)}: {`, each.span);
      this.#nested({ tail, label, pending: pending && fixed }, each.body);
      this.#line("}");
    });
    this.#line("}");
  }

  /** Labels as numbers, texts or patterns; undefined for `default`. */
  #labels(step: SwitchStep): ({ number: number; text: string; regex: string | undefined } | undefined)[] {
    const { unit } = this.#steps;
    const seen = new Set<string>();
    return step.cases.map((each) => {
      if (!each.label) return undefined;
      const folded = this.#steps.fold(each.label);
      if (folded.op !== "constant") {
        unit.problems.error("case-not-constant", each.label.span, "this label has no value");
        return { number: 0, text: "", regex: undefined };
      }
      const number = wrap32(toInt(folded.value));
      const text = String(folded.value);
      let regex: string | undefined;
      if (each.regex) {
        const compiled = unit.core.regex(text);
        if (!compiled) unit.problems.error("bad-regex", folded.span, `\`${text}\` is no regular expression`);
        regex = unit.out.constant(compiled);
      } else {
        const key = step.text ? text : String(number);
        if (seen.has(key)) unit.problems.error("case-duplicate", folded.span, `there is another case \`${key}\``);
        seen.add(key);
      }
      return { number, text, regex };
    });
  }

  /** The number of the first case that fits a text; -1 for default. */
  #textChoice(
    value: Rv,
    labels: readonly ({ readonly text: string; readonly regex: string | undefined } | undefined)[],
  ): string {
    const { expressions } = this.#steps;
    if (unreadable(value)) return "NaN";
    return this.#steps.temporaries(1, ([s]) => {
      const text = value.type === undefined ? `switchText(${expressions.value(value)})` : expressions.text(value);
      const tests = labels.map((it, i) => {
        if (!it) return "";
        return `${it.regex ? `${it.regex}.test(${s})` : `${s} === ${literal(it.text)}`} ? ${i} : `;
      });
      if (!expressions.fails(value, "value")) return `(${s} = ${text}, ${tests.join("")}-1)`;
      return `((${s} = ${expressions.value(value)}) !== ${s} ? NaN : (${s} = switchText(${s}), ${tests.join("")}-1))`;
    });
  }

  #stop(step: StopStep, tail: boolean): void {
    const { expressions } = this.#steps;
    const folded = step.value && this.#steps.fold(step.value);
    const fixed = step.stop === "drop" || step.stop === "break" ? 0 : 1;
    if (step.stop === "break") {
      if (this.#place.label === undefined) this.#line(this.#leave("0"), step.span);
      else this.#line(`${tail || this.#place.tail ? "r = 0; " : ""}break ${this.#place.label};`, step.span);
      return;
    }
    if (step.stop === "return" && !folded) {
      this.#line(this.#leave("1"), step.span);
      return;
    }
    this.#position(step.span);
    let code = String(fixed);
    if (folded) {
      code = expressions.int(folded);
      if (folded.op === "constant") code = literal(wrap32(toInt(folded.value)));
      else if (expressions.fails(folded, "int"))
        code = this.#steps.temporaries(1, ([t]) => `((${t} = ${code}) !== ${t} ? 0 : wrap32(${t}))`);
      else code = `wrap32(${code})`;
    }
    if (step.stop === "return") this.#line(this.#leave(`returned(call, ${code})`), step.span);
    else
      this.#line(
        this.#leave(`ended(call, ${code}, ${step.stop === "drop" ? RunFlag.exit | RunFlag.drop : RunFlag.exit})`),
        step.span,
      );
  }
}

/** Whether an expression runs something that may end the run. */
function acts(values: readonly Rv[]): boolean {
  let found = false;
  const note = (): void => {
    found = true;
  };
  for (const it of values) visitValue(it, { route: note, call: note });
  return found;
}
