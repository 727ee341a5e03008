/** What the playground needs of the world outside: a terminal to talk on, and files. `src/node/cli` has both. */
import type { Disk } from "../../src/simulate/host.ts";

export interface Terminal {
  /** Somebody sits there: prompts are shown, and files are read to their end. */
  readonly interactive: boolean;
  readonly colours: boolean;
  /** Columns. */
  readonly width: number;
  /** Text of the engine, a character a byte; characters beyond those are ours. */
  write(text: string): void;
  /** The next line, bytes as characters. Undefined: there is no more. Null: what was begun is to be dropped (Ctrl-C). */
  line(prompt: string): Promise<string | null | undefined>;
  /** The line that comes next, where that is known already; absent where somebody types. */
  follows?(): string | undefined;
}

export interface Outside extends Disk {
  /** What keeps the text (latin1) from being written; undefined when it was. */
  write(path: string, text: string): string | undefined;
  /** The absolute path. */
  resolve(...parts: string[]): string;
  /** Names in a folder, those of folders with a `/` behind them; none when it cannot be read. */
  list(folder: string): readonly string[];
  /** Has a text changed in the user's editor. A text in `wrong` says why it was not. */
  edit(name: string, text: string): Promise<{ readonly text: string } | { readonly wrong: string }>;
}
