import type { Module } from "../declare/module.ts";
import { coreCommands } from "./core-commands.ts";
import { generationCommands } from "./generation-commands.ts";

/** The control commands that every server has, whatever its script loads. */
export const builtin: readonly Module[] = [coreCommands, generationCommands];
