/** The playground's terminal (lines with history and completion), its input from pipes and files, and its file access. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import type { Interface } from "node:readline";
import type { Repl } from "../../../playground/repl/repl.ts";
import type { Outside, Terminal } from "../../../playground/repl/terminal.ts";
import { createFiles } from "../files.ts";

/** Lines of history that are kept. */
const MOST_HISTORY = 1000;

export interface ClosingTerminal extends Terminal {
  close(): Promise<void>;
}

/** Text of the engine has a character a byte; what lies beyond is ours. */
export function bytesOf(text: string): Buffer | string {
  if (!/[\x80-\xff]/.test(text)) return text;
  return Buffer.concat(text.split(/([\x80-\xff]+)/).map((it, i) => Buffer.from(it, i % 2 === 1 ? "latin1" : "utf8")));
}
const engineText = (line: string): string => Buffer.from(line, "utf8").toString("latin1");

/** Somebody's terminal. */
export class Screen implements ClosingTerminal {
  readonly interactive = true;
  readonly colours: boolean;
  readonly #history: string | undefined;
  #interface: Interface | undefined;
  /** Lines that came while nobody asked: a paste, or what was typed ahead. */
  readonly #ahead: (string | null)[] = [];
  #waiting: ((line: string | null | undefined) => void) | undefined;
  #closed = false;

  constructor({ colours, history }: { readonly colours: boolean; readonly history: string | undefined }) {
    this.colours = colours;
    this.#history = history;
  }

  get width(): number {
    return process.stdout.columns || 100;
  }

