/** The subcommands that read their own arguments. Each is a module of its own, loaded when it is asked for. */

/** A tool's module: gives the exit status, or undefined when it goes on (a server). */
export interface ToolModule {
  main(argv: readonly string[]): Promise<number | undefined>;
}

interface Tool {
  readonly usage: string;
  readonly doc: string;
  load(): Promise<ToolModule>;
}

export const tools: Readonly<Record<string, Tool>> = {
  reload: {
    usage: "reload [FILE]",
    doc: "have a server that runs change to its script as it is now",
    load: () => import("./reload.ts"),
  },
  repl: {
    usage: "repl [FILE]",
    doc: "play with a script: invented peers, a clock that jumps, every step in view",
    load: () => import("./repl.ts"),
  },
  rpc: {
    usage: "rpc METHOD [ARGS...]",
    doc: "have a server that runs carry out a control command",
    load: () => import("./rpc.ts"),
  },
  send: {
    usage: "send URI",
    doc: "send one request and show what is answered",
    load: () => import("./send.ts"),
  },
  test: {
    usage: "test [FILE or FOLDER...]",
    doc: "play ladders against the scripts that they name",
    load: () => import("./test.ts"),
  },
  trace: {
    usage: "trace [FILTERS]",
    doc: "show what the script of a server that runs does with calls",
    load: () => import("./trace.ts"),
  },
};

export const isTool = (word: string): boolean => Object.hasOwn(tools, word);
