/** The playground: reads what the user enters, does it, and shows what came of it. */
import type { Desk } from "./command.ts";
import { commands } from "./commands.ts";
import { isFile, isRaw, isScript, isUnfinished, joined } from "./input.ts";
import type { Session } from "./session.ts";
import { expanded, methods } from "./short.ts";
import { base, happeningText, stopText } from "./show.ts";
import { type Style, styleOf } from "./style.ts";
import type { Outside, Terminal } from "./terminal.ts";

export interface ReplOptions {
  readonly session: Session;
  readonly terminal: Terminal;
  readonly outside: Outside;
  /** Ends at the first mistake. */
  readonly strict: boolean;
}

export class Repl implements Desk {
  readonly session: Session;
  readonly terminal: Terminal;
  readonly outside: Outside;
  readonly style: Style;
  readonly commands = commands;
  /** Entries that went wrong. */
  failures = 0;
  #over = false;
  #interrupted = false;
  #heldShown: unknown = undefined;
  readonly #strict: boolean;

  constructor({ session, terminal, outside, strict }: ReplOptions) {
    this.session = session;
    this.terminal = terminal;
    this.outside = outside;
    this.#strict = strict;
    this.style = styleOf(terminal.colours);
  }

  readonly print = (text: string): void => {
    this.showWhatHappened();
    this.#say(text);
  };
  readonly quit = (): void => {
    this.#over = true;
  };
  #say(text: string): void {
    if (text !== "") this.terminal.write(`${text}\n`);
  }
  readonly interrupted = (): boolean => this.#interrupted;

  /** Ctrl-C while something goes on. */
  interrupt(): void {
    this.#interrupted = true;
  }

  /** Loads the script and says what there is. */
  async begin(): Promise<void> {
    const { session } = this;
    const serves = await session.start();
    if (!serves || session.problems.some((it) => it.severity === "warning")) {
      const { readable, report } = await import("../../src/check/index.ts");
      const { problems, sources } = readable(session.problems, session.sources);
      this.print(
        report(
          problems.filter((it) => it.severity !== "info"),
          { sources, colour: this.style.on },
        ),
      );
    }
    if (!serves) {
      this.failures++;
      this.print(this.style.red("the script was refused; `reload` takes it up when it is mended"));
    } else if (this.terminal.interactive) {
      const at = session.simulation.server.sockets.all.map((it) => `${it.protocol}:${it.address}:${it.port}`);
      this.print(
        `${base(session.script)} serves on ${at.join(", ")}. \`INVITE bob from alice\` makes a call, \`help\` tells more.`,
      );
    }
    this.showWhatHappened();
  }

  /** Until there is no more input, or the user has had enough. */
  async run(): Promise<void> {
    let text = "";
    while (!this.#over) {
      const line = await this.terminal.line(text === "" ? this.prompt : "... ");
      if (line === undefined) {
        if (text.trim() !== "") await this.enter(text);
        return;
      }
      if (line === null) {
        text = "";
        continue;
      }
      text = text === "" ? line : `${text}\n${line}`;
      // In a file the lines that belong to a message stand below it, as in a ladder.
      if (/^\s*\S/.test(text) && !isRaw(text) && /^[ \t]+\S|^\|/.test(this.terminal.follows?.() ?? "")) continue;
      // Two empty lines end whatever was begun.
      if ((isUnfinished(text) || (this.terminal.interactive && isFile(text))) && !/\n\s*\n\s*$/.test(text)) continue;
      const whole = text;
      text = "";
      await this.enter(whole);
      if (this.#strict && this.failures > 0) return;
    }
  }

  get prompt(): string {
    const [stop] = this.session.debugger.held;
    return stop ? `${base(stop.place.span.file)}:${stop.place.span.line}> ` : "> ";
  }

  /** Carries out what was entered and shows what came of it. Whatever happens, the session goes on. */
  async enter(text: string): Promise<void> {
    this.#interrupted = false;
    let wrong: string | undefined;
    try {
      wrong = await this.#carryOut(text.trimEnd());
    } catch (error) {
      wrong = `Viaduct failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    }
    this.showWhatHappened();
    if (wrong === undefined) return;
    this.failures++;
    this.print(this.style.red(wrong));
  }

  showWhatHappened(): void {
    for (const it of this.session.take()) this.#say(happeningText(it, this.style));
    const [stop] = this.session.debugger.held;
    if (stop !== undefined && stop !== this.#heldShown) this.#say(stopText(this.session, stop, this.style));
    this.#heldShown = stop;
  }

  async #carryOut(entered: string): Promise<string | undefined> {
    if (entered.trim() === "" || entered.startsWith("#")) return undefined;
    if (isRaw(entered)) {
      const { sendRaw } = await import("./message-file.ts");
      return this.#needs() ?? sendRaw(this.session, entered.replace(/\n*$/, "\n"));
    }
    if (/^[\s|]/.test(entered)) {
      if (/^\s*\|/.test(entered) || /^\s+[\w-]+:/.test(entered))
        return "a line that belongs to the one above: end that with a backslash";
      return this.#carryOut(entered.trimStart());
    }
    if (isScript(entered)) return this.#evaluate(entered);
    const text = joined(entered);
    const short = expanded(text);
    const { isLadderLine } = await import("./steps.ts");
    const [, word = "", rest = ""] = /^(\S+)\s*(.*)$/s.exec(text) ?? [];
    const command = Object.hasOwn(commands, word) ? commands[word] : undefined;
    if (command && !short && (rest === "" || !isLadderLine(text) || ownForms.has(word)))
      return (command.needsScript && this.#needs()) || command.run(this, rest);
    if (short !== undefined || isLadderLine(text)) {
      const { doStep, stepOf } = await import("./steps.ts");
      const step = stepOf(short ?? text);
      if (typeof step === "string") return step;
      return doStep(this.session, this.outside, step, text);
    }
    if (/^[@\w]+(?:\s*(?:[=!<>]=|=~|[<>+*/&|-])|$)/.test(text) && operands.has(/^\w*/.exec(text)![0]))
      return this.#evaluate(entered);
    return this.#unknown(word);
  }

  #needs(): string | undefined {
    return this.session.loaded ? undefined : "the script was not loaded: `problems` shows why, `reload` tries again";
  }

  async #unknown(word: string): Promise<string> {
    const { didYouMean } = await import("../../src/check/names.ts");
    if (this.session.peers.has(word))
      return `not understood; ${word} can answer (\`${word} 486\`) or ask (\`${word} bye\`, \`${word} INVITE carol\`)`;
    if (methods.includes(word)) return `who sends it? \`${word} bob from alice\``;
    if (
      this.session.loaded &&
      this.session.simulation.server.active.modules.some((it) => Object.hasOwn(it.functions, word))
    )
      return `\`${word}(…)\` would run it; \`help ${word}\` tells of it`;
    const names = [...Object.keys(commands), ...this.session.peers.keys()];
    return `not understood: ${word}; ${didYouMean(word, names) ?? "`help` lists what can be entered"}`;
  }

  async #evaluate(text: string): Promise<string | undefined> {
    const lacking = this.#needs();
    if (lacking !== undefined) return lacking;
    const { evaluate } = await import("./evaluate.ts");
    const { valueText } = await import("./show.ts");
    const outcome = await evaluate(this.session, text.trim());
    this.showWhatHappened();
    switch (outcome.kind) {
      case "wrong":
        return outcome.text;
      case "value":
        this.print(valueText(outcome.value));
        return undefined;
      case "assigned":
        this.print(`${outcome.variable} is ${valueText(outcome.value)}`);
        return undefined;
      case "code": {
        const { name, code, says } = outcome;
        const truth = code > 0 ? "true" : code < 0 ? "false" : "ends the script";
        this.print(`${name} gives ${code} (${truth})${says === undefined ? "" : `: ${says}`}`);
        return undefined;
      }
      case "waits":
        this.print("it waits: for time, an answer, or to go on");
        return undefined;
      case "done":
        return undefined;
    }
  }
}

/** Commands that are ladder lines of the same name, and more. */
const ownForms = new Set(["rpc", "reload", "after"]);

/** Operands of the script language that look like words. */
const operands = new Set([
  "uri",
  "method",
  "src_ip",
  "dst_ip",
  "src_port",
  "dst_port",
  "proto",
  "af",
  "status",
  "from_uri",
  "to_uri",
  "retcode",
]);
