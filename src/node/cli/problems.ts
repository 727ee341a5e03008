/** Problems of a script as text for people. */
import type { Problem } from "../../../grammar/tree.ts";
import { readable, report } from "../../check/index.ts";

/** Each with its line of the script; the empty text when there is none. */
export const problemsText = (
  problems: readonly Problem[],
  sources: ReadonlyMap<string, string>,
  colour: boolean,
): string => {
  if (problems.length === 0) return "";
  const { problems: shown, sources: texts } = readable(problems, sources);
  return `${report(shown, { sources: texts, colour })}\n`;
};

export const errorsIn = (problems: readonly Problem[]): number =>
  problems.filter((it) => it.severity === "error").length;
