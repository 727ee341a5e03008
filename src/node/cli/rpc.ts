/** `viaduct rpc METHOD [ARGS...]`: has a server that runs carry out a control command. */
import { Command, CommanderError } from "commander";
import { ask, type Outcome } from "../control-client.ts";
import { controlPaths } from "../control-path.ts";

/** What `rpc` and `reload` exit with. */
export const ASKED = {
  done: 0,
  /** The command answered with a fault. */
  refused: 1,
  /** No server could be asked, or the command line is wrong. */
  failed: 2,
  /** reload --if-generation: somebody else was faster. */
  outdated: 3,
  /** reload --check-with: something would be answered differently. */
  different: 4,
} as const;

export interface Where {
  readonly control?: string;
  readonly timeout: string;
}

/** The options that say which server is meant. */
export const withWhere = (command: Command): Command =>
  command
    .option("--control <path>", "control socket of the server (default: where servers put it)")
    .option("--timeout <seconds>", "how long to wait for the answer, 0 for ever", "30")
    .exitOverride();

export async function main(argv: readonly string[]): Promise<number> {
  const command = withWhere(
    new Command("viaduct rpc")
      .description("Has a server carry out a control command. system.listMethods names them all.")
      .argument("<method>", "name of the command: core.uptime, generation.list, …")
      .argument("[args...]", "numbers are integers, everything else is text; s:5 is the text 5")
      .option("--json", "print the answer as JSON")
      .passThroughOptions(),
  );
  try {
    command.parse([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ASKED.done : ASKED.failed;
    throw error;
  }
  const [method = "", ...words] = command.args;
  const options = command.opts<Where & { json?: true }>();
  const outcome = await request(options, method, words.map(argument));
  if (outcome.kind !== "result") return complain(outcome);
  process.stdout.write(options.json ? `${JSON.stringify(outcome.value, null, 2)}\n` : text(outcome.value));
  return ASKED.done;
}

/** Asks the server that is named, or the only one that answers where servers put their sockets. */
export async function request(where: Where, method: string, params: readonly unknown[]): Promise<Outcome> {
  const seconds = Number(where.timeout);
  if (!(seconds >= 0)) return { kind: "unreachable", problem: `bad timeout: ${where.timeout}` };
  const paths = where.control === undefined ? controlPaths(undefined) : [where.control];
  let outcome: Outcome = {
    kind: "unreachable",
    problem: "no server runs here, or name its socket with --control PATH",
  };
  for (const path of paths) {
    outcome = await ask(path, method, params, seconds);
    if (outcome.kind !== "unreachable") break;
  }
  return outcome;
}

export function complain(outcome: Exclude<Outcome, { kind: "result" }>): number {
  if (outcome.kind === "unreachable") {
    process.stderr.write(`${outcome.problem}\n`);
    return ASKED.failed;
  }
  const { code, message } = outcome.fault;
  process.stderr.write(`error ${code}: ${message}\n`);
  return ASKED.refused;
}

/** As kamcmd types them: `5` is a number, `s:5` the text, `d:` and `f:` numbers that need not be whole. */
function argument(word: string): string | number {
  if (word.startsWith("s:")) return word.slice(2);
  if (/^[df]:-?\d+(\.\d+)?$/.test(word)) return Number(word.slice(2));
  const number = Number(word);
  return /^-?\d+$/.test(word) && Number.isSafeInteger(number) ? number : word;
}

/** For people: a line a value, structs as `name: value`, what is inside further in. */
export function text(value: unknown, indent = ""): string {
  if (Array.isArray(value)) {
    const simple = value.every((it) => it === null || typeof it !== "object");
    if (simple) return value.map((it) => lineOf(it, indent)).join("");
    return value.map((it) => text(it, indent)).join("\n");
  }
  if (value === null || typeof value !== "object") return lineOf(value, indent);
  const entries = Object.entries(value);
  const width = Math.max(0, ...entries.map(([name]) => name.length)) + 1;
  return entries
    .map(([name, it]) =>
      it !== null && typeof it === "object"
        ? `${indent}${name}:\n${text(it, `${indent}  `)}`
        : `${indent}${`${name}:`.padEnd(width)} ${String(it)}\n`,
    )
    .join("");
}

const lineOf = (value: unknown, indent: string): string =>
  `${String(value)
    .split("\n")
    .map((it) => indent + it)
    .join("\n")}\n`;
