/** What a command of the playground is. */
import type { Session } from "./session.ts";
import type { Style } from "./style.ts";
import type { Outside, Terminal } from "./terminal.ts";

/** What a command has to work with. */
export interface Desk {
  readonly session: Session;
  readonly outside: Outside;
  readonly terminal: Terminal;
  readonly style: Style;
  readonly commands: Readonly<Record<string, Command>>;
  print(text: string): void;
  /** Ends the session after this command. */
  quit(): void;
  /** True when the user wants what goes on to end. */
  interrupted(): boolean;
}

/** What may be completed behind the command. */
export type Completes = "file" | "route" | "rpc" | "help" | "line" | "peer";

export interface Command {
  /** As a user writes it: `break FILE:LINE | route NAME`. */
  readonly usage: string;
  readonly doc: string;
  /** Heading that it stands under in `help`. */
  readonly topic: "Messages" | "Time" | "The script" | "Stops" | "What happened" | "How things are" | "Session";
  readonly completes?: Completes;
  /** It needs a script that serves. */
  readonly needsScript?: true;
  /** `rest` is what stands behind its name. The answer is what is wrong; undefined when it was done. */
  run(desk: Desk, rest: string): Promise<string | undefined> | string | undefined;
}