  async open(repl: Repl): Promise<void> {
    const { createInterface } = await import("node:readline");
    const { completed } = await import("../../../playground/repl/complete.ts");
    const lines = createInterface({
      input: process.stdin,
      output: process.stdout,
      history: this.#history === undefined ? [] : readHistory(this.#history),
      historySize: MOST_HISTORY,
      removeHistoryDuplicates: true,
      completer: (line: string): [string[], string] => {
        try {
          const { candidates, word } = completed(repl, line);
          return [[...candidates], word];
        } catch {
          // A completion that fails is worth nothing to the user, its complaint less.
          return [[], line];
        }
      },
    });
    this.#interface = lines;
    lines.on("line", (line) => this.#give(engineText(line)));
    lines.on("SIGINT", () => {
      process.stdout.write("^C\n");
      repl.interrupt();
      // readline keeps what was typed: it is taken away as Ctrl-U and Ctrl-K do.
      lines.write(null, { ctrl: true, name: "e" });
      lines.write(null, { ctrl: true, name: "u" });
      if (this.#waiting) this.#give(null);
    });
    lines.on("history", (history) => {
      if (this.#history !== undefined) writeHistory(this.#history, history);
    });
    lines.on("close", () => {
      this.#closed = true;
      this.#waiting?.(undefined);
      this.#waiting = undefined;
    });
  }

  #give(line: string | null): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting(line);
    else this.#ahead.push(line);
  }

  write(text: string): void {
    process.stdout.write(bytesOf(text));
  }

  line(prompt: string): Promise<string | null | undefined> {
    const ahead = this.#ahead.shift();
    if (ahead !== undefined) return Promise.resolve(ahead);
    if (this.#closed) return Promise.resolve(undefined);
    this.#interface!.setPrompt(prompt);
    this.#interface!.prompt();
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** Another program has the terminal to itself until it ends; Ctrl-C is that one's, too. */
  async lend<T>(run: () => Promise<T>): Promise<T> {
    const ignore = (): void => {};
    process.on("SIGINT", ignore);
    this.#interface!.pause();
    process.stdin.setRawMode(false);
    try {
      return await run();
    } finally {
      process.off("SIGINT", ignore);
      process.stdin.setRawMode(true);
      this.#interface!.resume();
    }
  }

  async close(): Promise<void> {
    if (this.#closed) process.stdout.write("\n");
    this.#interface?.close();
  }
}

/** All that is piped in; null when it cannot be read. */
export async function pipedText(): Promise<string | null> {
  const pieces: Buffer[] = [];
  try {
    for await (const it of process.stdin) pieces.push(it as Buffer);
  } catch {
    return null;
  }
  return Buffer.concat(pieces).toString("latin1");
}

/** Lines of a file, or of what is piped in: no prompt, and a line that is indented belongs to the one above. */
export function readLines(text: string, colours: boolean): ClosingTerminal {
  const lines = text.split("\n").map((it) => it.replace(/\r$/, ""));
  if (lines.at(-1) === "") lines.pop();
  return new Lines(lines, colours);
}

class Lines implements ClosingTerminal {
  readonly interactive = false;
  readonly colours: boolean;
  readonly width = 100;
  readonly #lines: string[];

  constructor(lines: string[], colours: boolean) {
    this.#lines = lines;
    this.colours = colours;
  }

  async line(): Promise<string | undefined> {
    return this.#lines.shift();
  }
  follows(): string | undefined {
    return this.#lines[0];
  }
  write(text: string): void {
    writeNow(text);
  }
  async close(): Promise<void> {}
}

/** Written at once: the process may end before a pipe takes what waits. What nobody reads any more goes nowhere. */
function writeNow(text: string): void {
  const given = bytesOf(text);
  let bytes = typeof given === "string" ? Buffer.from(given) : given;
  while (bytes.length > 0)
    try {
      bytes = bytes.subarray(writeSync(1, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
      // A pipe that is full, and that is not waited for by itself.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PATIENCE);
    }
}

/** Milliseconds until a reader that had no room is tried again. */
const PATIENCE = 5;

/** `$XDG_STATE_HOME/viaduct/repl-history`, unless the user names a file. */
export const historyPath = (named: string | boolean): string =>
  typeof named === "string"
    ? resolve(named)
    : join(process.env["XDG_STATE_HOME"] || join(homedir(), ".local", "state"), "viaduct", "repl-history");

/** The newest line first, as readline has it. */
function readHistory(path: string): string[] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .filter((it) => it !== "")
      .reverse();
  } catch {
    return [];
  }
}

/** What cannot be kept is not: nobody's session is to suffer from it. */
function writeHistory(path: string, lines: readonly string[]): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, `${[...lines].reverse().join("\n")}\n`, { mode: 0o600 });
  } catch {}
}

/** `lend` keeps the terminal away from us while an editor has it. */
export function outside(lend: <T>(run: () => Promise<T>) => Promise<T>): Outside {
  const files = createFiles();
  return {
    read: (path) => files.read(path),
    glob: (pattern) => files.glob(pattern),
    resolve: (...parts) => resolve(...parts),
    list(folder) {
      try {
        return readdirSync(folder, { withFileTypes: true }).map((it) => (it.isDirectory() ? `${it.name}/` : it.name));
      } catch {
        return [];
      }
    },
    write(path, text) {
      try {
        writeFileSync(path, text, "latin1");
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    },
    edit: (name, text) => lend(() => editText(name, text)),
  };
}

/** The editor works on a copy, so that what is only in memory can be edited, too. */
async function editText(name: string, text: string): Promise<{ readonly text: string } | { readonly wrong: string }> {
  const editor = process.env["VISUAL"] || process.env["EDITOR"] || "vi";
  const folder = mkdtempSync(join(tmpdir(), "viaduct-"));
  const path = join(folder, basename(name));
  try {
    writeFileSync(path, text, "latin1");
    const status = await new Promise<number | string>((done) => {
      const child = spawn("/bin/sh", ["-c", `${editor} "$1"`, "sh", path], { stdio: "inherit" });
      child.on("error", (error) => done(error.message));
      child.on("exit", (code, signal) => done(code ?? signal ?? 1));
    });
    if (status !== 0) return { wrong: `${editor} ended with ${status}: the script is as it was` };
    return { text: readFileSync(path, "latin1") };
  } catch (error) {
    return { wrong: (error as Error).message };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
