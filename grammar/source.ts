/** Where every character of the preprocessed text came from. */
import type { Span } from "./tree.ts";

/** One file as it was read. */
export class Source {
  readonly file: string;
  readonly text: string;
  #lines: number[] | undefined;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  /** Offsets at which lines begin. */
  get lines(): readonly number[] {
    if (!this.#lines) {
      const lines = [0];
      for (let at = this.text.indexOf("\n"); at >= 0; at = this.text.indexOf("\n", at + 1)) lines.push(at + 1);
      this.#lines = lines;
    }
    return this.#lines;
  }

  /** Index of the line that holds `offset`, counted from 0. `near` is a guess, usually the last answer. */
  lineAt(offset: number, near = 0): number {
    const lines = this.lines;
    const last = lines.length - 1;
    let line = Math.min(near, last);
    if (lines[line]! <= offset && (line === last || offset < lines[line + 1]!)) return line;
    if (line < last && lines[line + 1]! <= offset && (line + 1 === last || offset < lines[line + 2]!)) return line + 1;
    let low = 0;
    let high = last;
    while (low < high) {
      line = (low + high + 1) >> 1;
      if (lines[line]! <= offset) low = line;
      else high = line - 1;
    }
    return low;
  }

  /** The span of the characters from `from` up to, not including, `to`. */
  span(from: number, to: number): Span {
    const line = this.lineAt(from);
    const endLine = this.lineAt(Math.max(from, to), line);
    return {
      file: this.file,
      line: line + 1,
      column: from - this.lines[line]! + 1,
      endLine: endLine + 1,
      endColumn: Math.max(from, to) - this.lines[endLine]! + 1,
    };
  }
}

/** A run of output text. `to` is set where the run replaces the characters `from`..`to` of the source (a define). */
export interface Piece {
  readonly start: number;
  readonly source: Source;
  readonly from: number;
  readonly to: number | undefined;
  /** The define whose value this run is. */
  readonly define: string | undefined;
}

/** The preprocessed text with its origins. */
export class Expanded {
  readonly pieces: Piece[] = [];
  readonly #chunks: string[] = [];
  #length = 0;
  #text: string | undefined;

  get length(): number {
    return this.#length;
  }

  get text(): string {
    this.#text ??= this.#chunks.join("");
    return this.#text;
  }

  /** Appends characters `from`..`to` of a source as they stand. */
  copy(source: Source, from: number, to: number): void {
    if (from >= to) return;
    const last = this.pieces.at(-1);
    const continues =
      last && last.to === undefined && last.source === source && last.from + this.#length - last.start === from;
    if (!continues) this.pieces.push({ start: this.#length, source, from, to: undefined, define: undefined });
    this.#push(source.text.slice(from, to));
  }

  /** Appends `text` as the replacement of characters `from`..`to` of a source. */
  replace(text: string, source: Source, from: number, to: number, define?: string): void {
    if (text === "") return;
    const last = this.pieces.at(-1);
    if (last?.source !== source || last.to !== to || last.from !== from || last.define !== define) {
      this.pieces.push({ start: this.#length, source, from, to, define });
    }
    this.#push(text);
  }

  #push(text: string): void {
    this.#chunks.push(text);
    this.#length += text.length;
  }
}

/** Answers positions of output offsets; fast when asked in ascending order. */
export class Positions {
  readonly #pieces: readonly Piece[];
  #piece = 0;
  #line = 0;
  #source: Source | undefined;
  file = "";
  line = 1;
  column = 1;
  define: string | undefined;

  constructor(expanded: Expanded) {
    this.#pieces = expanded.pieces;
  }

  /** Sets `file`, `line` and `column` to where the character at `offset` began; with `end`, to the column after it. */
  seek(offset: number, end: boolean): void {
    const pieces = this.#pieces;
    if (pieces.length === 0) return;
    let index = this.#piece;
    if (pieces[index]!.start > offset) index = 0;
    while (index + 1 < pieces.length && pieces[index + 1]!.start <= offset) index++;
    this.#piece = index;
    const piece = pieces[index]!;
    const from = piece.to === undefined ? piece.from + offset - piece.start : end ? piece.to - 1 : piece.from;
    this.#line = piece.source.lineAt(from, this.#source === piece.source ? this.#line : 0);
    this.#source = piece.source;
    this.file = piece.source.file;
    this.line = this.#line + 1;
    this.column = from - piece.source.lines[this.#line]! + (end ? 2 : 1);
    this.define = piece.define;
  }
}
