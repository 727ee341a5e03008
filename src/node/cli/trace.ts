/** `viaduct trace`: shows what the script of a running server does with calls, statement by statement. */
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { followTrace } from "../../tools/trace-follow.ts";
import { ask } from "../control/client.ts";
import { controlPaths } from "../control/path.ts";
import { NO_SERVER } from "./rpc.ts";

/** What `viaduct trace` exits with. */
const TRACED = {
  ended: 0,
  /** The server refused the filters, or went away. */
  failed: 1,
  /** There is no server to ask, or an option is wrong. */
  failedToRun: 2,
} as const;

const FILTERS = ["from", "to", "ruri", "method", "callid", "source", "limit", "count"] as const;

type Options = Partial<Record<(typeof FILTERS)[number], string>> & {
  json?: true;
  ladder?: true;
  full?: true;
  quiet: number;
  control?: string;
  runtimeDir?: string;
  colour: boolean;
};

export async function main(argv: readonly string[]): Promise<number> {
  const command = commandLine();
  try {
    command.parse(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? TRACED.ended : TRACED.failedToRun;
    throw error;
  }
  const options = command.opts<Options>();
  const path = options.control ?? (await answering(controlPaths(options.runtimeDir)));
  if (path === undefined) {
    process.stderr.write(`${NO_SERVER}\n`);
    return TRACED.failedToRun;
  }
  return follow(path, options);
}

/** The first path where a server answers: one that was killed leaves its socket behind. */
async function answering(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if ((await ask(path, "trace.list", [], LONGEST_ANSWER)).kind !== "unreachable") return path;
  return undefined;
}

function commandLine(): Command {
  const seconds = (text: string): number => {
    if (!(Number(text) >= 1)) throw new InvalidArgumentError("Write a number of seconds, 1 or more.");
    return Math.trunc(Number(text));
  };
  const colour = process.stdout.isTTY === true && !process.env["NO_COLOR"];
  return new Command("viaduct trace")
    .description(
      "Shows what the script of a running server does with the calls whose requests fit: each statement with the values " +
        "that it reads and writes, and every message with what made it go out. Ends with Ctrl-C.",
    )
    .option("--from <text>", "the URI of From has this in it")
    .option("--to <text>", "the URI of To has this in it")
    .option("--ruri <text>", "the Request-URI has this in it")
    .option("--method <method>", "the method")
    .option("--callid <id>", "the Call-ID")
    .option("--source <address>", "where the request comes from: address, address:port or network")
    .option("--limit <calls>", "calls that are followed a second at most (10)")
    .option("--count <calls>", "end after so many calls, when they are quiet")
    .option("--quiet <seconds>", "how long nothing has to happen for that", seconds, 5)
    .option("--json", "an event a line, as JSON")
    .option("--ladder", "only the ladder of each call, at the end")
    .option("--full", "messages with all their text, and values uncut")
    .option("--control <path>", "the server's control socket")
    .option("-Y, --runtime-dir <folder>", "folder where the server keeps it")
    .option("--colour", "colours even where the output is no terminal", colour)
    .option("--no-colour", "no colours; so does NO_COLOR")
    .exitOverride();
}

async function follow(path: string, options: Options): Promise<number> {
  const filters = FILTERS.flatMap((name) => (options[name] === undefined ? [] : [`${name}=${options[name]}`]));
  const stopped = new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  const ports = {
    stopped,
    out: (text: string) => void process.stdout.write(text),
    say: (text: string) => void process.stderr.write(`${text}\n`),
    async call(method: string, args: readonly (string | number)[]): Promise<unknown> {
      const outcome = await ask(path, method, args, LONGEST_ANSWER);
      if (outcome.kind === "result") return outcome.value;
      throw new Refused(outcome.kind === "fault" ? outcome.fault.message : outcome.problem);
    },
  };
  try {
    await followTrace(ports, {
      filters,
      quiet: options.quiet,
      color: options.colour,
      width: process.stdout.columns ?? 100,
      ...(options.count !== undefined && { count: Number(options.count) }),
      ...(options.json && { json: true }),
      ...(options.ladder && { ladder: true }),
      ...(options.full && { full: true }),
    });
    return TRACED.ended;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    process.stderr.write(`${error.message}\n`);
    return TRACED.failed;
  }
}

/** Seconds; the server holds a question for events up to 20. */
const LONGEST_ANSWER = 60;

/** The server said no, or nothing. */
class Refused extends Error {}
