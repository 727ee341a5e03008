/** Text to preprocessed text: `#!` directives, defines, substitutions and included files. */
import { Defines, predefine } from "./defines.ts";
import { type Directive, directives, readDirective } from "./directives.ts";
import type { ParseInput } from "./input.ts";
import type { Problems } from "./problems.ts";
import { type Frame, match, Scanner } from "./scanner.ts";
import { type Expanded, Source } from "./source.ts";
import { decodeString } from "./strings.ts";
import { Substitutions } from "./substitute.ts";
import { reserved } from "./tokens.ts";

/** Kamailio: cfg.lex MAX_INCLUDE_DEPTH. */
const INCLUDE_DEPTH = 10;
/** Bounds what defines that mention one another may grow to. */
const MAX_EXPANSION = 1_000_000;
const MAX_NESTED_DEFINES = 200;

export interface Preprocessed {
  readonly expanded: Expanded;
  readonly defines: Defines;
  readonly substitutions: Substitutions;
  readonly sources: ReadonlyMap<string, Source>;
  /** The text breaks off inside a string or comment: what is missing at its end has been reported. */
  readonly unfinished: boolean;
}

const EVENT_HEAD = /[ \t\b\r\n]*\[[ \t\b\r\n]*[a-zA-Z][0-9a-zA-Z-]*(?::[a-zA-Z][0-9a-zA-Z_-]*)+[ \t\b\r\n]*\]/y;
const IPV6 = /[0-9a-fA-F]{0,4}:[0-9a-fA-F:]*:[0-9a-fA-F]*/y;
const INCLUDED_NAME = /[ \t]*(?:\n[ \t]*)*([^ \t\r\n]+)/y;

export function preprocess(input: ParseInput, problems: Problems): Preprocessed {
  return new Preprocessor(input, problems).run();
}

class Preprocessor extends Scanner {
  readonly input: ParseInput;
  readonly defines = new Defines();
  readonly substitutions: Substitutions;
  readonly #sources = new Map<string, Source>();
  readonly #conditions: { active: boolean; source: Source; from: number; to: number }[] = [];
  /** Characters that defines inside of defines have made. */
  #growth = 0;

  constructor(input: ParseInput, problems: Problems) {
    super(problems);
    this.input = input;
    this.substitutions = new Substitutions(input, this.defines);
  }

  run(): Preprocessed {
    const source = new Source(this.input.file, this.input.text);
    this.#sources.set(source.file, source);
    predefine(this.defines, this.input.version ?? "6.1.4", this.input.osName ?? "linux");
    this.#commandLine(source);
    this.frames.push({ source, text: source.text, at: 0, define: undefined });
    this.scan();
    const unfinished = ["double", "single", "comment", "variable"].includes(this.state);
    this.#finish(unfinished);
    return {
      expanded: this.out,
      defines: this.defines,
      substitutions: this.substitutions,
      sources: this.#sources,
      unfinished,
    };
  }

  // ── Words ──────────────────────────────────────────────────────────────────

  /** A word: a define to expand, a word with a meaning for the preprocessor, or nothing special. -1: the code ends here. */
  protected word(frame: Frame, from: number, at: number, end: number): number {
    const { text } = frame;
    this.awaited = undefined;
    if (text.charCodeAt(end) === 0x3a) {
      const address = match(IPV6, text, at);
      if (address > end + 1) return address;
    }
    const word = text.slice(at, end);
    if (word === "include_file" || word === "import_file") {
      frame.at = at;
      this.emit(frame, from);
      frame.at = end;
      this.#include(frame, word === "import_file", at);
      return -1;
    }
    if (reserved.has(word)) {
      if (word === "loadmodule" || word === "loadmodulex") this.awaited = "module";
      else if (word === "event_route") return match(EVENT_HEAD, text, end);
      return end;
    }
    const define = this.defines.get(word);
    if (!define) return end;
    frame.at = at;
    this.emit(frame, from);
    frame.at = end;
    this.#expand(frame, at, end, define.name, define.value ?? "");
    return -1;
  }

