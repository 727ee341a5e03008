/** Expressions as JavaScript. Each can be had as an integer, as a value of any type, as text, or as a condition. */
import type { BinaryOp, Comparison, Rv, SelectRead, UnaryOp, VariableRead } from "../check/ir.ts";
import { toInt } from "../declare/semantics.ts";
import { literal } from "./output.ts";
import type { Steps } from "./steps.ts";

/** JavaScript of binary operators whose operands are integers; `a` and `b` are Ints. */
const intOperators: Readonly<Record<string, (a: string, b: string) => string>> = {
  "+": (a, b) => `add(${a}, ${b})`,
  "int+": (a, b) => `add(${a}, ${b})`,
  "-": (a, b) => `sub(${a}, ${b})`,
  "*": (a, b) => `mul(${a}, ${b})`,
  "/": (a, b) => `div(${a}, ${b})`,
  mod: (a, b) => `mod(${a}, ${b})`,
  "&": (a, b) => `and(${a}, ${b})`,
  "|": (a, b) => `or(${a}, ${b})`,
  "^": (a, b) => `xor(${a}, ${b})`,
  "<<": (a, b) => `shiftLeft(${a}, ${b})`,
  ">>": (a, b) => `shiftRight(${a}, ${b})`,
};

/** Comparisons of integers. Numbers and bigints compare by value; equal values have one form (see int.ts). */
const intTests: Readonly<Record<string, string>> = {
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
  "int==": "===",
  "int!=": "!==",
};

/** Operations whose only results are 1 and 0. */
function logical(rv: Rv): boolean {
  if (rv.op === "unary")
    return rv.name === "!" || rv.name === "defined" || rv.name === "undefined" || rv.name === "strempty";
  if (rv.op !== "binary") return false;
  return rv.name === "&&" || rv.name === "||" || rv.name === "=~" || rv.name in intTests || /[=!]=$/.test(rv.name);
}

/**
 * Kamailio reads some operands as "an integer or else a value" (rval_expr_eval_rvlong), and that way cannot read a
 * `selval`, nor a `+` that begins with one: there is no result.
 */
export const unreadable = (rv: Rv): boolean =>
  rv.op === "selection" || (rv.op === "binary" && rv.name === "+" && unreadable(rv.left));

export class Expressions {
  readonly #steps: Steps;

  constructor(steps: Steps) {
    this.#steps = steps;
  }

  /** JavaScript of a condition: true when it is greater than 0 (with return_mode=1: not 0). No result is false. */
  condition(rv: Rv): string {
    if (this.#steps.options.returnMode !== 0 || logical(rv)) return this.#holds(rv);
    return rv.op === "constant" ? String(toInt(rv.value) > 0) : `${this.int(rv)} > 0`;
  }

  /** JavaScript that is truthy when the integer has a result and is not 0. */
  #holds(rv: Rv): string {
    if (rv.op === "unary") {
      const { name, operand } = rv;
      if (name === "!") return this.fails(operand, "int") ? `${this.int(operand)} === 0` : `!(${this.#holds(operand)})`;
      if (name === "strempty") return `${this.text(operand)} === ""`;
    }
    if (rv.op === "binary") {
      const { name, left, right } = rv;
      if (name === "&&") return `(${this.#holds(left)}) && (${this.#holds(right)})`;
      if (name === "||" && !this.fails(left, "int")) return `(${this.#holds(left)}) || (${this.#holds(right)})`;
      if (name === "=~" && right.op === "constant") return `${this.#steps.pattern(right)}.test(${this.text(left)})`;
      // With NaN on a side, each of these is false, as it has to be.
      if (name in intTests && name !== "int!=") return `${this.int(left)} ${intTests[name]} ${this.int(right)}`;
      if (name === "str==") return `${this.text(left)} === ${this.text(right)}`;
    }
    return this.int(rv);
  }

