/** Function calls as JavaScript: what is written out is prepared once, everything else converted at each call. */
import type { Argument, CallStep, Rv } from "../check/ir.ts";
import type { Fn, Kind } from "../declare/module.ts";
import { leadingVariable, variableEnd } from "../declare/variables-text.ts";
import { literal } from "./output.ts";
import { argumentInt } from "./runtime.ts";
import type { Steps } from "./steps.ts";

/** One argument: either known now, or code that gives it. */
interface Prepared {
  readonly known?: { readonly value: unknown };
  readonly code?: string;
  /** The code gives undefined when there is no value: "computed" as a fixup that fails, "read" as the function failing. */
  readonly fails?: "computed" | "read";
}

export class Arguments {
  readonly #steps: Steps;

  constructor(steps: Steps) {
    this.#steps = steps;
  }

  call(step: CallStep): string {
    const { fn, module } = step;
    if (!fn || !module) return `ran(call, lacking(call, ${literal(step.name)}))`;
    const { out } = this.#steps.unit;
    const state = out.constant(this.#steps.unit.state(module));
    const { watched } = this.#steps.unit;
    const result = (given: string, code: string): string => (watched ? watched.result(step.name, given, code) : code);
    const run = (given: string): string => {
      const run = `${out.constant(fn)}.run(call, ${given}, ${state})`;
      return fn.waits ? this.#steps.waiting(run) : run;
    };
    const finish = (given: string): string => {
      const code = watched
        ? this.#steps.temporaries(
            1,
            ([t]) => `(${watched.calls(step.name, step.args.length)}, ${t} = ${given}, ${result(t!, run(t!))})`,
          )
        : run(given);
      return step.core ? code : `ran(call, ${code})`;
    };
    return this.#given(step, fn, finish, (fails) => {
      const code = result("undefined", fails === "computed" ? "-5" : "-1");
      return fails === "computed" || step.core ? code : `ran(call, ${code})`;
    });
  }

  /** Code that hands function, arguments and module state to `begin`, in the place of calling it; no function when an argument has no value. */
  begun(step: CallStep, begin: (code: string) => string): string {
    const { fn, module } = step;
    if (!fn || !module) return `(lacking(call, ${literal(step.name)}), ${begin("undefined, undefined, undefined")})`;
    const { out } = this.#steps.unit;
    const state = out.constant(this.#steps.unit.state(module));
    const { watched } = this.#steps.unit;
    const begun = out.constant(watched ? watched.fn(fn, step.name, step.args.length) : fn);
    const finish = (given: string): string => begin(`${begun}, ${given}, ${state}`);
    return this.#given(step, fn, finish, () => begin("undefined, undefined, undefined"));
  }

  /** Code of a text that is written like a string argument. */
  text(value: Rv): string {
    const folded = this.#steps.fold(value);
    if (folded.op !== "constant") return this.#steps.expressions.text(folded);
    const prepared = this.#format(String(folded.value), folded.span);
    return prepared.known ? this.#constant(prepared.known.value) : prepared.code!;
  }

  /** Code that evaluates the arguments: `finish` gets them, `failed` stands for one that has no value. */
  #given(
    step: CallStep,
    fn: Fn,
    finish: (given: string) => string,
    failed: (why: "computed" | "read") => string,
  ): string {
    this.#check(step, fn);
    const args = step.args.map((it) => this.#prepare(step, it));
    if (!args.some((it) => it.fails)) return finish(this.#object(fn, step.args, args).code);
    return this.#steps.temporaries(args.length, (names) => {
      const checks = args.flatMap((it, i) =>
        it.fails ? `(${names[i]} = ${it.code}) === undefined ? ${failed(it.fails)} : ` : [],
      );
      const withNames = args.map((it, i) => (it.fails ? { code: names[i]! } : it));
      return `(${checks.join("")}${finish(this.#object(fn, step.args, withNames).code)})`;
    });
  }

  /** The object that `run` receives: always of the same shape for one function. */
  #object(fn: Fn, args: readonly Argument[], prepared: readonly Prepared[]): { code: string } {
    const { out } = this.#steps.unit;
    const byName = new Map<string, Prepared>();
    const rest: Prepared[] = [];
    args.forEach((it, i) => {
      if (it.rest) rest.push(prepared[i]!);
      else byName.set(it.name, prepared[i]!);
    });
    const members = Object.entries(fn.args as Record<string, Kind<unknown>>).map(
      ([name, kind]) => [name, byName.get(name) ?? { known: { value: kind.fallback } }] as const,
    );
    const known = [...members.map(([, it]) => it), ...rest].every((it) => it.known);
    if (known) {
      const value: Record<string, unknown> = {};
      for (const [name, it] of members) value[name] = it.known!.value;
      if (fn.rest) value["rest"] = rest.map((it) => it.known!.value);
      return { code: out.constant(value) };
    }
    const code = (it: Prepared): string => (it.known ? this.#constant(it.known.value) : it.code!);
    const list = members.map(([name, it]) => `${JSON.stringify(name)}: ${code(it)}`);
    if (fn.rest) list.push(`rest: [${rest.map(code).join(", ")}]`);
    return { code: `{ ${list.join(", ")} }` };
  }

  #constant(value: unknown): string {
    if (value === undefined) return "undefined";
    if (typeof value === "string" || typeof value === "number" || typeof value === "bigint") return literal(value);
    return this.#steps.unit.out.constant(value);
  }

  /** The function's own look at literal arguments (Kamailio's fixups). */
  #check(step: CallStep, fn: Fn): void {
    if (!fn.check || !step.module) return;
    const literals = step.args.map((it) => {
      const folded = this.#steps.fold(it.value);
      return folded.op === "constant" ? String(folded.value) : undefined;
    });
    const refused = fn.check(literals, this.#steps.unit.state(step.module));
    if (refused !== undefined)
      this.#steps.unit.problems.error("argument-kind", step.span, `\`${step.name}\`: ${refused}`);
  }

  #prepare(step: CallStep, it: Argument): Prepared {
    const value = this.#steps.fold(it.value);
    if (value.op !== "constant") return this.#computed(it, value);
    const text = String(value.value);
    const refused = it.kind.check?.(text);
    if (refused !== undefined) return this.#refuse(step, value, refused);
    const prepared = this.#written(step, it, value, text);
    return it.kind.maybe && prepared.code !== undefined ? { code: prepared.code } : prepared;
  }

  #refuse(step: CallStep, value: Rv, message: string): Prepared {
    this.#steps.unit.problems.error("argument-kind", value.span, `\`${step.name}\`: ${message}`);
    return { known: { value: undefined } };
  }

  /** An argument that is written out. */
  #written(step: CallStep, { kind }: Argument, value: Rv & { readonly op: "constant" }, text: string): Prepared {
    const { unit } = this.#steps;
    const { span } = value;
    switch (kind.kind) {
      case "any":
        return { known: { value: value.value } };
      case "text":
        return { known: { value: text } };
      case "int":
        return this.#writtenInt(step, value, text);
      case "string":
        return kind.single ? this.#single(text, span) : this.#format(text, span);
      case "format": {
        const format = unit.format(text, span);
        return { known: { value: format } };
      }
      case "variable": {
        const variable = unit.variable(leadingVariable(text), span);
        return { known: { value: variable } };
      }
      case "regex": {
        const regex = unit.core.regex(text, kind.flags ?? { icase: true, newline: true });
        if (!regex) unit.problems.error("bad-regex", span, `\`${text}\` is no regular expression`);
        return { known: { value: regex } };
      }
      case "route":
        return this.#writtenRoute(text, span);
    }
  }

  #writtenInt(step: CallStep, value: Rv, text: string): Prepared {
    const number = argumentInt(text);
    if (number !== undefined) return { known: { value: number } };
    if (!text.startsWith("$")) return this.#refuse(step, value, `\`${text}\` is no number`);
    const variable = this.#steps.unit.variable(text, value.span);
    if (!variable) return { known: { value: undefined } };
    return { code: `variableInt(${this.#steps.unit.out.constant(variable)}, call)`, fails: "read" };
  }

  /** Text with variables in it, expanded at each call. */
  #format(text: string, span: Rv["span"]): Prepared {
    const format = this.#steps.unit.format(text, span);
    if (!format) return { known: { value: "" } };
    if (format.literal !== undefined) return { known: { value: format.literal } };
    return { code: `${this.#steps.unit.out.constant(format)}.expand(call)` };
  }

  /** A text that begins with `$` is that one variable; nothing else is expanded. */
  #single(text: string, span: Rv["span"]): Prepared {
    const from = text.length - text.trimStart().length;
    const end = text[from] === "$" ? variableEnd(text, from) : -1;
    if (end < 0) return { known: { value: text } };
    const variable = this.#steps.unit.variable(text.slice(from, end), span);
    if (!variable) return { known: { value: "" } };
    return { code: `variableText(${this.#steps.unit.out.constant(variable)}, call)`, fails: "read" };
  }

  /** Looked up when the function is called, so that a function may also name a block that comes with the next script. */
  #writtenRoute(text: string, span: Rv["span"]): Prepared {
    const { unit } = this.#steps;
    if (text.startsWith("$")) {
      const format = unit.format(text, span);
      return format
        ? { code: `routeNamed(call, ${unit.out.constant(format)}.expand(call))`, fails: "read" }
        : { known: { value: undefined } };
    }
    return { code: `routeNamed(call, ${literal(text)})`, fails: "read" };
  }

  /** An argument that is a variable or an expression: its value is taken as it is, nothing in it is expanded again. */
  #computed({ kind }: Argument, value: Rv): Prepared {
    const { expressions } = this.#steps;
    const failing = expressions.fails(value, kind.kind === "int" && value.type === "int" ? "int" : "value");
    const guarded = (code: string, convert: (it: string) => string): string =>
      failing
        ? this.#steps.temporaries(1, ([t]) => `((${t} = ${code}) !== ${t} ? undefined : ${convert(t!)})`)
        : convert(code);
    switch (kind.kind) {
      case "any": {
        const code = guarded(expressions.value(value), (it) => it);
        return failing ? { code, fails: "computed" } : { code };
      }
      case "int":
        if (value.type === "int" && !failing) return { code: expressions.int(value) };
        return { code: guarded(expressions.value(value), (it) => `computedInt(${it})`), fails: "computed" };
      case "variable":
        return { code: guarded(expressions.text(value), (it) => `variableNamed(call, ${it})`), fails: "computed" };
      case "regex": {
        const flags = this.#steps.unit.out.constant(kind.flags ?? DEFAULT_FLAGS);
        return { code: guarded(expressions.text(value), (it) => `regexOf(call, ${it}, ${flags})`), fails: "computed" };
      }
      case "route":
        return { code: guarded(expressions.text(value), (it) => `routeNamed(call, ${it})`), fails: "computed" };
      case "format":
        return { code: guarded(expressions.text(value), (it) => `plainFormat(${it})`), ...(failing && COMPUTED) };
      default:
        return { code: guarded(expressions.text(value), (it) => it), ...(failing && COMPUTED) };
    }
  }
}

const COMPUTED = { fails: "computed" } as const;
const DEFAULT_FLAGS = { icase: true, newline: true } as const;
