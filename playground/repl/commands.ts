/** The commands of the playground, by name. */
import type { Command } from "./command.ts";
import { doing } from "./commands-doing.ts";
import { looking } from "./commands-looking.ts";
import { stopping } from "./commands-stopping.ts";

export const commands: Readonly<Record<string, Command>> = { ...doing, ...stopping, ...looking };
