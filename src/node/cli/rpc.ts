/** `viaduct rpc METHOD [ARGS...]`: has a server that runs carry out a control command. */
import { Command, CommanderError } from "commander";
import { ask, type Outcome } from "../control/client.ts";
import { controlPaths } from "../control/path.ts";

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

export const NO_SERVER = "no server is running here; name its control socket with --control PATH";

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
      .option("--no-pages", "ask for the whole answer at once")
      .passThroughOptions(),
  );
  try {
    command.parse([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ASKED.done : ASKED.failed;
    throw error;
  }
  const [method = "", ...words] = command.args;
  const options = command.opts<Where & { json?: true; pages: boolean }>();
  const params = words.map(argument);
  if (options.pages && !WHOLE.has(method)) return byPages(options, method, params, options.json === true);
  const outcome = await request(options, method, params);
  if (outcome.kind !== "result") return complain(outcome);
  process.stdout.write(options.json ? `${JSON.stringify(outcome.value, null, 2)}\n` : text(outcome.value));
  return ASKED.done;
}

/** What system.page answers. */
interface Page {
  readonly list: 0 | 1;
  readonly next: string;
  readonly items: readonly unknown[];
}

const PAGE_ITEMS = 1000;

/** Commands that are not asked for by pages: the one that makes them, and what only the socket itself knows. */
const WHOLE: ReadonlySet<string> = new Set(["system.page", "generation.sources"]);

/** Asks page by page and prints each as it comes, so that a long answer neither holds the server up nor fills memory. */
async function byPages(where: Where, method: string, params: readonly unknown[], json: boolean): Promise<number> {
  let cursor = "";
  let printed = 0;
  do {
    const outcome = await request(where, "system.page", [method, PAGE_ITEMS, cursor, ...(cursor ? [] : params)]);
    if (outcome.kind !== "result") return complain(outcome);
    const page = outcome.value as Page;
    if (page.list === 0) {
      const [only] = page.items;
      process.stdout.write(json ? `${JSON.stringify(only ?? {}, null, 2)}\n` : only === undefined ? "" : text(only));
      return ASKED.done;
    }
    for (const it of page.items) {
      const before = printed++ > 0;
      if (json) process.stdout.write(`${before ? ",\n" : "[\n"}${JSON.stringify(it, null, 2).replace(/^/gm, "  ")}`);
      else process.stdout.write(before && isStruct(it) ? `\n${text(it)}` : text(it));
    }
    cursor = page.next;
  } while (cursor !== "");
  if (json) process.stdout.write(printed > 0 ? "\n]\n" : "[]\n");
  return ASKED.done;
}

const isStruct = (value: unknown): boolean => typeof value === "object" && value !== null;

/** Asks the server that is named, or the only one that answers where servers put their sockets. */
export async function request(where: Where, method: string, params: readonly unknown[]): Promise<Outcome> {
  const seconds = Number(where.timeout);
  if (!(seconds >= 0)) return { kind: "unreachable", problem: `bad timeout: ${where.timeout}` };
  const paths = where.control === undefined ? controlPaths(undefined) : [where.control];
  let outcome: Outcome = {
    kind: "unreachable",
    problem: NO_SERVER,
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
