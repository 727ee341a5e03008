/** What names mean in a script: modules that are loaded, their functions and variables, routes and flags. */
import type { BlockKind, Span } from "../../grammar/tree.ts";
import type { Fn, Module, Pv, TransformationClass } from "../declare/module.ts";
import { cutVariable, variableEnd } from "../declare/variables-text.ts";
import { type Export, isModule, modulesWith } from "./elsewhere.ts";
import { didYouMean } from "./names.ts";
import type { Problems } from "./problems.ts";

/** A function in one of its forms, and who has it. */
export interface Found {
  readonly fn: Fn;
  readonly module: Module;
}

export class Scope {
  readonly problems: Problems;
  /** Loaded modules, `core` first. */
  readonly loaded: Module[] = [];
  readonly available: readonly Module[];
  /** Modules that the script loads and Viaduct lacks, when that is let pass. */
  readonly lacking = new Set<string>();
  /** The same where it is a mistake. */
  readonly refused = new Set<string>();
  readonly flags = new Map<string, number>();
  /** Names of route blocks by kind. */
  readonly routes = new Map<BlockKind, Set<string>>();
  /** Something reads the position of the running statement. */
  positions = false;

  constructor(problems: Problems, available: readonly Module[]) {
    this.problems = problems;
    this.available = available;
  }

  get core(): Module | undefined {
    return this.loaded.find((it) => it.name === "core");
  }

  hasRoute(block: BlockKind, name: string): boolean {
    return this.routes.get(block)?.has(name) === true;
  }

  /** Every form of a function in the loaded modules; a later module comes before an earlier one, as in Kamailio. */
  functions(name: string): Found[] {
    const found: Found[] = [];
    for (const module of this.loaded.toReversed()) {
      const fn = own(module.functions, name);
      if (fn) for (const form of [fn, ...(fn.overloads ?? [])]) found.push({ fn: form, module });
    }
    return found;
  }

  functionNames(): string[] {
    return this.loaded.flatMap((it) => Object.keys(it.functions));
  }

  /** Whether a module that is let pass may have a name: one of Kamailio's that does, or one that is not Kamailio's. */
  mayLack(kind: Export, name: string): boolean {
    if (this.lacking.size === 0) return false;
    const having = modulesWith(kind, name);
    return [...this.lacking].some((it) => having.includes(it) || !isModule(it));
  }

  /** Says which module has a name that no loaded one has. */
  whereIs(kind: Export, name: string, here: Module | undefined): string | undefined {
    if (here) return `it is in the module ${here.name}: loadmodule "${here.name}.so"`;
    const modules = modulesWith(kind, name).slice(0, MOST_MODULES);
    if (modules.length === 0) return undefined;
    const lacks = !modules.some((module) => this.available.some((it) => it.name === module));
    const names = modules.join(" or ");
    return lacks
      ? `it is in Kamailio's module ${names}, which Viaduct does not have`
      : `Kamailio's module ${names} has it, Viaduct's does not`;
  }

