/** What the compiler makes of a script: one function per route block. */

import type { BlockKind } from "../../grammar/tree.ts";
import type { Call } from "../declare/call.ts";
import type { Answer } from "../declare/value.ts";
import type { Route } from "../declare/variable.ts";
import type { Place } from "./watch.ts";

export interface CompiledRoute extends Route {
  readonly block: BlockKind;
  /** A function that may wait can be reached from here, so `run` may hand back a promise. */
  readonly waits: boolean;
  run(call: Call): Answer<number>;
}

export interface Program {
  /** request_route; several blocks run one after the other. Undefined when the script has none. */
  readonly request: CompiledRoute | undefined;
  /** The unnamed onreply_route / reply_route. */
  readonly reply: CompiledRoute | undefined;
  readonly onsend: CompiledRoute | undefined;
  readonly routes: ReadonlyMap<string, CompiledRoute>;
  readonly failure: ReadonlyMap<string, CompiledRoute>;
  readonly branch: ReadonlyMap<string, CompiledRoute>;
  readonly onreply: ReadonlyMap<string, CompiledRoute>;
  readonly event: ReadonlyMap<string, CompiledRoute>;
  /** How many `$var` slots a worker needs, and their names. */
  readonly vars: readonly string[];
  /** The places that its watch is told of; none in a program that nobody watches. */
  readonly places: readonly Place[];
}