  /** JavaScript of an Int; NaN when the operation has no result, which only `fails` expressions can give. */
  int(rv: Rv): string {
    switch (rv.op) {
      case "constant":
        return literal(toInt(rv.value));
      case "variable":
        return this.#variableInt(rv);
      case "select":
        return `textToInt(${this.text(rv)})`;
      case "action":
        return this.#steps.options.returnMode === 1
          ? this.#steps.actionCode(rv.step)
          : `(${this.#steps.actionCode(rv.step)} > 0 ? 1 : 0)`;
      case "comparison":
        return this.#comparison(rv);
      case "selection":
        return "NaN";
      case "unary":
        return this.#unaryInt(rv);
      case "binary":
        return this.#binaryInt(rv);
    }
  }

  #unaryInt(rv: UnaryOp): string {
    const { name, operand } = rv;
    switch (name) {
      case "!":
        return this.#guarded([operand], ["int"], ([a]) => `(${a} ? 0 : 1)`, `(${this.#holds(operand)} ? 0 : 1)`);
      case "-":
        return `sub(0, ${this.int(operand)})`;
      case "~":
        return `not(${this.int(operand)})`;
      case "(int)":
        return this.int(operand);
      case "(str)":
        return unreadable(operand) ? "NaN" : this.#toInt(operand);
      case "defined":
        return this.#plain(operand) ? `defined(${this.value(operand)})` : "1";
      case "undefined":
        return this.#plain(operand) ? `(1 - defined(${this.value(operand)}))` : "0";
      case "strlen":
        return this.#guarded([operand], ["text"], ([a]) => `${a}.length`);
      case "strempty":
        return this.#guarded([operand], ["text"], ([a]) => `(${a} === "" ? 1 : 0)`);
    }
  }

  /** Only a single value can be undefined; an operation always gives something. */
  #plain(rv: Rv): boolean {
    return rv.op === "variable" || rv.op === "select";
  }

  #binaryInt(rv: BinaryOp): string {
    const { name, left, right } = rv;
    const operator = intOperators[name];
    if (operator) return operator(this.int(left), this.int(right));
    const test = intTests[name];
    if (test) return this.#guarded([left, right], ["int", "int"], ([a, b]) => `(${a} ${test} ${b} ? 1 : 0)`);
    switch (name) {
      case "&&":
        if (!this.fails(rv, "int")) return `((${this.#holds(left)}) && (${this.#holds(right)}) ? 1 : 0)`;
        return this.#steps.temporaries(2, ([a, b]) => {
          const rest = `((${b} = ${this.int(right)}) !== ${b} ? NaN : ${b} ? 1 : 0)`;
          return `((${a} = ${this.int(left)}) !== ${a} ? NaN : ${a} ? ${rest} : 0)`;
        });
      case "||":
        if (!this.fails(rv, "int")) return `((${this.#holds(left)}) || (${this.#holds(right)}) ? 1 : 0)`;
        return this.#steps.temporaries(2, ([a, b]) => {
          const rest = `((${b} = ${this.int(right)}) !== ${b} ? NaN : ${b} ? 1 : 0)`;
          return `((${a} = ${this.int(left)}) !== ${a} ? NaN : ${a} ? 1 : ${rest})`;
        });
      case "str==":
        return this.#guarded([left, right], ["text", "text"], ([a, b]) => `(${a} === ${b} ? 1 : 0)`);
      case "str!=":
        return this.#guarded([left, right], ["text", "text"], ([a, b]) => `(${a} !== ${b} ? 1 : 0)`);
      case "=~":
        return this.#match(rv);
      case "==":
        return this.#equal(rv);
      case "!=":
        return `(1 - ${this.#equal(rv)})`;
      default:
        // `concat`: text that is wanted as a number.
        return this.#guarded([rv], ["text"], ([a]) => `textToInt(${a})`);
    }
  }

  /** `==` whose left type only the value tells. */
  #equal(rv: BinaryOp): string {
    const { left, right } = rv;
    if (unreadable(left)) return "NaN";
    if (!this.#sameEitherWay(right))
      // Each branch reads the right side in the type that the left side turned out to have.
      return this.#steps.temporaries(1, ([a]) => {
        const asInt = this.#guarded([right], ["int"], ([b]) => `(toInt(${a}) === ${b} ? 1 : 0)`);
        const asAny = this.#guarded([right], ["value"], ([b]) => `equal(${a}, ${b})`);
        const other = unreadable(right) ? `typeof ${a} === "string" ? ${asAny} : NaN` : asAny;
        return `((${a} = ${this.value(left)}) !== ${a} ? NaN : integer(${a}) ? ${asInt} : ${other})`;
      });
    return this.#guarded([left, right], ["value", "value"], ([a, b]) => `equal(${a}, ${b})`);
  }

  /** JavaScript of a value of any type (Read); NaN when there is no result. */
  value(rv: Rv): string {
    switch (rv.op) {
      case "constant":
        return literal(rv.value);
      case "variable":
        return this.#steps.read(rv.text, rv.span);
      case "select":
        return this.#select(rv);
      case "selection":
        return this.#selection(rv);
      case "unary":
        return rv.name === "(str)" ? this.#guarded([rv.operand], ["text"], ([a]) => a!) : this.int(rv);
      case "binary":
        if (rv.name === "concat")
          return this.#guarded([rv.left, rv.right], ["text", "text"], ([a, b]) => `(${a} + ${b})`);
        return rv.name === "+" ? this.#plus(rv) : this.int(rv);
      default:
        return this.int(rv);
    }
  }

  #selection(rv: Rv & { readonly op: "selection" }): string {
    const condition = this.int(rv.condition);
    const chosen = (it: Rv): string => (it.type === "int" ? this.value(it) : `${this.#chosen(it)}`);
    if (!this.fails(rv.condition, "int")) return `(${condition} > 0 ? ${chosen(rv.yes)} : ${chosen(rv.no)})`;
    return this.#steps.temporaries(
      1,
      ([t]) => `((${t} = ${condition}) !== ${t} ? NaN : ${t} > 0 ? ${chosen(rv.yes)} : ${chosen(rv.no)})`,
    );
  }

  /** An undefined value that was chosen is the empty text. */
  #chosen(rv: Rv): string {
    return this.#plain(rv) ? `chosen(${this.value(rv)})` : this.value(rv);
  }

  #plus(rv: BinaryOp): string {
    const { left, right } = rv;
    if (this.#sameEitherWay(right))
      return this.#guarded([left, right], ["value", "value"], ([a, b]) => `plus(${a}, ${b})`);
    return this.#steps.temporaries(1, ([a]) => {
      const joined = this.#guarded([right], ["text"], ([b]) => `toText(${a}) + ${b}`);
      return `((${a} = ${this.value(left)}) !== ${a} ? NaN : integer(${a}) ? add(toInt(${a}), ${this.int(right)}) : ${joined})`;
    });
  }

  /** Whether reading as an integer is the same as converting what is read as a value. */
  #sameEitherWay(rv: Rv): boolean {
    if (rv.op === "binary") return rv.name !== "+";
    if (rv.op === "variable") return !this.#steps.hasNumber(rv.text);
    return rv.op !== "selection";
  }

  /** JavaScript of a text; NaN when there is no result. */
  text(rv: Rv): string {
    if (rv.op === "constant") return literal(String(rv.value));
    // As text, the code of an action is reduced whatever return_mode says.
    if (rv.op === "action") return `(${this.#steps.actionCode(rv.step)} > 0 ? "1" : "0")`;
    if (rv.type === "str" && rv.op !== "select") return this.value(rv);
    if (this.fails(rv, "value"))
      return this.#steps.temporaries(1, ([t]) => `((${t} = ${this.value(rv)}) !== ${t} ? NaN : toText(${t}))`);
    return rv.type === "int" ? `(${this.int(rv)} + "")` : `toText(${this.value(rv)})`;
  }

  #toInt(rv: Rv): string {
    return this.fails(rv, "value")
      ? this.#steps.temporaries(1, ([t]) => `((${t} = ${this.value(rv)}) !== ${t} ? NaN : toInt(${t}))`)
      : `toInt(${this.value(rv)})`;
  }

  #variableInt(rv: VariableRead): string {
    const number = this.#steps.hasNumber(rv.text);
    return number ? `numberOf(${number}, call)` : `toInt(${this.value(rv)})`;
  }

  #select(rv: SelectRead): string {
    return this.#steps.select(rv.text, rv.span);
  }

  /** A pattern that is known is compiled once; any other when it is used, and a wrong one then has no result. */
  #match(rv: BinaryOp): string {
    if (rv.right.op === "constant") {
      const pattern = this.#steps.pattern(rv.right);
      return this.#guarded([rv.left], ["text"], ([a]) => `(${pattern}.test(${a}) ? 1 : 0)`);
    }
    return this.#guarded([rv.left, rv.right], ["text", "text"], ([a, b]) => `matches(call, ${a}, ${b})`);
  }

  #comparison(rv: Comparison): string {
    return this.#steps.comparison(rv);
  }

  /**
   * Whether the expression may have no result: division by what may be 0, text that may be no number where one is
   * wanted ("int"), a pattern that may be wrong.
   */
  fails(rv: Rv, form: "int" | "text" | "value"): boolean {
    switch (rv.op) {
      case "constant":
        return form === "int" && Number.isNaN(toInt(rv.value));
      case "variable":
      case "select":
        return form === "int";
      case "unary":
        if (rv.name === "defined" || rv.name === "undefined") return false;
        if (rv.name === "(str)") return form === "int" || this.fails(rv.operand, "value");
        return this.fails(rv.operand, rv.name === "strlen" || rv.name === "strempty" ? "text" : "int");
      case "binary":
        return this.#binaryFails(rv, form);
      case "selection":
        if (form === "int" || this.fails(rv.condition, "int")) return true;
        return this.fails(rv.yes, "value") || this.fails(rv.no, "value");
      default:
        return false;
    }
  }

  #binaryFails({ name, left, right }: BinaryOp, form: "int" | "text" | "value"): boolean {
    switch (name) {
      case "concat":
        return form === "int" || this.fails(left, "text") || this.fails(right, "text");
      case "str==":
      case "str!=":
        return this.fails(left, "text") || this.fails(right, "text");
      case "=~":
        return right.op !== "constant" || this.fails(left, "text");
      case "+":
        if (form === "int") return this.fails(left, "int") || this.fails(right, "int");
        return this.fails(left, "value") || this.fails(right, "int") || this.fails(right, "value");
      case "==":
      case "!=":
        return unreadable(left) || this.fails(left, "value") || this.fails(right, "int");
      case "/":
      case "mod":
        if (right.op !== "constant" || right.value === 0) return true;
        return this.fails(left, "int");
      default:
        return this.fails(left, "int") || this.fails(right, "int");
    }
  }

  /**
   * Code of an operation on operands that may have no result. Operands are read from left to right; one without a
   * result makes the whole NaN, and what stands right of it is not read.
   */
  #guarded(
    operands: readonly Rv[],
    forms: readonly ("int" | "text" | "value")[],
    build: (code: string[]) => string,
    sure?: string,
  ): string {
    const code = operands.map((it, i) => this[forms[i]!](it));
    if (!operands.some((it, i) => this.fails(it, forms[i]!))) return sure ?? build(code);
    return this.#steps.temporaries(code.length, (names) => {
      const checks = code.map((it, i) => `(${names[i]} = ${it}) !== ${names[i]}`);
      return `(${checks.join(" || ")} ? NaN : ${build(names)})`;
    });
  }
}
