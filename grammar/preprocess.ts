/**
 * Text to preprocessed text: comments, `#!` directives, defines and included files. The states are those of Kamailio's
 * cfg.lex, so that what counts as a string, a variable or a comment is the same in odd places, too.
 */
import { Defines, predefine } from "./defines.ts";
import { type Directive, directives, readDirective } from "./directives.ts";
import type { ParseInput } from "./input.ts";
import type { Problems } from "./problems.ts";
import { Expanded, Source } from "./source.ts";
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

type State = "code" | "double" | "single" | "between" | "comment" | "line" | "variable" | "skip";

/** Text that is being read: a file, or the value of a define that stands for a word of one. */
interface Frame {
  readonly source: Source;
  readonly text: string;
  at: number;
  /** For a define: its name and the word that it replaces. */
  readonly define: { readonly name: string; readonly from: number; readonly to: number } | undefined;
}

const WORD = /[A-Za-z0-9_]+/y;
const EVENT_HEAD = /[ \t\b\r\n]*\[[ \t\b\r\n]*[a-zA-Z][0-9a-zA-Z-]*(?::[a-zA-Z][0-9a-zA-Z_-]*)+[ \t\b\r\n]*\]/y;
const SELECT = /@[A-Za-z0-9_.]*(?:\[(?:-?[0-9A-Za-z]+|"(?:[^"\\]|\\[\s\S])*")\][A-Za-z0-9_.]*)*/y;
const IPV6 = /[0-9a-fA-F]{0,4}:[0-9a-fA-F:]*:[0-9a-fA-F]*/y;
const INCLUDED_NAME = /[ \t]*(?:\n[ \t]*)*([^ \t\r\n]+)/y;

export function preprocess(input: ParseInput, problems: Problems): Preprocessed {
  return new Preprocessor(input, problems).run();
}

class Preprocessor {
  readonly input: ParseInput;
  readonly problems: Problems;
  readonly defines = new Defines();
  readonly substitutions: Substitutions;
  readonly #out = new Expanded();
  readonly #sources = new Map<string, Source>();
  readonly #frames: Frame[] = [];
  #state: State = "code";
  /** Open `/*`, or open parentheses of a variable. */
  #depth = 0;
  /** The value of a define ended with a backslash inside a string. */
  #escaped = false;
  /** Where the string, comment or variable that is being read began. */
  #opened: { source: Source; from: number; to: number } | undefined;
  /** What the next string is: a module's name or the rule of a substitution. */
  #awaited: "module" | "subst" | "substdef" | "substdefs" | undefined;
  /** The awaited string as read so far. */
  #literal = "";
  readonly #conditions: { active: boolean; source: Source; from: number; to: number }[] = [];
  #growth = 0;

  constructor(input: ParseInput, problems: Problems) {
    this.input = input;
    this.problems = problems;
    this.substitutions = new Substitutions(input, this.defines);
  }

  run(): Preprocessed {
    const source = new Source(this.input.file, this.input.text);
    this.#sources.set(source.file, source);
    predefine(this.defines, this.input.version ?? "6.1.4", this.input.osName ?? "linux");
    this.#commandLine(source);
    this.#frames.push({ source, text: source.text, at: 0, define: undefined });
    while (this.#frames.length > 0) {
      const frame = this.#frames.at(-1)!;
      if (frame.at >= frame.text.length) this.#leave(frame);
      else this.#step(frame);
    }
    const unfinished = ["double", "single", "comment", "variable"].includes(this.#state);
    this.#finish(unfinished);
    return {
      expanded: this.#out,
      defines: this.defines,
      substitutions: this.substitutions,
      sources: this.#sources,
      unfinished,
    };
  }

  // ── Frames ─────────────────────────────────────────────────────────────────

  #leave(frame: Frame): void {
    this.#frames.pop();
    if (frame.define) return;
    // The end of a file ends a string, so that it is not joined with one that the next file begins with.
    if (this.#state === "between") this.#endString();
    this.#cut(frame, frame.text.length);
  }

  #step(frame: Frame): void {
    switch (this.#state) {
      case "code":
        return this.#code(frame);
      case "double":
        return this.#double(frame);
      case "single":
        return this.#single(frame);
      case "between":
        return this.#between(frame);
      case "comment":
        return this.#comment(frame);
      case "line":
        return this.#lineComment(frame);
      case "variable":
        return this.#variable(frame);
      case "skip":
        return this.#skip(frame);
    }
  }

  /** Passes on what has been read since `from`. */
  #emit(frame: Frame, from: number): void {
    if (frame.define) {
      this.#out.replace(
        frame.text.slice(from, frame.at),
        frame.source,
        frame.define.from,
        frame.define.to,
        frame.define.name,
      );
    } else this.#out.copy(frame.source, from, frame.at);
    if (this.#awaited && this.#state !== "code") this.#literal += frame.text.slice(from, frame.at);
  }

  /** Marks a place where something was taken out. */
  #cut(frame: Frame, at: number): void {
    const from = frame.define?.from ?? Math.min(at, frame.text.length);
    this.#out.replace("\x01", frame.source, from, frame.define?.to ?? from + 1);
  }

  #errorAt(frame: Frame, code: string, message: string, from: number, to: number, hint?: string): void {
    const define = frame.define;
    if (define) this.problems.errorAt(code, message, frame.source, define.from, define.to, hint);
    else this.problems.errorAt(code, message, frame.source, from, to, hint);
  }

  #open(frame: Frame, from: number, to: number): void {
    this.#opened = frame.define
      ? { source: frame.source, from: frame.define.from, to: frame.define.to }
      : { source: frame.source, from, to };
  }

  // ── Code ───────────────────────────────────────────────────────────────────

  /** Reads up to the end of the frame or of the code. */
  #code(frame: Frame): void {
    const { text } = frame;
    const from = frame.at;
    let at = from;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (isWordStart(code)) {
        const end = match(WORD, text, at);
        const handled = this.#word(frame, from, at, end);
        if (handled < 0) return;
        at = handled;
      } else if (code >= 0x30 && code <= 0x39) {
        at = Math.max(match(WORD, text, at), match(IPV6, text, at));
        this.#awaited = undefined;
      } else {
        switch (code) {
          case 0x20:
          case 0x09:
          case 0x0a:
          case 0x0d:
          case 0x08:
            at++;
            break;
          case 0x22:
          case 0x27:
            frame.at = at;
            this.#emit(frame, from);
            this.#open(frame, at, at + 1);
            this.#literal = "";
            this.#state = code === 0x22 ? "double" : "single";
            frame.at = at + 1;
            this.#emit(frame, at);
            return;
          case 0x24: {
            at = this.#dollar(frame, from, at);
            if (at < 0) return;
            break;
          }
          case 0x40:
            at = Math.max(at + 1, match(SELECT, text, at));
            this.#awaited = undefined;
            break;
          case 0x23:
          case 0x21:
          case 0x2f: {
            const handled = this.#special(frame, from, at, code);
            if (handled < 0) return;
            at = handled;
            break;
          }
          case 0x5c:
            // An escaped end of line is skipped; elsewhere a backslash is no character of the language.
            at += text[at + 1] === "\n" ? 2 : 1;
            break;
          case 0x28:
            if (this.#awaited !== "module") this.#awaited = undefined;
            at++;
            break;
          default:
            this.#awaited = undefined;
            at++;
        }
      }
    }
    frame.at = at;
    this.#emit(frame, from);
  }

  /** A word: a define to expand, a word with a meaning for the preprocessor, or nothing special. -1: the code ends here. */
  #word(frame: Frame, from: number, at: number, end: number): number {
    const { text } = frame;
    this.#awaited = undefined;
    if (text.charCodeAt(end) === 0x3a) {
      const address = match(IPV6, text, at);
      if (address > end + 1) return address;
    }
    const word = text.slice(at, end);
    if (word === "include_file" || word === "import_file") {
      frame.at = at;
      this.#emit(frame, from);
      frame.at = end;
      this.#include(frame, word === "import_file", at);
      return -1;
    }
    if (reserved.has(word)) {
      if (word === "loadmodule" || word === "loadmodulex") this.#awaited = "module";
      else if (word === "event_route") return match(EVENT_HEAD, text, end);
      return end;
    }
    const define = this.defines.get(word);
    if (!define) return end;
    frame.at = at;
    this.#emit(frame, from);
    frame.at = end;
    this.#expand(frame, at, end, define.name, define.value ?? "");
    return -1;
  }

  #expand(frame: Frame, from: number, to: number, name: string, value: string): void {
    this.#cut(frame, from);
    let nested = 0;
    for (let index = this.#frames.length - 1; this.#frames[index]?.define; index--) {
      nested++;
      if (this.#frames[index]!.define!.name === name) {
        this.#errorAt(frame, "define-loop", `\`${name}\` is defined by itself`, from, to);
        return;
      }
    }
    if (nested > 0) this.#growth += value.length + 1;
    if (this.#growth > MAX_EXPANSION + value.length) return;
    if (nested > MAX_NESTED_DEFINES || this.#growth > MAX_EXPANSION) {
      this.#growth = Number.POSITIVE_INFINITY;
      this.#errorAt(frame, "define-too-large", `the value of \`${name}\` grows without bound`, from, to);
      return;
    }
    this.#frames.push({
      source: frame.source,
      text: value,
      at: 0,
      define: { name, from: frame.define?.from ?? from, to: frame.define?.to ?? to },
    });
  }

  /** A variable. -1: the state has changed. */
  #dollar(frame: Frame, from: number, at: number): number {
    const { text } = frame;
    this.#awaited = undefined;
    let end = at + 1;
    if (text[end] === "?") return end + 1;
    if (text.startsWith("retcode", end)) return end + 7;
    if (text.startsWith("rc", end)) return end + 2;
    if (isWordStart(text.charCodeAt(end))) end = match(WORD, text, end);
    if (text[end] !== "(") return end;
    frame.at = end + 1;
    this.#emit(frame, from);
    this.#open(frame, at, end + 1);
    this.#depth = 1;
    this.#state = "variable";
    return -1;
  }

  #variable(frame: Frame): void {
    const { text } = frame;
    const from = frame.at;
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === 0x28) this.#depth++;
      else if (code === 0x29) {
        if (--this.#depth > 0) continue;
        frame.at = at + 1;
        this.#emit(frame, from);
        this.#state = "code";
        return;
      } else if (code === 0x0a) {
        const { source, from: opened } = this.#opened!;
        const to = frame.define ? opened + 1 : at;
        this.problems.errorAt(
          "unclosed-variable",
          "this variable has no closing parenthesis on its line",
          source,
          opened,
          to,
        );
        frame.at = at;
        this.#out.replace(")".repeat(this.#depth), source, opened, to);
        this.#state = "code";
        return;
      }
    }
    frame.at = text.length;
    this.#emit(frame, from);
  }

  /** `#`, `!` and `/`: comments and directives. -1: the code ends here. */
  #special(frame: Frame, from: number, at: number, code: number): number {
    const { text } = frame;
    const next = text.charCodeAt(at + 1);
    if (code === 0x2f && next === 0x2a) {
      frame.at = at;
      this.#emit(frame, from);
      this.#open(frame, at, at + 2);
      this.#cut(frame, at);
      this.#depth = 1;
      this.#state = "comment";
      frame.at = at + 2;
      return -1;
    }
    const directive = next === 0x21 && code !== 0x2f ? readDirective(text, at) : undefined;
    if (directive) {
      frame.at = at;
      this.#emit(frame, from);
      frame.at = directive.end;
      this.#directive(frame, directive, at);
      return -1;
    }
    const comment = code === 0x23 || (code === 0x2f && next === 0x2f);
    if (!comment) {
      this.#awaited = undefined;
      return at + 1;
    }
    frame.at = at;
    this.#emit(frame, from);
    this.#cut(frame, at);
    frame.at = at;
    this.#state = "line";
    if (code === 0x23 && next === 0x21 && !frame.define) directives.reportUnknown(this.problems, frame.source, at);
    return -1;
  }

  /** Up to the end of the line, even where the comment began in the value of a define. */
  #lineComment(frame: Frame): void {
    const end = frame.text.indexOf("\n", frame.at);
    frame.at = end < 0 ? frame.text.length : end;
    if (end >= 0) this.#state = "code";
  }

  #comment(frame: Frame): void {
    const { text } = frame;
    for (let at = frame.at; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === 0x2a && text.charCodeAt(at + 1) === 0x2f) {
        at++;
        if (--this.#depth > 0) continue;
        frame.at = at + 1;
        this.#state = "code";
        return;
      }
      if (code === 0x2f && text.charCodeAt(at + 1) === 0x2a) {
        at++;
        this.#depth++;
      }
    }
    frame.at = text.length;
  }

  // ── Strings ────────────────────────────────────────────────────────────────

  #double(frame: Frame): void {
    const { text } = frame;
    const from = frame.at;
    let at = this.#escaped ? from + 1 : from;
    this.#escaped = false;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === 0x5c) at++;
      else if (code === 0x22) {
        frame.at = at + 1;
        this.#emit(frame, from);
        this.#state = "between";
        return;
      }
    }
    this.#escaped = at > text.length;
    frame.at = text.length;
    this.#emit(frame, from);
  }

  #single(frame: Frame): void {
    const from = frame.at;
    const close = frame.text.indexOf("'", from);
    frame.at = close < 0 ? frame.text.length : close + 1;
    this.#emit(frame, from);
    if (close >= 0) this.#endString();
  }

  /** After a closing quote: another literal may follow and be joined. */
  #between(frame: Frame): void {
    const { text } = frame;
    const from = frame.at;
    let at = from;
    while (at < text.length && isSpace(text.charCodeAt(at))) at++;
    frame.at = at;
    this.#emit(frame, from);
    if (at === text.length) return;
    if (text.charCodeAt(at) !== 0x22) return this.#endString();
    frame.at = at + 1;
    this.#emit(frame, at);
    this.#open(frame, at, at + 1);
    this.#state = "double";
  }

  #endString(): void {
    this.#state = "code";
    const awaited = this.#awaited;
    this.#awaited = undefined;
    if (!awaited) return;
    const { source, from } = this.#opened!;
    const value = decodeString(this.#literal.startsWith("'") ? this.#literal : this.#literal.trimEnd());
    if (awaited === "module") {
      this.defines.set(`MOD_${moduleName(value)}`, undefined, "trydefine");
      return;
    }
    const bad = this.substitutions.add(awaited, value, this.#out.length, this.#where(source, from));
    if (bad) this.problems.errorAt(bad.code, bad.message, source, from, from + 1, bad.hint);
  }

  #where(source: Source, at: number): string {
    return `${source.file}:${source.lineAt(at) + 1}`;
  }

  // ── Directives ─────────────────────────────────────────────────────────────

  #directive(frame: Frame, directive: Directive, at: number): void {
    this.#awaited = undefined;
    this.#cut(frame, at);
    switch (directive.kind) {
      case "subst":
      case "substdef":
      case "substdefs":
        if (frame.define)
          this.#out.replace(frame.text.slice(at, frame.at), frame.source, frame.define.from, frame.define.to);
        else this.#out.copy(frame.source, at, frame.at);
        this.#awaited = directive.kind;
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
        if (directive.kind === "endif") this.#errorAt(frame, "unmatched-endif", message, at, directive.end - 1);
        else this.problems.warningAt("unmatched-else", message, frame.source, at, directive.end - 1);
      } else if (directive.kind === "else") open.active = !open.active;
      // The end of line belongs to the directive; it is given back so that what follows stays on a line of its own.
      frame.at = directive.end - 1;
    } else {
      const read = directives.condition(this.defines, this.problems, frame.source, directive, frame.text, at);
      frame.at = read.end;
      this.#conditions.push({ active: read.value, source: frame.source, from: at, to: directive.end });
    }
    this.#state = this.#conditions.every((open) => open.active) ? "code" : "skip";
  }

  /** Text whose condition does not hold; only conditions count in it, wherever they stand. */
  #skip(frame: Frame): void {
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
      this.#errorAt(frame, "include-name", "a file name in double quotes must follow", at, after);
      return;
    }
    frame.at = end;
    const written = text.slice(after, end).trimStart();
    const start = end - written.length;
    const name = this.substitutions.apply(written, this.#out.length);
    if (name.length < 3 || !name.startsWith('"') || !name.endsWith('"')) {
      const message = "the name of an included file stands in double quotes, without spaces";
      this.#errorAt(
        frame,
        "include-name",
        message,
        start,
        end,
        `write \`include_file "${written.replaceAll(/["']/g, "")}"\``,
      );
      return;
    }
    const files = this.#frames.filter((open) => !open.define).length;
    if (files > INCLUDE_DEPTH) {
      this.#errorAt(frame, "include-depth", `files include one another more than ${INCLUDE_DEPTH} deep`, start, end);
      return;
    }
    const path = unescapePath(name.slice(1, -1));
    const found = this.#find(path, frame.source.file);
    if (!found) {
      if (!optional) this.#errorAt(frame, "include-missing", `cannot read the file \`${path}\``, start, end);
      return;
    }
    this.#cut(frame, at);
    this.#frames.push({ source: found, text: found.text, at: 0, define: undefined });
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
      const { source, from, to } = this.#opened!;
      const what = this.#state === "comment" || this.#state === "variable" ? this.#state : "string";
      this.problems.errorAt(`unclosed-${what}`, `this ${what} is never closed`, source, from, to);
      // Closed here, it is one token for the lexer.
      const close = { single: "'", double: this.#escaped ? '\\"' : '"', variable: ")".repeat(this.#depth) }[
        this.#state as string
      ];
      this.#out.replace(close ?? "", source, source.text.length, source.text.length + 1);
    }
    if (this.#state === "between") this.#endString();
    for (const open of this.#conditions) {
      const hint = "`#!endif` counts only when nothing follows it on its line, and the line must end";
      this.problems.errorAt("missing-endif", "this condition has no `#!endif`", open.source, open.from, open.to, hint);
    }
  }
}

/** The end of what a sticky pattern matches at `at`; `at` when it does not. */
function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

const isWordStart = (code: number): boolean =>
  (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;

const isSpace = (code: number): boolean =>
  code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d || code === 0x08;

/** `tm` of `tm`, `tm.so` and `/usr/lib/tm.so`. */
const moduleName = (written: string): string => written.slice(written.lastIndexOf("/") + 1).replace(/\.so$/, "");

const unescapePath = (name: string): string =>
  name.replaceAll(/\\([\s\S])/g, (_, char: string) => ({ t: "\t", n: "\n", r: "\r" })[char] ?? char);
