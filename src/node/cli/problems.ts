/** Problems of scripts, as text for people and editors: `file:line:column: error code: message`. */
import type { Problem } from "../../../grammar/tree.ts";

export const problemText = ({ span, severity, code, message, hint }: Problem): string => {
  const place = `${span.file}:${span.line}:${span.column}`;
  const advice = hint === undefined ? "" : `    ${hint}\n`;
  return Buffer.from(`${place}: ${severity} ${code}: ${message}\n${advice}`, "latin1").toString("utf8");
};

export const errorsIn = (problems: readonly Problem[]): number =>
  problems.filter((it) => it.severity === "error").length;
