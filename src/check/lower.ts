/** Expressions and statements with their names resolved and their types known: from the parser's tree to steps. */
import type { Assign, BlockKind, Call, Case, Expr, Span, Statement, Variable } from "../../grammar/tree.ts";
import type { Int } from "../declare/value.ts";
import { cutVariable } from "../declare/variables-text.ts";
import { lowerBeside } from "./beside.ts";
import { resolveCall } from "./calls.ts";
import { comparison, isLegacy, turned } from "./comparisons.ts";
import { lowerCore, unsupportedCore } from "./core-calls.ts";
import { binary, constant, isConstant, selection, unary } from "./expressions.ts";
import type { ActionValue, AssignStep, BinaryName, CallStep, CaseStep, RouteStep, Rv, Step } from "./ir.ts";
import type { Scope } from "./scope.ts";

/** Lowers the statements of one block. What is wrong is reported, and the statement left out. */
export class Lowering {
  readonly scope: Scope;
  readonly block: BlockKind;

  constructor(scope: Scope, block: BlockKind) {
    this.scope = scope;
    this.block = block;
  }

  steps(statements: readonly Statement[]): Step[] {
    const steps: Step[] = [];
    for (const it of statements) this.#statement(it, steps);
    return steps;
  }

  #statement(it: Statement, into: Step[]): void {
    const { span } = it;
    switch (it.kind) {
      case "empty":
        return;
      case "block":
        into.push(...this.steps(it.body));
        return;
      case "expression": {
        const step = it.value.kind === "call" ? this.call(it.value) : this.#lone(it.value);
        if (step) into.push(step);
        return;
      }
      case "assign": {
        const step = this.#assign(it);
        if (step) into.push(step);
        return;
      }
      case "if":
      case "while":
        this.#conditional(it, into);
        return;
      case "switch":
        this.#switch(it, into);
        return;
      case "break":
        into.push({ kind: "stop", stop: "break", value: undefined, span });
        return;
      case "return":
      case "exit":
      case "drop": {
        const value = it.value && this.expression(it.value);
        if (it.value && !value) return;
        if (value?.type === "str")
          this.scope.problems.error(
            "type-mismatch",
            value.span,
            `\`${it.kind}\` takes a number, not text`,
            "write `(int)` before it to convert",
          );
        into.push({ kind: "stop", stop: it.kind, value, span });
        return;
      }
      case "async":
      case "launch": {
        const step = lowerBeside(it, this);
        if (step) into.push(step);
        return;
      }
    }
  }

  #lone(value: Expr): undefined {
    this.scope.problems.error("type-mismatch", value.span, "an expression cannot stand alone as a statement");
  }

  #conditional(it: Statement & { readonly kind: "if" | "while" }, into: Step[]): void {
    const condition = this.expression(it.condition);
    const body = this.steps(it.kind === "if" ? it.then : it.body);
    const otherwise = it.kind === "if" && it.else ? this.steps(it.else) : undefined;
    if (!condition) return;
    if (condition.type === "str") {
      const { problems } = this.scope;
      if (it.kind === "while") problems.error("type-mismatch", condition.span, "`while` takes a number, not text");
      else
        problems.warn(
          "value-in-condition",
          condition.span,
          "text in a condition is true only when it is a number greater than 0",
          "compare it, or test it with `strempty`",
        );
    }
    into.push(
      it.kind === "if"
        ? { kind: "if", condition, body, otherwise, span: it.span }
        : { kind: "while", condition, body, span: it.span },
    );
  }

  #switch(it: Statement & { readonly kind: "switch" }, into: Step[]): void {
    const { problems } = this.scope;
    const value = this.expression(it.value);
    const cases = it.cases.map((each) => this.#case(each));
    const labelled = cases.filter((each) => each.label);
    const isText = (each: CaseStep): boolean => each.regex || each.label?.type === "str";
    const mixed = labelled.find((each) => isText(each) !== isText(labelled[0]!));
    if (mixed) problems.error("case-mixed", mixed.label!.span, "numbers and text cannot both be cases of one switch");
    const defaults = it.cases.filter((each) => each.match === undefined);
    if (defaults.length > 1) problems.error("default-twice", defaults[1]!.span, "this switch has a default already");
    if (!value) return;
    into.push({ kind: "switch", value, cases, text: labelled[0] !== undefined && isText(labelled[0]), span: it.span });
  }

  #case(it: Case): CaseStep {
    const label = it.match && this.expression(it.match);
    if (label && !isConstant(label))
      this.scope.problems.error("case-not-constant", label.span, "the label of a case has to be a constant");
    return { label, regex: it.regex === true, body: this.steps(it.body), span: it.span };
  }

  #assign(it: Pick<Assign, "target" | "value" | "span">): AssignStep | undefined {
    const value = this.expression(it.value);
    if (!this.#target(it.target) || !value) return undefined;
    return { kind: "assign", target: it.target.text, targetSpan: it.target.span, value, span: it.span };
  }

  #target(target: Variable): boolean {
    const { scope } = this;
    if (!scope.variable(target.text, target.span)) return false;
    const parts = cutVariable(target.text, 0);
    if (typeof parts === "string") return false;
    if (parts.braces >= 0) {
      scope.problems.error("transformed-target", target.span, "a variable with transformations cannot be assigned to");
      return false;
    }
    if (!scope.writable(parts.name)) {
      scope.problems.error("read-only-variable", target.span, `\`$${parts.name}\` can only be read`);
      return false;
    }
    return true;
  }

  // ── Expressions ────────────────────────────────────────────────────────────

  /** Undefined when it cannot be used, which was reported. */
  expression(it: Expr): Rv | undefined {
    const { span } = it;
    switch (it.kind) {
      case "number":
        return constant(literalInt(it.value), span);
      case "string":
        if (it.bare) return this.#bare(it.value, span);
        // A text ends at its first NUL byte.
        return constant(it.value.includes("\0") ? it.value.slice(0, it.value.indexOf("\0")) : it.value, span);
      case "variable":
        return this.scope.variable(it.text, span)
          ? { op: "variable", text: it.text, type: undefined, span }
          : undefined;
      case "select":
        return { op: "select", text: it.text, type: "str", span };
      case "call":
        return this.#callValue(it);
      case "unary": {
        const operand = this.expression(it.operand);
        return operand && unary(it.operator, operand, span, this.scope.problems);
      }
      case "binary":
        return this.#binary(it);
      case "assign-expression": {
        const step = this.#assign(it);
        return step && action(step, span);
      }
      case "ip":
        return constant(it.mask === undefined ? it.address : `${it.address}/${it.mask}`, span);
      case "omitted":
        this.scope.problems.error("argument-count", span, "an argument is left empty here");
        return undefined;
      case "legacy":
      case "myself":
        this.scope.problems.error(
          "operand-operator",
          span,
          `\`${it.kind === "legacy" ? it.name : "myself"}\` has to be compared with something`,
        );
        return undefined;
    }
  }

  #bare(word: string, span: Span): undefined {
    this.scope.problems.error(
      "type-mismatch",
      span,
      `the word \`${word}\` is no value`,
      `write it in quotes: "${word}"`,
    );
  }

  #binary(it: Expr & { readonly kind: "binary" }): Rv | undefined {
    if (isLegacy(it.left)) return comparison(it, this);
    if (isLegacy(it.right)) {
      const swapped = turned(it);
      if (swapped) return comparison(swapped, this);
    }
    const left = this.expression(it.left);
    const right = this.expression(it.right);
    if (!left || !right) return undefined;
    const { problems } = this.scope;
    const name = operatorName[it.operator];
    if (name === undefined) {
      problems.error("operand-operator", it.operatorSpan, `there is no operator \`${it.operator}\``);
      return undefined;
    }
    if (right.op === "variable" && isNull(right.text) && comparesEqual(name)) {
      const differs = name === "!=" || name === "int!=" || name === "str!=";
      return unary(differs ? "defined" : "undefined", left, it.span, problems);
    }
    return binary(name, left, right, it.span, problems);
  }

  // ── Calls ──────────────────────────────────────────────────────────────────

  #callValue(it: Call): Rv | undefined {
    if (it.name === "selval" && it.args.length === 3) {
      const [condition, yes, no] = it.args.map((each) => this.expression(each));
      return condition && yes && no && selection(condition, yes, no, it.span);
    }
    const step = this.call(it);
    return step && action(step, it.span);
  }

  call(it: Call): CallStep | RouteStep | undefined {
    if (it.name === "route") return this.route(it);
    const isExec = it.name === "exec" && it.args.length > 1; // OpenSIPS's, of the module exec.
    if (!isExec && this.scope.core && Object.hasOwn(this.scope.core.functions, it.name)) return lowerCore(it, this);
    if (unsupportedCore.has(it.name)) {
      this.scope.problems.error("not-supported", it.nameSpan, `Viaduct does not have the core function \`${it.name}\``);
      return undefined;
    }
    const args = it.args.map((each) => (each.kind === "omitted" ? null : this.expression(each)));
    if (args.includes(undefined)) return undefined;
    return resolveCall(it, args as (Rv | null)[], this.block, this.scope);
  }

  /** `route(name)`: also what arms a block by its name alone. */
  route(it: Call): RouteStep | undefined {
    const { problems } = this.scope;
    if (it.args.length !== 1) {
      problems.error(
        "argument-count",
        it.span,
        `\`route\` takes the name of one route, not ${it.args.length} arguments`,
      );
      return undefined;
    }
    const written = it.args[0]!;
    const target =
      written.kind === "string" && written.bare ? constant(written.value, written.span) : this.expression(written);
    if (!target) return undefined;
    return {
      kind: "route",
      name: target.op === "constant" ? String(target.value) : undefined,
      target,
      span: it.span,
    };
  }
}

const action = (step: ActionValue["step"], span: Span): ActionValue => ({ op: "action", step, type: "int", span });

const isNull = (text: string): boolean => text === "$null" || text === "$(null)";

const comparesEqual = (name: BinaryName): boolean => name.endsWith("==") || name.endsWith("!=") || name === "=~";

/** Literals are 32 bits wide and wrap (`2147483648` is -2147483648), although arithmetic has 64. */
export const literalInt = (value: bigint): Int => Number(BigInt.asIntN(32, value));

const operatorName: Readonly<Record<string, BinaryName | undefined>> = {
  "+": "+",
  "-": "-",
  "*": "*",
  "/": "/",
  mod: "mod",
  "&": "&",
  "|": "|",
  "^": "^",
  "<<": "<<",
  ">>": ">>",
  "&&": "&&",
  "||": "||",
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
  "==": "==",
  "!=": "!=",
  ieq: "int==",
  ine: "int!=",
  eq: "str==",
  ne: "str!=",
  "=~": "=~",
};
