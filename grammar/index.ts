/** Script text to tree. The one entry of this folder. */
import type { Lexer } from "chevrotain";
import type { ParseInput } from "./input.ts";
import { lex, newLexer, spanOf } from "./lex.ts";
import { ScriptParser } from "./parser/script.ts";
import { preprocess } from "./preprocess.ts";
import { Problems } from "./problems.ts";
import type { Problem, Script } from "./tree.ts";

export { type SyntaxCode, syntaxCodes } from "./codes.ts";
export type { Matcher, ParseInput, SubstKind } from "./input.ts";
export type * from "./tree.ts";

export interface ParseResult {
  /** What could be read; parts with problems are left out. */
  readonly script: Script;
  /** In the order of the text, file by file. */
  readonly problems: readonly Problem[];
  /** Every file that was read, the script itself first. */
  readonly files: readonly string[];
  /** The text of each of them, for showing the lines of problems. */
  readonly sources: ReadonlyMap<string, string>;
  /** What was defined at the end of the script, for `$def(NAME)` and `$defn(NAME)`. */
  readonly defines: ReadonlyMap<string, string | undefined>;
}

/** A parser, which is worth keeping: it takes longer to make than most scripts take to parse. */
export class ScriptReader {
  readonly #lexer: Lexer = newLexer();
  readonly #parser = new ScriptParser();

  /** Never throws for what stands in a script. */
  parse(input: ParseInput): ParseResult {
    const problems = new Problems();
    const preprocessed = preprocess(input, problems);
    const { tokens, end } = lex(preprocessed, this.#lexer, problems);
    const syntax = new Problems();
    const items = this.#parser.parse(tokens, end, syntax);
    // Comments and directives are nothing to Kamailio's grammar, which wants one item at least.
    if (tokens.length === 0) syntax.error("empty-script", "there is nothing in this script", spanOf(end));
    // What follows an unclosed string or comment was not read, so nothing can be said about the end of the script.
    const found = syntax.list.filter((problem) => !(preprocessed.unfinished && atEnd(problem, end)));
    const files = [...preprocessed.sources.keys()];
    return {
      script: { items },
      problems: inOrder([...problems.list, ...found], files),
      files,
      sources: new Map([...preprocessed.sources].map(([file, source]) => [file, source.text])),
      defines: new Map(preprocessed.defines.all().map(({ name, value }) => [name, value])),
    };
  }
}

/** Made once, since it holds nothing between two parses. */
const reader = new ScriptReader();

/** Parses a script. Never throws for what stands in it. */
export const parse = (input: ParseInput): ParseResult => reader.parse(input);

/** In the order of the files and of the text in them. */
function inOrder(problems: readonly Problem[], files: readonly string[]): Problem[] {
  const place = new Map(files.map((file, index) => [file, index]));
  return problems.toSorted(
    ({ span: a }, { span: b }) =>
      (place.get(a.file) ?? 0) - (place.get(b.file) ?? 0) || a.line - b.line || a.column - b.column,
  );
}

const atEnd = (problem: Problem, end: { file: string; startLine: number; startColumn: number }): boolean =>
  problem.span.file === end.file && problem.span.line === end.startLine && problem.span.column >= end.startColumn;
