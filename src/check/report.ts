/** Problems as people and programs want them: with the line they are about, as JSON lines, as SARIF. */
import type { Problem, Severity, Span } from "../../grammar/tree.ts";

export interface ReportOptions {
  /** Text of the files that spans name, latin1; lines of files that are missing are not shown. */
  readonly sources: ReadonlyMap<string, string>;
  /** Colour with ANSI escapes. */
  readonly colour?: boolean;
}

/**
 * The problems in the order of the text, each with its line and carets under the part that is meant:
 *
 *     main.cfg:3:9: error unknown-function: no loaded module has `t_relya`
 *       3 |   t_relya();
 *         |   ^^^^^^^
 *         = did you mean `t_relay`?
 */
export function report(problems: readonly Problem[], { sources, colour = false }: ReportOptions): string {
  const lines = new Map<string, readonly string[]>();
  const lineOf = ({ file, line }: Span): string | undefined => {
    let all = lines.get(file);
    if (!all) {
      all = sources.get(file)?.split("\n") ?? [];
      lines.set(file, all);
    }
    return all[line - 1];
  };
  return problems.map((problem) => one(problem, lineOf(problem.span), colour)).join("\n");
}

/** `2 errors, 1 warning`; the empty text when there is nothing to count. */
export function summary(problems: readonly Problem[]): string {
  const count = (severity: Severity, name: string): string[] => {
    const number = problems.filter((it) => it.severity === severity).length;
    return number === 0 ? [] : [`${number} ${name}${number === 1 ? "" : "s"}`];
  };
  return [...count("error", "error"), ...count("warning", "warning"), ...count("info", "remark")].join(", ");
}

/** One JSON object a line, for editors and scripts. */
export const reportJson = (problems: readonly Problem[]): string => problems.map((it) => JSON.stringify(it)).join("\n");

/** What `error` shows of a very long line, and how much stands before the part that is meant. */
const WIDEST = 160;
const BEFORE = 40;

const COLOURS: Readonly<Record<Severity, string>> = { error: "\x1b[31m", warning: "\x1b[33m", info: "\x1b[36m" };

function one({ severity, code, message, hint, span }: Problem, line: string | undefined, colour: boolean): string {
  const paint = (text: string, how: string): string => (colour ? `${how}${text}\x1b[0m` : text);
  const text = [
    `${paint(`${span.file}:${span.line}:${span.column}:`, "\x1b[1m")} ${paint(severity, COLOURS[severity])} ${code}: ${message}`,
  ];
  const gutter = String(span.line);
  const blank = " ".repeat(gutter.length);
  if (line !== undefined) {
    const shown = cut(line.replace(/\r$/, ""), span);
    text.push(`  ${gutter} | ${shown.text}`);
    text.push(`  ${blank} | ${" ".repeat(shown.from)}${paint("^".repeat(shown.length), COLOURS[severity])}`);
  }
  if (hint !== undefined) text.push(`  ${blank} = ${hint}`);
  return text.join("\n");
}

/** The part of a line to show, with tabs as single blanks so that carets stand where they should. */
function cut(line: string, span: Span): { text: string; from: number; length: number } {
  const from = Math.min(span.column - 1, line.length);
  const end = span.endLine === span.line ? Math.min(span.endColumn - 1, line.length) : line.length;
  const start = line.length > WIDEST && from > BEFORE ? from - BEFORE : 0;
  const text = Array.from(line.slice(start, start + WIDEST), printable).join("");
  return { text, from: from - start, length: Math.max(1, Math.min(end - from, WIDEST - (from - start))) };
}

const printable = (char: string): string => {
  if (char === "\t") return " ";
  return char < " " || (char >= "\x7f" && char < "\xa0") ? "?" : char;
};
