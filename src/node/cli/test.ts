/** `viaduct test [FILES or folders]`: plays ladders against the scripts that they name, without a network. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { Coverage, type CoveredFile } from "../../simulate/coverage.ts";
import { coverageHtml } from "../../simulate/coverage-html.ts";
import { coverageLcov } from "../../simulate/coverage-lcov.ts";
import { coverageText } from "../../simulate/coverage-text.ts";
import { reasonOf } from "../system-error.ts";
import { shownPath } from "./shown-path.ts";
import { findLadders } from "./test-files.ts";
import { junitText } from "./test-junit.ts";
import { countsOf, fileText, jsonText, paint, summaryText } from "./test-report.ts";
import { CachedDisk, type FileResult, type RunOptions, runFile, unreadable, updateFile } from "./test-run.ts";
import { Watched } from "./watch.ts";

/** What `viaduct test` exits with. */
const TESTED = {
  /** Everything went as written. */
  passed: 0,
  /** Something went otherwise, a script was refused, or a ladder cannot be read. */
  failed: 1,
  /** Nothing could be run: an option, a file or a folder is wrong. */
  failedToRun: 2,
} as const;

interface Options {
  filter?: string;
  update?: true;
  watch?: true;
  junit?: string;
  coverage?: true;
  coverageLcov?: string;
  coverageHtml?: string;
  seed?: number;
  define?: [string, string | undefined][];
  missing: "error" | "warn";
  format: "human" | "json";
  colour?: boolean;
}

