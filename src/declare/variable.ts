/** Handles that compiled scripts and modules hold on variables, formats and routes. */
import type { Call } from "./call.ts";
import type { Core } from "./core.ts";
import type { Bound } from "./module.ts";
import type { Answer, Read } from "./value.ts";
import type { VarSlots } from "./variables-slots.ts";

/** A variable with its transformations, bound once and read or written at run time. */
export interface VariableRef extends Bound {
  /** As written. */
  readonly text: string;
  readonly name: string;
}

/** Text with variables in it, e.g. an xlog format: null prints as `<null>`, a failed read as nothing. */
export interface Format {
  readonly text: string;
  /** The text itself when there is no variable in it. */
  readonly literal: string | undefined;
  /** The only variable when the text is nothing but one. */
  readonly single: VariableRef | undefined;
  expand(call: Call): string;
}

/** A route block of one generation. Holding it keeps its generation alive. */
export interface Route {
  readonly name: string;
  /** The services of its generation: a run of this route is `new Call(route.core, …)`. */
  readonly core: Core;
  /** Runs the block and gives the code of its last action. */
  run(call: Call): Answer<number>;
}

/** Resolves variables and formats at load time. */
export interface Variables {
  /** The places of `$var`s, shared with the compiler. */
  readonly slots: VarSlots;
  /** A string is the problem. */
  variable(text: string): VariableRef | string;
  /** `each` may put another in the place of each variable that is written in the text. */
  format(text: string, each?: (variable: VariableRef) => VariableRef): Format | string;
  /** For a name that is only known at run time (`pv_evalx`, `$_s`): resolved once, then cached (bounded). */
  read(text: string, call: Call): Read;
}
