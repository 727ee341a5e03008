/** Every module that Viaduct has: adding one is a file and a line here. */
import type { Module } from "../declare/module.ts";

export const modules: readonly Module[] = [];
