/** `viaduct repl [FILE]`: a script to play with: invented peers, a clock that jumps, and a look at every step. */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { DEFAULT_NAME, DEFAULT_SCRIPT } from "../../../playground/repl/default-script.ts";
import { Repl } from "../../../playground/repl/repl.ts";
import { Session } from "../../../playground/repl/session.ts";
import type { Outside } from "../../../playground/repl/terminal.ts";
import { builtin } from "../../control/builtin.ts";
import { modules } from "../../modules/index.ts";
import { historyPath, outside, pipedText, readLines, Screen } from "./repl-terminal.ts";

/** What `viaduct repl` exits with. */
const PLAYED = {
  ended: 0,
  /** Something that was not typed by hand went wrong. */
  failed: 1,
  /** An option or a file is wrong. */
  failedToRun: 2,
} as const;

interface Options {
  define?: [string, string | undefined][];
  interface?: { name: string; address: string }[];
  execute?: string;
  strict?: true;
  missing: "error" | "warn";
  seed: number;
  history: string | boolean;
  colour?: boolean;
}

export async function main(argv: readonly string[]): Promise<number> {
  const command = commandLine();
  try {
    command.parse(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? PLAYED.ended : PLAYED.failedToRun;
    throw error;
  }
  const options = command.opts<Options>();
  const [file] = command.args;
  const disk = outside((run) => (terminal instanceof Screen ? terminal.lend(run) : run()));
  const script = disk.resolve(file ?? DEFAULT_NAME);
  const session = new Session({
    modules,
    builtin,
    script,
    files: file === undefined ? { [script]: DEFAULT_SCRIPT } : {},
    disk,
    defines: options.define ?? [],
    missing: options.missing,
    seed: options.seed,
    interfaces: options.interface ?? [],
  });
  const lines = await linesOf(options, disk);
  if (lines === null) {
    process.stderr.write(`cannot read ${options.execute ?? "what is piped in"}\n`);
    return PLAYED.failedToRun;
  }
  const terminal =
    lines === undefined
      ? new Screen({
          colours: coloursOf(options),
          history: options.history === false ? undefined : historyPath(options.history),
        })
      : readLines(lines, coloursOf(options));
  const repl = new Repl({ session, terminal, outside: disk, strict: options.strict === true });
  if (terminal instanceof Screen) await terminal.open(repl);
  // A defect of ours in something that goes on by itself must not end the session.
  process.on("uncaughtException", (error) => terminal.write(`Viaduct failed: ${error.stack ?? error.message}\n`));
  await repl.begin();
  await repl.run();
  await terminal.close();
  return repl.failures > 0 && !terminal.interactive ? PLAYED.failed : PLAYED.ended;
}

/** What is to be done, where that is not typed; null when it cannot be read. */
async function linesOf({ execute }: Options, disk: Outside): Promise<string | null | undefined> {
  if (execute !== undefined) return disk.read(disk.resolve(execute));
  return process.stdin.isTTY === true ? undefined : pipedText();
}

const coloursOf = ({ colour }: Options): boolean =>
  colour ?? (process.stdout.isTTY === true && !process.env["NO_COLOR"]);

function commandLine(): Command {
  const define = (text: string, before: [string, string | undefined][] = []): [string, string | undefined][] => {
    const [, name, value] = /^([A-Za-z_]\w*)(?:=(.*))?$/s.exec(text) ?? [];
    if (name === undefined) throw new InvalidArgumentError("Write NAME or NAME=VALUE.");
    return [...before, [name, value]];
  };
  const address = (text: string, before: { name: string; address: string }[] = []): typeof before => {
    const [, name, value] = /^([\w.-]+)=([\da-fA-F.:]+)$/.exec(text) ?? [];
    if (name === undefined) throw new InvalidArgumentError("Write NAME=ADDRESS.");
    return [...before, { name, address: value! }];
  };
  const number = (text: string): number => {
    if (!/^\d+$/.test(text)) throw new InvalidArgumentError("Write a number.");
    return Number(text);
  };
  return new Command("viaduct repl")
    .description(
      "Plays with a script: no network, invented peers, a clock that jumps. docs/repl.md shows how; `help` does, too.",
    )
    .argument("[file]", "the script; a small proxy when left out")
    .option("-A, --define <name[=value]>", "define for the preprocessor", define)
    .option(
      "--interface <name=address>",
      "an address of the machine that the script runs on, besides 127.0.0.1",
      address,
    )
    .option("-x, --execute <file>", "carry out the lines of a file in place of what is typed")
    .option("--strict", "end at the first mistake")
    .addOption(
      new Option("--missing <level>", "a module that Viaduct lacks: error, or warn with functions that return -1")
        .choices(["error", "warn"])
        .default("warn"),
    )
    .option("--seed <number>", "seed of everything that is random", number, 1)
    .option("--history <file>", "where what was typed is kept", true)
    .option("--no-history", "keep nothing of what was typed")
    .addOption(new Option("--colour", "colours even where the output is no terminal"))
    .option("--no-colour", "no colours; so does NO_COLOR")
    .exitOverride();
}