export async function main(argv: readonly string[]): Promise<number | undefined> {
  const command = commandLine();
  try {
    command.parse(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? TESTED.passed : TESTED.failedToRun;
    throw error;
  }
  const words = command.args;
  const options = command.opts<Options>();
  const again = async (): Promise<Run> => run(words, options);
  const first = await again();
  if (!options.watch) return first.status;
  watchFiles(first, again);
  return undefined;
}

function commandLine(): Command {
  const define = (text: string, before: [string, string | undefined][] = []): [string, string | undefined][] => {
    const [, name, value] = /^([A-Za-z_]\w*)(?:=(.*))?$/s.exec(text) ?? [];
    if (name === undefined) throw new InvalidArgumentError("Write NAME or NAME=VALUE.");
    return [...before, [name, value]];
  };
  const number = (text: string): number => {
    if (!/^\d+$/.test(text)) throw new InvalidArgumentError("Write a number.");
    return Number(text);
  };
  return new Command("viaduct test")
    .description("Plays ladders (*.ladder) against the scripts that they name; docs/ladders.md describes them.")
    .argument("[files...]", "ladders, and folders of them; without any, the current directory")
    .option("--filter <text>", "only scenes whose file or title has this in it")
    .option("--update", "write what happened over what the ladders expect")
    .option("--watch", "run again whenever a ladder or a script changes")
    .option("--junit <file>", "write the results as JUnit XML")
    .option("--coverage", "say which lines and branches of the scripts ran")
    .option("--coverage-lcov <file>", "write the coverage for lcov")
    .option("--coverage-html <folder>", "write the coverage as web pages")
    .option("--seed <number>", "seed of everything that is random", number)
    .option("-A, --define <name[=value]>", "define for the preprocessor; a ladder's own go before", define)
    .addOption(
      new Option("--missing <level>", "a module that Viaduct lacks: error, or warn with functions that return -1")
        .choices(["error", "warn"])
        .default("error"),
    )
    .addOption(new Option("--format <format>", "human or json").choices(["human", "json"]).default("human"))
    .addOption(new Option("--colour", "colours even where the output is no terminal"))
    .option("--no-colour", "no colours; so does NO_COLOR")
    .exitOverride();
}

/** What a run gave: its exit status, and the files that it read. */
interface Run {
  readonly status: number;
  readonly read: readonly string[];
}

async function run(words: readonly string[], options: Options): Promise<Run> {
  const started = performance.now();
  const wrong = words.flatMap((it) => {
    const problem = unreadable(it);
    return problem === undefined ? [] : [`${it}: ${problem}\n`];
  });
  const paths = wrong.length > 0 ? [] : findLadders(words);
  if (paths.length === 0) {
    process.stderr.write(wrong.join("") || "there are no ladders here\n");
    return { status: TESTED.failedToRun, read: [] };
  }
  const disk = new CachedDisk();
  const wantsCoverage = options.coverage || options.coverageLcov !== undefined || options.coverageHtml !== undefined;
  const coverage = wantsCoverage ? new Coverage() : undefined;
  const settings: RunOptions = {
    defines: options.define ?? [],
    missing: options.missing,
    ...(options.seed !== undefined && { seed: options.seed }),
    ...(options.filter !== undefined && { filter: options.filter }),
    ...(coverage && { watcher: coverage }),
  };
  const colours = paint(options.colour ?? (process.stdout.isTTY === true && !process.env["NO_COLOR"]));
  const results: FileResult[] = [];
  for (const path of paths) {
    const result = options.update
      ? await update(path, disk, settings)
      : await runFile(path, shownPath(path), disk, settings);
    if (result.scenes.length === 0) continue;
    results.push(result);
    if (options.format === "human") process.stdout.write(fileText(result, (it) => disk.read(it), colours));
  }
  if (results.length === 0) {
    process.stderr.write(`no scene has ${JSON.stringify(options.filter)} in its file or title\n`);
    return { status: TESTED.failedToRun, read: paths };
  }
  const took = performance.now() - started;
  const counts = countsOf(results);
  process.stdout.write(options.format === "json" ? jsonText(results, took) : summaryText(counts, took, colours));
  try {
    if (options.junit !== undefined) write(options.junit, junitText(results, took));
    if (coverage) writeCoverage(coverage, disk, options);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return { status: TESTED.failedToRun, read: paths };
  }
  const read = [...disk.texts].filter(([, text]) => text !== null).map(([path]) => path);
  return { status: counts.failed === 0 ? TESTED.passed : TESTED.failed, read };
}

async function update(path: string, disk: CachedDisk, settings: RunOptions): Promise<FileResult> {
  const { text, ...result } = await updateFile(path, shownPath(path), disk, settings);
  if (!result.rewritten) return result;
  try {
    writeFileSync(path, text, "latin1");
    return result;
  } catch (error) {
    const failures = [{ line: 1, message: `cannot be written: ${reasonOf(error)}` }];
    return { ...result, rewritten: false, scenes: [{ title: "", line: 1, failures, took: 0 }] };
  }
}

function writeCoverage(coverage: Coverage, disk: CachedDisk, options: Options): void {
  const files = coverage.files();
  const shown = files.map((it): CoveredFile => ({ ...it, file: shownPath(it.file) }));
  if (options.coverage && options.format === "human") process.stdout.write(`\n${coverageText(shown)}`);
  if (options.coverageLcov !== undefined) write(options.coverageLcov, coverageLcov(files));
  if (options.coverageHtml === undefined) return;
  const sources = new Map(files.map(({ file }) => [shownPath(file), disk.read(file) ?? ""]));
  for (const [name, page] of coverageHtml(shown, sources)) write(join(options.coverageHtml, name), page, "latin1");
}

function write(path: string, text: string, encoding: "utf8" | "latin1" = "utf8"): void {
  mkdirSync(dirname(resolve(path)), { recursive: true });
  writeFileSync(path, text, encoding);
}

/** Runs again after each change of what the last run read, and when ladders come beside it. */
function watchFiles(first: Run, again: () => Promise<Run>): void {
  let last: Promise<void> = Promise.resolve();
  const watched = new Watched(
    () => {
      last = last.then(async () => {
        process.stdout.write("\n");
        wait(await again());
      });
    },
    (name) => name.endsWith(".ladder"),
  );
  const wait = ({ read }: Run): void => {
    watched.look(read);
    process.stdout.write(`\nwaiting for changes of ${read.length} files; Ctrl-C ends it\n`);
  };
  wait(first);
}