  /** Reports what is wrong with the names in a variable. True when nothing is. */
  variable(text: string, span: Span): boolean {
    const parts = cutVariable(text, 0);
    if (typeof parts === "string") return this.#unknown(span, parts);
    if (parts.text.length !== text.length)
      return this.#unknown(span, `unexpected \`${text.slice(parts.text.length)}\` behind \`${parts.text}\``);
    const pv = this.#pv(parts.name);
    if (!pv && parts.name !== "null" && parts.name !== "$") return this.#unknownName(parts.name, span);
    if (pv?.position) this.positions = true;
    if (pv?.keys && parts.inner !== undefined && !pv.bind && !Object.hasOwn(pv.keys, parts.inner))
      return this.#unknown(
        span,
        `\`$${parts.name}(${parts.inner})\` is unknown`,
        didYouMean(parts.inner, Object.keys(pv.keys)) ?? `it may be ${Object.keys(pv.keys).join(", ")}`,
      );
    return parts.braces < 0 || this.#transformations(text, parts.braces, span);
  }

  /** Reports what is wrong with the variables in a format. */
  format(text: string, span: Span): void {
    for (let at = text.indexOf("$"); at >= 0; at = text.indexOf("$", at)) {
      const end = variableEnd(text, at);
      if (end < 0 || end === at + 1) {
        this.#unknown(span, `\`${text.slice(at, at + 20)}\` is no variable`, "write `$$` for a dollar sign");
        return;
      }
      this.variable(text.slice(at, end), span);
      at = end;
    }
  }

  /** Whether a variable can be assigned to, as far as its name tells; one that is bound by its inner name tells later. */
  writable(name: string): boolean {
    const pv = this.#pv(name);
    if (pv === undefined) return this.mayLack("variable", name);
    return pv.bind !== undefined || pv.set !== undefined;
  }

  #pv(name: string): Pv | undefined {
    for (const module of this.loaded) {
      const pv = own(module.variables, name);
      if (pv) return pv;
    }
    return undefined;
  }

  #unknownName(name: string, span: Span): boolean {
    if (this.mayLack("variable", name)) {
      this.problems.warn(
        "unknown-variable",
        span,
        `no loaded module that Viaduct has knows \`$${name}\``,
        this.whereIs("variable", name, undefined),
      );
      return true;
    }
    const elsewhere = this.available.find((it) => own(it.variables, name) && !this.loaded.includes(it));
    const names = ["null", ...this.loaded.flatMap((it) => Object.keys(it.variables))];
    return this.#unknown(
      span,
      `no loaded module has the variable \`$${name}\``,
      this.whereIs("variable", name, elsewhere) ?? didYouMean(name, names, "$"),
    );
  }

  #unknown(span: Span, message: string, hint?: string): false {
    this.problems.error("unknown-variable", span, message, hint);
    return false;
  }

  /** Class and name of each transformation; parameters are read when they are bound. */
  #transformations(text: string, from: number, span: Span): boolean {
    let at = from;
    while (at < text.length - 1) {
      const name = /^[ \t\n]*\{([A-Za-z0-9_]+)\.([^,}]*)/.exec(text.slice(at));
      if (!name) return true; // What is malformed is told when the variable is bound.
      const it = this.#transformationClass(name[1]!);
      if (!it) return this.#unknownClass(name[1]!, span);
      const method = name[2]!.trim();
      if (!Object.keys(it.names).some((known) => known.toLowerCase() === method.toLowerCase()))
        return this.#unknown(
          span,
          `there is no transformation \`{${name[1]}.${method}}\``,
          didYouMean(method, Object.keys(it.names), `${name[1]}.`),
        );
      at += name[0].length;
      if (text[at] === "}") at++;
      else return true; // Parameters may hold braces: the class itself knows where they end.
    }
    return true;
  }

  #transformationClass(name: string): TransformationClass | undefined {
    for (const module of this.loaded) {
      const it = module.transformations && own(module.transformations, name);
      if (it) return it;
    }
    return undefined;
  }

  #unknownClass(name: string, span: Span): boolean {
    if (this.mayLack("transformation", name)) {
      this.problems.warn(
        "unknown-variable",
        span,
        `no loaded module that Viaduct has knows the transformation class \`${name}\``,
        this.whereIs("transformation", name, undefined),
      );
      return true;
    }
    const elsewhere = this.available.find((it) => it.transformations && own(it.transformations, name));
    const names = this.loaded.flatMap((it) => Object.keys(it.transformations ?? {}));
    return this.#unknown(
      span,
      `no loaded module has the transformation class \`${name}\``,
      this.whereIs("transformation", name, elsewhere) ?? didYouMean(name, names),
    );
  }
}

/** How many modules are named that have something. */
const MOST_MODULES = 3;

/** A record's own member: names that come from a script never reach what every object has. */
export const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;
