/** Resolves pseudo-variables, their transformations and formats against the declarations of the loaded modules. */
import type { Call } from "./call.ts";
import type { Core } from "./core.ts";
import type { Bound, Module, Pv, TransformationClass } from "./module.ts";
import { bindTransformations, type Transformation, transformationClasses } from "./transformations.ts";
import type { Int, Read, Value } from "./value.ts";
import type { Format, VariableRef, Variables } from "./variable.ts";
import type { VarSlots } from "./variables-slots.ts";
import { cutVariable, type VariableText, variableEnd } from "./variables-text.ts";
import { printed } from "./variables-values.ts";

/** How many names that were only known at run time are kept (Kamailio's pv_cache_limit). */
const CACHED_NAMES = 2048;

/** How many variables may stand inside one another. */
const DEEPEST = 64;

/**
 * Variables of the given modules. `stateOf` gives the state of a module and is not asked before a variable is read or
 * written, so that the checker can resolve names of modules that have not started.
 */
export function createVariables(
  modules: readonly Module[],
  core: Core,
  stateOf: (module: Module) => unknown,
  slots: VarSlots,
): Variables {
  return new DeclaredVariables(modules, core, stateOf, slots);
}

interface Declared {
  readonly pv: Pv;
  readonly module: Module | undefined;
}

/** `$null` and the marker `$$` are there without any module. */
const builtIn: Readonly<Record<string, Pv>> = {
  null: { doc: "The undefined value.", get: () => null },
  $: { doc: "The character `$`.", get: () => "$", number: () => 36 },
};

class DeclaredVariables implements Variables {
  readonly slots: VarSlots;
  readonly #core: Core;
  readonly #stateOf: (module: Module) => unknown;
  readonly #declared = new Map<string, Declared>();
  readonly #classes: ReadonlyMap<string, TransformationClass>;
  /** Names resolved at run time; those that did not resolve are kept too. */
  readonly #dynamic = new Map<string, VariableRef | string>();
  /** Variables that are being bound, each inside the one before. */
  #depth = 0;