  #expand(frame: Frame, from: number, to: number, name: string, value: string): void {
    this.cut(frame, from);
    let nested = 0;
    for (let index = this.frames.length - 1; this.frames[index]?.define; index--) {
      nested++;
      if (this.frames[index]!.define!.name === name) {
        this.errorAt(frame, "define-loop", `\`${name}\` is defined by itself`, from, to);
        this.out.replace("0", frame.source, frame.define?.from ?? from, frame.define?.to ?? to, name);
        return;
      }
    }
    if (nested > 0) this.#growth += value.length + 1;
    if (this.#growth > MAX_EXPANSION + value.length) return;
    if (nested > MAX_NESTED_DEFINES || this.#growth > MAX_EXPANSION) {
      this.#growth = Number.POSITIVE_INFINITY;
      this.errorAt(frame, "define-too-large", `the value of \`${name}\` grows without bound`, from, to);
      return;
    }
    this.frames.push({
      source: frame.source,
      text: value,
      at: 0,
      define: { name, from: frame.define?.from ?? from, to: frame.define?.to ?? to },
    });
  }

  protected shebang(frame: Frame, at: number): void {
    directives.reportUnknown(this.problems, frame.source, at);
  }

  protected endString(): void {
    this.state = "code";
    const awaited = this.awaited;
    this.awaited = undefined;
    if (!awaited) return;
    const { source, from } = this.opened!;
    const value = decodeString(this.literal.startsWith("'") ? this.literal : this.literal.trimEnd());
    if (awaited === "module") {
      this.defines.set(`MOD_${moduleName(value)}`, undefined, "trydefine");
      return;
    }
    const bad = this.substitutions.add(awaited, value, this.out.length, this.#where(source, from));
    if (bad) this.problems.errorAt(bad.code, bad.message, source, from, from + 1, bad.hint);
  }

  #where(source: Source, at: number): string {
    return `${source.file}:${source.lineAt(at) + 1}`;
  }

  // ── Directives ─────────────────────────────────────────────────────────────

  protected directive(frame: Frame, directive: Directive, at: number): void {
    this.awaited = undefined;
    this.cut(frame, at);
    switch (directive.kind) {
      case "subst":
      case "substdef":
      case "substdefs":
        if (frame.define)
          this.out.replace(frame.text.slice(at, frame.at), frame.source, frame.define.from, frame.define.to);
        else this.out.copy(frame.source, at, frame.at);
        this.awaited = directive.kind;
        return;
      case "include_file":
      case "import_file":
        return this.#include(frame, directive.kind === "import_file", at);
      case "ifdef":
      case "ifndef":
      case "ifexp":
      case "else":
      case "endif":
        return this.#condition(frame, directive, at);
      default:
        frame.at = directives.run(
          {
            defines: this.defines,
            problems: this.problems,
            source: frame.source,
            env: (name) => this.input.env?.(name),
            where: this.#where(frame.source, frame.define?.from ?? at),
          },
          directive,
          frame.text,
          at,
        );
    }
  }

