/** Checks scripts without running them. */
import { resolve } from "node:path";
import { syntaxCodes } from "../../../grammar/index.ts";
import type { Problem } from "../../../grammar/tree.ts";
import { lint, problemCodes, readable, reportJson, reportSarif, rules, summary } from "../../check/index.ts";
import { nearest } from "../../check/names.ts";
import { modules } from "../../modules/index.ts";
import type { LoadResult } from "../../run/load.ts";
import { textLog } from "../log.ts";
import { createServer } from "./engine.ts";
import type { Level, Options } from "./flags.ts";
import { errorsIn, problemsText } from "./problems.ts";
import { version } from "./usage.ts";

/** What `check` exits with. */
const CHECKED = {
  /** Nothing, or remarks only. */
  fine: 0,
  /** Errors or warnings. */
  problems: 1,
  /** A file or an option could not be read. */
  failed: 2,
} as const;

/** `check FILE...`: prints the problems of all of them to stdout, lint findings included. Gives the exit status. */
export const checkFiles = async (files: readonly string[], options: Options): Promise<number> => {
  const unknown = [...options.levels.keys()].find((it) => !Object.hasOwn(explanations, it));
  if (unknown !== undefined) {
    const meant = nearest(unknown, Object.keys(explanations));
    process.stderr.write(`unknown rule: ${unknown}${meant === undefined ? "" : `; did you mean ${meant}?`}\n`);
    return CHECKED.failed;
  }
  const problems: Problem[] = [];
  const sources = new Map<string, string>();
  for (const file of files) {
    const result = await load(file, options);
    for (const [name, text] of result.sources) sources.set(name, text);
    problems.push(...inspect(result, options.levels));
  }
  process.stdout.write(formatted(problems, sources, options, files.length));
  if (problems.some(({ code }) => code === "unreadable-file")) return CHECKED.failed;
  return problems.some(({ severity }) => severity !== "info") ? CHECKED.problems : CHECKED.fine;
};

/** `-c`: what Kamailio answers, lint left out. */
export const checkLikeKamailio = async (options: Options): Promise<boolean> => {
  const { generation, problems, sources } = await load(options.file, options);
  const errors = generation ? 0 : Math.max(errorsIn(problems), 1);
  process.stderr.write(problemsText(problems, sources, options.colours));
  process.stderr.write(errors === 0 ? "config file ok, exiting...\n" : `ERROR: bad config file (${errors} errors)\n`);
  return errors === 0;
};

/** The problems of a script that was loaded, and what lint has to say of it, in the order of the text. */
export const inspect = (
  { problems, script, sources, files }: LoadResult,
  levels: ReadonlyMap<string, Level>,
): Problem[] => {
  // Of a script that could not be read whole nothing can be said.
  const whole = script !== undefined && !problems.some(isSyntaxError);
  const found = whole ? lint(script, { sources, levels: Object.fromEntries(levels), modules }) : [];
  const order = new Map(files.map((file, index) => [file, index]));
  return [...problems.flatMap((it) => levelled(it, levels)), ...found].sort(
    ({ span: a }, { span: b }) =>
      (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || a.line - b.line || a.column - b.column,
  );
};

const isSyntaxError = ({ code, severity }: Problem): boolean =>
  severity === "error" && Object.hasOwn(syntaxCodes, code);

/** What refuses a script stays an error, whatever somebody would rather have. */
const levelled = (problem: Problem, levels: ReadonlyMap<string, Level>): Problem[] => {
  const level = levels.get(problem.code);
  if (level === undefined || problem.severity === "error") return [problem];
  return level === "off" ? [] : [{ ...problem, severity: level }];
};

/** Every code that a problem may have, with its explanation. */
const explanations: Readonly<Record<string, string>> = {
  ...syntaxCodes,
  ...problemCodes,
  ...Object.fromEntries(rules.map(({ name, doc }) => [name, doc])),
};

const formatted = (
  problems: readonly Problem[],
  sources: ReadonlyMap<string, string>,
  { format, colours }: Options,
  files: number,
): string => {
  if (format === "text") {
    const counts = summary(problems) || "no problems";
    return `${problemsText(problems, sources, colours)}${files === 1 ? counts : `${counts} in ${files} files`}\n`;
  }
  const { problems: shown } = readable(problems, sources);
  const text = format === "json" ? reportJson(shown) : reportSarif(shown, version(), explanations);
  return text === "" ? "" : `${text}\n`;
};

const load = async (file: string, options: Options): Promise<LoadResult> => {
  const log = textLog({ fd: 2, pid: process.pid, colours: options.colours });
  const server = createServer(options, log);
  const result = await server.load(resolve(file));
  await result.generation?.stop();
  log.flush();
  return result;
};
