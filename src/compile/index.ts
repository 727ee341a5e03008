/** Compiles checked scripts to JavaScript. */
export { type CompileResult, compile } from "./compile.ts";
export type { CompiledRoute, Program } from "./program.ts";
export { type Place, type Seen, together, type Watch, type Watcher } from "./watch.ts";