  #condition(frame: Frame, directive: Directive, at: number): void {
    if (directive.kind === "else" || directive.kind === "endif") {
      const open = directive.kind === "endif" ? this.#conditions.pop() : this.#conditions.at(-1);
      if (!open) {
        const message = `this \`#!${directive.kind}\` belongs to no \`#!ifdef\``;
        if (directive.kind === "endif") this.errorAt(frame, "unmatched-endif", message, at, directive.end - 1);
        else this.problems.warningAt("unmatched-else", message, frame.source, at, directive.end - 1);
      } else if (directive.kind === "else") open.active = !open.active;
      // The end of line belongs to the directive; it is given back so that what follows stays on a line of its own.
      frame.at = directive.end - 1;
    } else {
      const read = directives.condition(this.defines, this.problems, frame.source, directive, frame.text, at);
      frame.at = read.end;
      this.#conditions.push({ active: read.value, source: frame.source, from: at, to: directive.end });
    }
    this.state = this.#conditions.every((open) => open.active) ? "code" : "skip";
  }

  /** Text whose condition does not hold; only conditions count in it, wherever they stand. */
  protected skip(frame: Frame): void {
    const { text } = frame;
    for (let at = frame.at; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if ((code !== 0x23 && code !== 0x21) || text.charCodeAt(at + 1) !== 0x21) continue;
      const directive = readDirective(text, at);
      if (!directive || !directives.conditional.has(directive.kind)) continue;
      this.#condition(frame, directive, at);
      return;
    }
    frame.at = text.length;
  }

  // ── Files ──────────────────────────────────────────────────────────────────

  /** `frame.at` stands after the word; `at` where the directive begins. */
  #include(frame: Frame, optional: boolean, at: number): void {
    const { text } = frame;
    const after = frame.at;
    const end = match(INCLUDED_NAME, text, after);
    if (end === after) {
      this.errorAt(frame, "include-name", "a file name in double quotes must follow", at, after);
      return;
    }
    frame.at = end;
    const written = text.slice(after, end).trimStart();
    const start = end - written.length;
    const name = this.substitutions.apply(written, this.out.length);
    if (name.length < 3 || !name.startsWith('"') || !name.endsWith('"')) {
      const message = "the name of an included file stands in double quotes, without spaces";
      this.errorAt(
        frame,
        "include-name",
        message,
        start,
        end,
        `write \`include_file "${written.replaceAll(/["']/g, "")}"\``,
      );
      return;
    }
    const files = this.frames.filter((open) => !open.define).length;
    if (files > INCLUDE_DEPTH) {
      this.errorAt(frame, "include-depth", `files include one another more than ${INCLUDE_DEPTH} deep`, start, end);
      return;
    }
    const path = unescapePath(name.slice(1, -1));
    const found = this.#find(path, frame.source.file);
    if (!found) {
      if (!optional) this.errorAt(frame, "include-missing", `cannot read the file \`${path}\``, start, end);
      return;
    }
    this.cut(frame, at);
    this.frames.push({ source: found, text: found.text, at: 0, define: undefined });
  }

  /** As the path stands, else in the directory of the file that includes it (cfg.lex: sr_push_yy_state). */
  #find(path: string, from: string): Source | undefined {
    const candidates = path.startsWith("/") ? [path] : [path, this.input.resolve(this.input.dirname(from), path)];
    for (const candidate of candidates) {
      const known = this.#sources.get(candidate);
      if (known) return known;
      const text = this.input.readFile(candidate);
      if (text === null) continue;
      const source = new Source(candidate, text);
      this.#sources.set(candidate, source);
      return source;
    }
    return undefined;
  }

  #commandLine(source: Source): void {
    const { defines = [], substitutions = [] } = this.input;
    const pairs = Array.isArray(defines) ? defines : Object.entries(defines);
    for (const [name, value] of pairs as readonly (readonly [string, string | undefined])[]) {
      if (this.defines.set(name, value, "define")) continue;
      this.problems.errorAt("define-twice", `\`${name}\` is defined twice on the command line`, source, 0, 0);
    }
    for (const { kind, rule } of substitutions) {
      const bad = this.substitutions.add(kind, rule, 0, undefined);
      if (bad) this.problems.errorAt(bad.code, `--${kind}: ${bad.message}`, source, 0, 0, bad.hint);
    }
  }

  #finish(unfinished: boolean): void {
    if (unfinished) {
      const { source, from, to } = this.opened!;
      const what = this.state === "comment" || this.state === "variable" ? this.state : "string";
      this.problems.errorAt(`unclosed-${what}`, `this ${what} is never closed`, source, from, to);
      // Closed here, it is one token for the lexer.
      const close = { single: "'", double: this.escaped ? '\\"' : '"', variable: ")".repeat(this.depth) }[
        this.state as string
      ];
      this.out.replace(close ?? "", source, source.text.length, source.text.length + 1);
    }
    if (this.state === "between") this.endString();
    for (const open of this.#conditions) {
      const hint = "`#!endif` counts only when nothing follows it on its line, and the line must end";
      this.problems.errorAt("missing-endif", "this condition has no `#!endif`", open.source, open.from, open.to, hint);
    }
  }
}

/** `tm` of `tm`, `tm.so` and `/usr/lib/tm.so`. */
const moduleName = (written: string): string => written.slice(written.lastIndexOf("/") + 1).replace(/\.so$/, "");

const unescapePath = (name: string): string =>
  name.replaceAll(/\\([\s\S])/g, (_, char: string) => ({ t: "\t", n: "\n", r: "\r" })[char] ?? char);
