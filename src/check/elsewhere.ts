/** Which of Kamailio's modules has a name: for telling what is lacking from what is misspelt. */
import { exported } from "./elsewhere-names.ts";

export type Export = "function" | "variable" | "parameter" | "transformation";

const COLUMN: Readonly<Record<Export, number>> = { function: 1, variable: 2, parameter: 3, transformation: 4 };

/** Whether Kamailio 6.1 has a module of that name. */
export const isModule = (name: string): boolean => exported.some((it) => it.startsWith(`${name}|`));

/** The names of Kamailio's modules. */
export const moduleNames = (): string[] => exported.map((it) => it.slice(0, it.indexOf("|")));

/** The modules that export a name, in alphabetical order. */
export function modulesWith(kind: Export, name: string): string[] {
  const found: string[] = [];
  for (const line of exported) {
    // Most lines do not have it in any column.
    if (!line.includes(name)) continue;
    const columns = line.split("|");
    if (columns[COLUMN[kind]]!.split(" ").includes(name)) found.push(columns[0]!);
  }
  return found;
}
