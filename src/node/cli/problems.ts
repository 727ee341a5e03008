/** Problems of a script as text for people. */
import type { Problem } from "../../../grammar/tree.ts";
import { readable, report } from "../../check/index.ts";
import { shownPath } from "./shown-path.ts";

/** Each with its line of the script; the empty text when there is none. */
export const problemsText = (
  problems: readonly Problem[],
  sources: ReadonlyMap<string, string>,
  colour: boolean,
): string => {
  if (problems.length === 0) return "";
  const { problems: found, sources: texts } = readable(problems, sources);
  const shown = found.map((it) => ({ ...it, span: { ...it.span, file: shownPath(it.span.file) } }));
  const lines = new Map([...texts].map(([file, text]) => [shownPath(file), text]));
  return `${report(shown, { sources: lines, colour })}\n`;
};

export const errorsIn = (problems: readonly Problem[]): number =>
  problems.filter((it) => it.severity === "error").length;
