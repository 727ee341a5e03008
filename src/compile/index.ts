/** Compiles checked scripts to JavaScript. */
export { type CompileResult, compile } from "./compile.ts";
export type { CompiledRoute, Program } from "./program.ts";
