/**
 * A second program of a generation, compiled with a watcher over the same modules and variables. A run is handed its
 * core, and finds there the routes that it calls and arms: so a call that began on the twin ends on it, and nothing
 * else does.
 */
import { compile } from "../../compile/index.ts";
import type { Program } from "../../compile/program.ts";
import type { Watcher } from "../../compile/watch.ts";
import { besides } from "../actions.ts";
import { GenerationCore } from "../core.ts";
import type { Generation } from "../generation.ts";
import type { Server } from "../server.ts";

/** What a message is run by: a generation itself, or its twin. */
export interface Side {
  readonly program: Program;
  readonly core: GenerationCore;
}

export function twinOf(server: Server, generation: Generation, watcher: Watcher): Side {
  const { checked, config, modules } = generation;
  const core = new GenerationCore(server, generation, config, modules);
  const program = checked && compile(checked, core, besides(watcher, generation.watcher)).program;
  // A script that could be compiled once can be compiled twice, so the second case is a generation without a script.
  if (!program) return generation;
  core.program = program;
  return { program, core };
}