  constructor(modules: readonly Module[], core: Core, stateOf: (module: Module) => unknown, slots: VarSlots) {
    this.#core = core;
    this.#stateOf = stateOf;
    this.slots = slots;
    for (const [name, pv] of Object.entries(builtIn)) this.#declared.set(name, { pv, module: undefined });
    for (const module of modules)
      for (const [name, pv] of Object.entries(module.variables))
        if (!this.#declared.has(name)) this.#declared.set(name, { pv, module });
    this.#classes = transformationClasses(modules);
  }

  variable(text: string): VariableRef | string {
    const parts = cutVariable(text, 0);
    if (typeof parts === "string") return parts;
    if (parts.text.length !== text.length)
      return `unexpected \`${text.slice(parts.text.length)}\` behind \`${parts.text}\``;
    if (this.#depth >= DEEPEST) return `more than ${DEEPEST} variables inside one another`;
    this.#depth++;
    const resolved = this.#resolve(parts);
    this.#depth--;
    return resolved;
  }

  format(text: string, each?: (variable: VariableRef) => VariableRef): Format | string {
    const pieces: (string | VariableRef)[] = [];
    let at = 0;
    while (at < text.length) {
      const dollar = text.indexOf("$", at);
      if (dollar < 0) {
        pieces.push(text.slice(at));
        break;
      }
      if (dollar > at) pieces.push(text.slice(at, dollar));
      const end = variableEnd(text, dollar);
      const variable = end < 0 ? `\`${text.slice(dollar)}\` is no variable` : this.variable(text.slice(dollar, end));
      if (typeof variable === "string") return variable;
      pieces.push(each ? each(variable) : variable);
      at = end;
    }
    return new BoundFormat(text, pieces);
  }

  read(text: string, call: Call): Read {
    let variable = this.#dynamic.get(text);
    if (variable === undefined) {
      if (this.#dynamic.size >= CACHED_NAMES) this.#dynamic.delete(this.#dynamic.keys().next().value!);
      variable = this.variable(text);
      this.#dynamic.set(text, variable);
    }
    return typeof variable === "string" ? undefined : variable.get(call);
  }

  #resolve(parts: VariableText): VariableRef | string {
    const declared = this.#declared.get(parts.name);
    if (!declared) return `no loaded module has the variable \`$${parts.name}\``;
    const bound = this.#bind(declared, parts);
    if (typeof bound === "string") return bound;
    if (parts.braces < 0) return new BoundVariable(parts.text, parts.name, bound.get, bound);
    const chain = bindTransformations(parts.text, parts.braces, this.#classes, this.#core, this);
    if (typeof chain === "string") return chain;
    return new BoundVariable(parts.text, parts.name, applied(bound, chain), { ...bound, number: undefined });
  }

  #bind({ pv, module }: Declared, parts: VariableText): Bound | string {
    const { name, inner, index } = parts;
    let state: unknown;
    let known = module === undefined;
    const stateOf = (): unknown => {
      if (known) return state;
      state = this.#stateOf(module!);
      known = state !== undefined;
      return state;
    };
    if (pv.bind) return pv.bind({ inner, index }, this.#core, stateOf, this);
    const { get, set, number, keys } = pv;
    if (!get) return `\`$${name}\` cannot be read`;
    if (index !== undefined) return `\`$${name}\` takes no index`;
    if (!keys && inner !== undefined) return `\`$${name}\` takes nothing in parentheses`;
    if (keys && inner === undefined) return `\`$${name}\` needs a name in parentheses`;
    if (keys && !Object.hasOwn(keys, inner!))
      return `\`$${name}(${inner})\` is unknown; it may be ${Object.keys(keys).join(", ")}`;
    const key = inner ?? "";
    return {
      get: (call) => get(call, key, stateOf()),
      ...(set && { set: (call: Call, value: Value, read?: boolean) => set(call, key, value, stateOf(), read) }),
      ...(number && { number: (call: Call) => number(call, key, stateOf()) }),
    };
  }
}

/** A value goes through the transformations until one fails. */
function applied({ get }: Bound, chain: readonly Transformation[]): (call: Call) => Read {
  const first = chain[0]!;
  if (chain.length === 1)
    return (call) => {
      const value = get(call);
      return value === undefined ? undefined : first(value, call);
    };
  return (call) => {
    let value = get(call);
    for (let i = 0; i < chain.length && value !== undefined; i++) value = chain[i]!(value, call);
    return value;
  };
}

class BoundVariable implements VariableRef {
  readonly text: string;
  readonly name: string;
  readonly get: (call: Call) => Read;
  readonly set?: (call: Call, value: Value, read?: boolean) => boolean;
  readonly unset?: (call: Call) => boolean;
  readonly number?: (call: Call) => Int | undefined;

  constructor(text: string, name: string, get: Bound["get"], { set, unset, number }: Partial<Bound>) {
    this.text = text;
    this.name = name;
    this.get = get;
    if (set) this.set = set;
    if (unset) this.unset = unset;
    if (number) this.number = number;
  }
}

class BoundFormat implements Format {
  readonly text: string;
  readonly literal: string | undefined;
  readonly single: VariableRef | undefined;
  readonly #pieces: readonly (string | VariableRef)[];

  constructor(text: string, pieces: readonly (string | VariableRef)[]) {
    this.text = text;
    this.#pieces = pieces;
    this.literal = pieces.every((it) => typeof it === "string") ? text : undefined;
    const [first] = pieces;
    this.single = pieces.length === 1 && typeof first === "object" ? first : undefined;
  }

  expand(call: Call): string {
    if (this.literal !== undefined) return this.literal;
    let out = "";
    for (const piece of this.#pieces) out += typeof piece === "string" ? piece : printed(piece.get(call));
    return out;
  }
}
