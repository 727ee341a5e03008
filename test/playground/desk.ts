/** Plays sessions of the playground without a terminal: what is on the screen when the inputs of a transcript are typed. */
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { DEFAULT_NAME, DEFAULT_SCRIPT } from "../../playground/repl/default-script.ts";
import { Repl } from "../../playground/repl/repl.ts";
import { Session } from "../../playground/repl/session.ts";
import type { Outside, Terminal } from "../../playground/repl/terminal.ts";
import { coreCommands } from "../../src/control/core-commands.ts";
import { generationCommands } from "../../src/control/generation-commands.ts";
import { modules } from "../../src/modules/index.ts";

const HOME = "/home/alice";
const scripts = new URL("./scripts/", import.meta.url);

/** Files in memory: those of `scripts/` are in the home folder. Whoever edits one turns `Alive` into `Well`. */
export function memory(): Outside & { readonly files: Map<string, string> } {
  const files = new Map<string, string>();
  for (const name of readdirSync(scripts)) files.set(`${HOME}/${name}`, readFileSync(new URL(name, scripts), "latin1"));
  return {
    files,
    read: (path) => files.get(path) ?? null,
    glob: () => [],
    resolve: (...parts) => posix.resolve(HOME, ...parts),
    list: (folder) =>
      [...files.keys()].filter((it) => posix.dirname(it) === folder.replace(/\/$/, "")).map((it) => posix.basename(it)),
    write(path, text) {
      if (path.startsWith("/root/")) return `EACCES: permission denied, open '${path}'`;
      files.set(path, text);
      return undefined;
    },
    edit: async (_name, text) => ({ text: text.replaceAll("Alive", "Well") }),
  };
}

/** Somebody who types these lines; the screen shows them behind their prompts. */
class Typist implements Terminal {
  readonly interactive = true;
  readonly colours = false;
  readonly width = 100;
  screen = "";
  /** Where each input begins on the screen. */
  readonly begins: number[] = [];
  readonly #lines: (string | null)[];

  constructor(lines: readonly (string | null)[]) {
    this.#lines = [...lines];
  }
  write(text: string): void {
    this.screen += text;
  }
  async line(prompt: string): Promise<string | null | undefined> {
    const line = this.#lines.shift();
    if (line === undefined) return undefined;
    this.begins.push(this.screen.length);
    this.write(`${prompt}${line ?? "^C"}`.trimEnd());
    this.write("\n");
    return line;
  }
}

export interface Options {
  readonly file?: string;
  readonly defines?: readonly (readonly [string, string | undefined])[];
  readonly outside?: Outside;
}

export function sessionOf({ file, defines = [], outside = memory() }: Options = {}): Session {
  const script = outside.resolve(file ?? DEFAULT_NAME);
  return new Session({
    modules,
    builtin: [coreCommands, generationCommands],
    script,
    files: file === undefined ? { [script]: DEFAULT_SCRIPT } : {},
    disk: outside,
    defines,
    missing: "warn",
    seed: 1,
    interfaces: [],
  });
}

/** What the screen shows after the lines were typed; null is Ctrl-C. */
export const typed = async (lines: readonly (string | null)[], options: Options = {}): Promise<string> =>
  (await typedInParts(lines, options)).join("");

/** The same cut before each line that was typed. */
export async function typedInParts(lines: readonly (string | null)[], options: Options = {}): Promise<string[]> {
  const outside = options.outside ?? memory();
  const session = sessionOf({ ...options, outside });
  const terminal = new Typist(lines);
  const repl = new Repl({ session, terminal, outside, strict: false });
  await repl.begin();
  await repl.run();
  await session.stop();
  const { screen, begins } = terminal;
  return [0, ...begins].map((from, i) => screen.slice(from, begins[i]));
}

const PROMPT = /^(?:>|\.\.\.|[\w.-]+:\d+>)(?: (.*))?$/;

/** The lines that a transcript types. A transcript begins with `$ viaduct repl [FILE] [-A NAME=VALUE]`. */
export function inputsOf(transcript: string): readonly (string | null)[] {
  return transcript
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const prompt = PROMPT.exec(line);
      return prompt ? [prompt[1] === "^C" ? null : (prompt[1] ?? "")] : [];
    });
}

/** The transcript as it goes now. */
export async function replayed(transcript: string, outside?: Outside): Promise<string> {
  const [first = ""] = transcript.split("\n", 1);
  const words = first
    .replace(/^\$ viaduct repl\s*/, "")
    .split(/\s+/)
    .filter((it) => it !== "");
  const defines: [string, string | undefined][] = [];
  for (let at = words.indexOf("-A"); at >= 0; at = words.indexOf("-A")) {
    const [, text = ""] = words.splice(at, 2);
    const [name, value] = text.split("=");
    defines.push([name!, value]);
  }
  const [file] = words;
  const screen = await typed(inputsOf(transcript), {
    defines,
    ...(file !== undefined && { file }),
    ...(outside && { outside }),
  });
  return `${first}\n${screen}`;
}
