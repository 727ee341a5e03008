/** What all routes of a script share while they are compiled: bound variables, patterns, functions, problems. */
import type { Span } from "../../grammar/tree.ts";
import type { Checked, CheckedRoute } from "../check/ir.ts";
import { Problems } from "../check/problems.ts";
import type { Core } from "../declare/core.ts";
import type { Module, Regex } from "../declare/module.ts";
import { type BoundSelect, bindSelect, undeclared } from "../declare/semantics-select.ts";
import type { Format, VariableRef } from "../declare/variable.ts";
import { cutVariable } from "../declare/variables-text.ts";
import { Output } from "./output.ts";
import { Watched } from "./watched.ts";

/** One JavaScript function: the blocks of the same kind and name, joined. */
export interface Block {
  readonly key: string;
  readonly first: CheckedRoute;
  readonly steps: CheckedRoute["steps"];
  /** Name of its JavaScript function. */
  readonly function: string;
  /** It may hand back a promise. */
  waits: boolean;
}

export class Unit {
  readonly checked: Checked;
  readonly core: Core;
  readonly out = new Output();
  readonly problems = new Problems();
  /** There when somebody watches the program. */
  readonly watched: Watched | undefined;
  readonly blocks = new Map<string, Block>();
  readonly #variables = new Map<string, VariableRef | undefined>();
  readonly #patterns = new Map<string, Regex | null>();

  constructor(checked: Checked, core: Core, watched: boolean) {
    this.checked = checked;
    this.core = core;
    this.watched = watched ? new Watched(this.out) : undefined;
    for (const route of checked.routes) {
      const key = blockKey(route.block, route.name);
      const known = this.blocks.get(key);
      if (known) this.blocks.set(key, { ...known, steps: [...known.steps, ...route.steps] });
      else
        this.blocks.set(key, {
          key,
          first: route,
          steps: route.steps,
          function: `${route.block}_${route.name.replace(/\W/g, "_")}_${this.blocks.size}`,
          waits: false,
        });
    }
  }

  /** The block that `route(name)` runs. */
  route(name: string): Block | undefined {
    return (
      this.blocks.get(blockKey("route", name)) ?? (name === "0" ? this.blocks.get(blockKey("request", "")) : undefined)
    );
  }

  /** Slot of a plain `$var(name)`; undefined for every other variable. */
  slot(text: string): number | undefined {
    const parts = cutVariable(text, 0);
    if (typeof parts === "string" || parts.name !== "var" || parts.braces >= 0 || parts.index !== undefined)
      return undefined;
    if (parts.inner === undefined || !this.core.loaded("pv")) return undefined;
    return this.core.variables.slots.slot(parts.inner);
  }

  /** A variable bound once; undefined when it cannot be, which is reported the first time. */
  variable(text: string, span: Span): VariableRef | undefined {
    const bound = this.#bound(text, span);
    return bound && this.watched ? this.watched.variable(bound) : bound;
  }

  #bound(text: string, span: Span): VariableRef | undefined {
    if (this.#variables.has(text)) return this.#variables.get(text);
    const found = this.core.variables.variable(text);
    const bound = typeof found === "string" ? undefined : found;
    if (typeof found === "string" && !this.checked.lenient) this.problems.error("unknown-variable", span, found);
    this.#variables.set(text, bound);
    return bound;
  }

  format(text: string, span: Span): Format | undefined {
    const { watched } = this;
    const found = this.core.variables.format(text, watched && ((it) => watched.variable(it)));
    if (typeof found !== "string") return found;
    if (!this.checked.lenient) this.problems.error("unknown-variable", span, found);
    return undefined;
  }

  select(text: string, span: Span): BoundSelect {
    const lacking = undeclared(text, this.core);
    if (lacking !== undefined && !this.checked.lenient)
      this.problems.error("unknown-select", span, `there is no parameter \`${lacking}\``);
    const found = bindSelect(text);
    if (found) return found;
    this.problems.warn("unknown-select", span, `\`${text}\` is not known and will be undefined`);
    return () => undefined;
  }

  /** A `=~` pattern ignores case; null when it is wrong. */
  pattern(source: string): Regex | null {
    let regex = this.#patterns.get(source);
    if (regex === undefined) this.#patterns.set(source, (regex = this.core.regex(source, { icase: true })));
    return regex;
  }

  state(module: Module): unknown {
    return this.core.state(module.name);
  }
}

export const blockKey = (block: string, name: string): string => `${block} ${name}`;
