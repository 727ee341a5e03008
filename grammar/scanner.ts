/**
 * Tells code, strings, variables and comments apart. The states are those of Kamailio's cfg.lex, so that what counts as
 * which is the same in odd places, too: a string or comment may begin in the value of a define and end after it.
 */
import type { SyntaxCode } from "./codes.ts";
import { type Directive, readDirective } from "./directives.ts";
import type { Problems } from "./problems.ts";
import { Expanded, type Source } from "./source.ts";

export type State = "code" | "double" | "single" | "between" | "comment" | "line" | "variable" | "skip";

/** Text that is being read: a file, or the value of a define that stands for a word of one. */
export interface Frame {
  readonly source: Source;
  readonly text: string;
  at: number;
  /** For a define: its name and the word that it replaces. */
  readonly define: { readonly name: string; readonly from: number; readonly to: number } | undefined;
}

const WORD = /[A-Za-z0-9_]+/y;
const SELECT = /@[A-Za-z0-9_.]*(?:\[(?:-?[0-9A-Za-z]+|"(?:[^"\\]|\\[\s\S])*")\][A-Za-z0-9_.]*)*/y;
const IPV6 = /[0-9a-fA-F]{0,4}:[0-9a-fA-F:]*:[0-9a-fA-F]*/y;

export abstract class Scanner {
  readonly problems: Problems;
  protected readonly out = new Expanded();
  /** The texts being read, the innermost last. */
  protected readonly frames: Frame[] = [];
  protected state: State = "code";
  /** Open `/*`, or open parentheses of a variable. */
  protected depth = 0;
  /** The value of a define ended with a backslash inside a string. */
  protected escaped = false;
  /** Where the string, comment or variable that is being read began. */
  protected opened: { source: Source; from: number; to: number } | undefined;
  /** What the next string is: a module's name or the rule of a substitution. */
  protected awaited: "module" | "subst" | "substdef" | "substdefs" | undefined;
  /** The awaited string as read so far. */
  protected literal = "";

  constructor(problems: Problems) {
    this.problems = problems;
  }

  /** A word of the code from `at` to `end`: the offset at which reading goes on, or -1 when the code ends here. */
  protected abstract word(frame: Frame, from: number, at: number, end: number): number;
  /** A directive that stands at `at`; `frame.at` is after it. */
  protected abstract directive(frame: Frame, directive: Directive, at: number): void;
  /** A comment that begins with `#!`. */
  protected abstract shebang(frame: Frame, at: number): void;
  protected abstract endString(): void;
  /** Text whose condition does not hold. */
  protected abstract skip(frame: Frame): void;

  /** Reads all frames to their ends. */
  protected scan(): void {
    while (this.frames.length > 0) {
      const frame = this.frames.at(-1)!;
      if (frame.at >= frame.text.length) this.leave(frame);
      else this.step(frame);
    }
  }

  protected leave(frame: Frame): void {
    this.frames.pop();
    if (frame.define) return;
    // The end of a file ends a string, so that it is not joined with one that the next file begins with.
    if (this.state === "between") this.endString();
    this.cut(frame, frame.text.length);
  }

  protected step(frame: Frame): void {
    switch (this.state) {
      case "code":
        return this.code(frame);
      case "double":
        return this.double(frame);
      case "single":
        return this.single(frame);
      case "between":
        return this.between(frame);
      case "comment":
        return this.comment(frame);
      case "line":
        return this.lineComment(frame);
      case "variable":
        return this.variable(frame);
      case "skip":
        return this.skip(frame);
    }
  }

  /** Passes on what has been read since `from`. */
  protected emit(frame: Frame, from: number): void {
    if (frame.define) {
      this.out.replace(
        frame.text.slice(from, frame.at),
        frame.source,
        frame.define.from,
        frame.define.to,
        frame.define.name,
      );
    } else this.out.copy(frame.source, from, frame.at);
    if (this.awaited && this.state !== "code") this.literal += frame.text.slice(from, frame.at);
  }

  /** Marks a place where something was taken out. */
  protected cut(frame: Frame, at: number): void {
    const from = frame.define?.from ?? Math.min(at, frame.text.length);
    this.out.replace("\x01", frame.source, from, frame.define?.to ?? from + 1);
  }

  protected errorAt(frame: Frame, code: SyntaxCode, message: string, from: number, to: number, hint?: string): void {
    const define = frame.define;
    if (define) this.problems.errorAt(code, message, frame.source, define.from, define.to, hint);
    else this.problems.errorAt(code, message, frame.source, from, to, hint);
  }

  protected open(frame: Frame, from: number, to: number): void {
    this.opened = frame.define
      ? { source: frame.source, from: frame.define.from, to: frame.define.to }
      : { source: frame.source, from, to };
  }

  // ── Code ───────────────────────────────────────────────────────────────────

  /** Reads up to the end of the frame or of the code. */
  protected code(frame: Frame): void {
    const { text } = frame;
    const from = frame.at;
    let at = from;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (isWordStart(code)) {
        const end = match(WORD, text, at);
        const handled = this.word(frame, from, at, end);
        if (handled < 0) return;
        at = handled;
      } else if (code >= 0x30 && code <= 0x39) {
        at = Math.max(match(WORD, text, at), match(IPV6, text, at));
        this.awaited = undefined;
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
            this.emit(frame, from);
            this.open(frame, at, at + 1);
            this.literal = "";
            this.state = code === 0x22 ? "double" : "single";
            frame.at = at + 1;
            this.emit(frame, at);
            return;
          case 0x24: {
            at = this.dollar(frame, from, at);
            if (at < 0) return;
            break;
          }
          case 0x40:
            at = Math.max(at + 1, match(SELECT, text, at));
            this.awaited = undefined;
            break;
          case 0x23:
          case 0x21:
          case 0x2f: {
            const handled = this.special(frame, from, at, code);
            if (handled < 0) return;
            at = handled;
            break;
          }
          case 0x5c:
            // An escaped end of line is skipped; elsewhere a backslash is no character of the language.
            at += text[at + 1] === "\n" ? 2 : 1;
            break;
          case 0x28:
            if (this.awaited !== "module") this.awaited = undefined;
            at++;
            break;
          default:
            this.awaited = undefined;
            at++;
        }
      }
    }
    frame.at = at;
    this.emit(frame, from);
  }

  /** A variable. -1: the state has changed. */
  protected dollar(frame: Frame, from: number, at: number): number {
    const { text } = frame;
    this.awaited = undefined;
    let end = at + 1;
    if (text[end] === "?") return end + 1;
    if (text.startsWith("retcode", end)) return end + 7;
    if (text.startsWith("rc", end)) return end + 2;
    if (isWordStart(text.charCodeAt(end))) end = match(WORD, text, end);
    if (text[end] !== "(") return end;
    frame.at = end + 1;
    this.emit(frame, from);
    this.open(frame, at, end + 1);
    this.depth = 1;
    this.state = "variable";
    return -1;
  }

  protected variable(frame: Frame): void {
    const { text } = frame;
    const from = frame.at;
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === 0x28) this.depth++;
      else if (code === 0x29) {
        if (--this.depth > 0) continue;
        frame.at = at + 1;
        this.emit(frame, from);
        this.state = "code";
        return;
      } else if (code === 0x0a) {
        const { source, from: opened } = this.opened!;
        const to = frame.define ? opened + 1 : at;
        this.problems.errorAt(
          "unclosed-variable",
          "this variable has no closing parenthesis on its line",
          source,
          opened,
          to,
        );
        frame.at = at;
        this.out.replace(")".repeat(this.depth), source, opened, to);
        this.state = "code";
        return;
      }
    }
    frame.at = text.length;
    this.emit(frame, from);
  }

  /** `#`, `!` and `/`: comments and directives. -1: the code ends here. */
  protected special(frame: Frame, from: number, at: number, code: number): number {
    const { text } = frame;
    const next = text.charCodeAt(at + 1);
    if (code === 0x2f && next === 0x2a) {
      frame.at = at;
      this.emit(frame, from);
      this.open(frame, at, at + 2);
      this.cut(frame, at);
      this.depth = 1;
      this.state = "comment";
      frame.at = at + 2;
      return -1;
    }
    const directive = next === 0x21 && code !== 0x2f ? readDirective(text, at) : undefined;
    if (directive) {
      frame.at = at;
      this.emit(frame, from);
      frame.at = directive.end;
      this.directive(frame, directive, at);
      return -1;
    }
    const comment = code === 0x23 || (code === 0x2f && next === 0x2f);
    if (!comment) {
      this.awaited = undefined;
      return at + 1;
    }
    frame.at = at;
    this.emit(frame, from);
    this.cut(frame, at);
    frame.at = at;
    this.state = "line";
    if (code === 0x23 && next === 0x21 && !frame.define) this.shebang(frame, at);
    return -1;
  }

  /** Up to the end of the line, even where the comment began in the value of a define. */
  protected lineComment(frame: Frame): void {
    const end = frame.text.indexOf("\n", frame.at);
    frame.at = end < 0 ? frame.text.length : end;
    if (end >= 0) this.state = "code";
  }

  protected comment(frame: Frame): void {
    const { text } = frame;
    for (let at = frame.at; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === 0x2a && text.charCodeAt(at + 1) === 0x2f) {
        at++;
        if (--this.depth > 0) continue;
        frame.at = at + 1;
        this.state = "code";
        return;
      }
      if (code === 0x2f && text.charCodeAt(at + 1) === 0x2a) {
        at++;
        this.depth++;
      }
    }
    frame.at = text.length;
  }

  // ── Strings ────────────────────────────────────────────────────────────────

  protected double(frame: Frame): void {
    const { text } = frame;
    const from = frame.at;
    let at = this.escaped ? from + 1 : from;
    this.escaped = false;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === 0x5c) at++;
      else if (code === 0x22) {
        frame.at = at + 1;
        this.emit(frame, from);
        this.state = "between";
        return;
      }
    }
    this.escaped = at > text.length;
    frame.at = text.length;
    this.emit(frame, from);
  }

  protected single(frame: Frame): void {
    const from = frame.at;
    const close = frame.text.indexOf("'", from);
    frame.at = close < 0 ? frame.text.length : close + 1;
    this.emit(frame, from);
    if (close >= 0) this.endString();
  }

  /** After a closing quote: another literal may follow and be joined. */
  protected between(frame: Frame): void {
    const { text } = frame;
    const from = frame.at;
    let at = from;
    while (at < text.length && isSpace(text.charCodeAt(at))) at++;
    frame.at = at;
    this.emit(frame, from);
    if (at === text.length) return;
    if (text.charCodeAt(at) !== 0x22) return this.endString();
    frame.at = at + 1;
    this.emit(frame, at);
    this.open(frame, at, at + 1);
    this.state = "double";
  }
}

/** The end of what a sticky pattern matches at `at`; `at` when it does not. */
export function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

const isWordStart = (code: number): boolean =>
  (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;

const isSpace = (code: number): boolean =>
  code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d || code === 0x08;
