/** What every part of the parser needs: reporting, recovery, and a bound on nesting. */
import { EmbeddedActionsParser, EOF, type IRecognitionException, type TokenType, tokenLabel } from "chevrotain";
import type { SyntaxCode } from "../codes.ts";
import { spanOf, type Token } from "../lex.ts";
import type { Problems } from "../problems.ts";
import {
  EventRoute,
  LBrace,
  LBracket,
  LoadModuleWord,
  ModParamWord,
  OtherRoute,
  RBrace,
  RequestRoute,
  Route,
  Semicolon,
  tokenTypes,
} from "../tokens.ts";
import type { Span } from "../tree.ts";

/** How deep expressions and blocks may nest. Deeper ones would exhaust the stack, here or in readers of the tree. */
export const MAX_NESTING = 200;

/** Thrown, and caught in this folder only, when a script nests too deep. */
export class TooDeep extends Error {}

/** The message of an exception is only what was due, if that is one thing; `reportException` makes a sentence of it. */
const errorMessageProvider = {
  buildMismatchTokenMessage: ({ expected }: { expected: TokenType }) => tokenLabel(expected),
  buildNotAllInputParsedMessage: () => "",
  buildNoViableAltMessage: () => "",
  buildEarlyExitMessage: () => "",
};

export class BaseParser extends EmbeddedActionsParser {
  problems!: Problems;
  /** The end of the text, for messages. */
  end!: Token;
  protected depth = 0;
  /** Where the last problem was reported: one place has one problem. */
  #reported = -1;

  constructor(validate: boolean) {
    super([...tokenTypes], {
      maxLookahead: 2,
      recoveryEnabled: false,
      skipValidations: !validate,
      errorMessageProvider,
    });
  }

  /** Makes ready for another text. */
  start(tokens: Token[], end: Token, problems: Problems): void {
    this.input = tokens;
    this.problems = problems;
    this.end = end;
    this.depth = 0;
    this.#reported = -1;
  }

  // ── Tokens ─────────────────────────────────────────────────────────────────

  /** The token `ahead` of the reader, with a place in the files even at the end of the text. */
  protected peek(ahead = 1): Token {
    const token = this.LA(ahead) as Token;
    return token.tokenType === EOF ? this.end : token;
  }

  protected is(type: TokenType, ahead = 1): boolean {
    return this.LA(ahead).tokenType === type;
  }

  protected get previous(): Token {
    return this.LA(0) as Token;
  }

  /** The span from a token to the last one that was read. */
  protected since(first: Token): Span {
    return spanOf(first, this.previous);
  }

  // ── Problems ───────────────────────────────────────────────────────────────

  protected report(code: SyntaxCode, message: string, at: Token | Span, hint?: string): void {
    if (this.RECORDING_PHASE) return;
    const span = "startOffset" in at ? spanOf(at) : at;
    const define = "startOffset" in at ? at.define : undefined;
    const origin = define === undefined ? undefined : `this is part of the value of \`${define}\``;
    this.problems.error(code, message, span, [hint, origin].filter(Boolean).join("; ") || undefined);
  }

  /** Reports what stopped a rule, unless the place has a problem already. */
  protected reportAt(token: Token, code: SyntaxCode, message: string, hint?: string): void {
    if (token.startOffset === this.#reported) return;
    this.#reported = token.startOffset;
    this.report(code, message, token, hint);
  }

  /** `what` is what the rule would have needed. */
  protected unexpected(what: string, hint?: string): void {
    const token = this.peek();
    this.reportAt(
      token,
      "syntax",
      `expected ${what}, found ${describe(token)}`,
      hint ?? hintFor(token) ?? hintFor(this.previous),
    );
  }

  /** Says why a rule gave up. */
  protected reportException(error: IRecognitionException, what: string): void {
    this.unexpected(error.message || needed[error.context.ruleStack.at(-1)!] || what);
  }

  /** Runs `rule`; when it gives up, reports why, skips with `skip` and returns undefined. */
  protected guard<T>(rule: () => T, what: string, skip: () => void): T | undefined {
    if (this.RECORDING_PHASE) return rule();
    const depth = this.depth;
    try {
      return rule();
    } catch (error) {
      if (error instanceof TooDeep || !isRecognition(error)) throw error;
      this.depth = depth;
      this.reportException(error, what);
      skip();
      return undefined;
    }
  }

  /** Counts a level of nesting; the caller takes it back with `this.depth--`. */
  protected nest(): void {
    if (!this.RECORDING_PHASE && ++this.depth > MAX_NESTING) this.tooDeep(`more than ${MAX_NESTING} levels of nesting`);
  }

  protected tooDeep(message: string): never {
    this.report("too-deep", message, this.peek(), "put a part of it into a route of its own");
    throw new TooDeep();
  }

  // ── Recovery ───────────────────────────────────────────────────────────────

  protected get atEnd(): boolean {
    return this.LA(1).tokenType === EOF;
  }

  /** The next token can only stand outside of routes, so a block before it was not closed. */
  protected get atTopLevel(): boolean {
    const type = this.LA(1).tokenType;
    if (type === RequestRoute || type === OtherRoute || type === EventRoute) return true;
    if (type === LoadModuleWord || type === ModParamWord) return true;
    return type === Route && (this.is(LBracket, 2) || this.is(LBrace, 2));
  }

  /** Passes over a token and hands it back. */
  protected skip(): Token {
    const token = this.LA(1) as Token;
    this.SKIP_TOKEN();
    return token;
  }

  /** Skips the rest of a statement: past its `;` or its block, or up to what cannot belong to it. */
  protected skipStatement(): void {
    let braces = 0;
    while (!this.atEnd) {
      if (this.atTopLevel && this.startsLine()) return;
      if (this.is(RBrace) && braces === 0) return;
      const type = this.skip().tokenType;
      if (type === LBrace) braces++;
      else if (type === RBrace && --braces === 0) return;
      else if (type === Semicolon && braces === 0) return;
    }
  }

  /** True when the next token is the first of its line. */
  protected startsLine(): boolean {
    const next = this.LA(1) as Token;
    const before = this.LA(0) as Token;
    return !(before?.endLine === next.startLine && before.file === next.file);
  }
}

const isRecognition = (error: unknown): error is IRecognitionException =>
  error instanceof Error && "token" in error && "resyncedTokens" in error;

/** A token as messages name it. */
export function describe(token: Token): string {
  if (token.tokenType === EOF) return "the end of the script";
  const image = token.image.length > 40 ? `${token.image.slice(0, 40)}…` : token.image;
  return `\`${image.replaceAll("\n", "\\n")}\``;
}

/** What a rule needs when none of its alternatives begins with the next token. */
const needed: Readonly<Record<string, string>> = {
  operand: "a value",
  primary: "a value",
  literal: "a value",
  legacy: "a value to compare with",
  coreArgument: "an argument",
  governed: "a statement or a block",
  host: "a host name or an address",
  nameOrIpv4: "a host name or an address",
  socketAddress: "a host name or an address",
  sockets: "an address",
  port: "a port",
  protocol: "a protocol",
  simpleValue: "a value",
  coreParam: "a value",
  numberValue: "a number",
  loadModule: "a module's name in quotes",
  modParam: "a number or a string in quotes",
  routeName: "the name of a route",
  routeBlock: "`{`",
  eventBlock: "an event's name (module:event)",
};

/** What people who know other languages write, and what it is here. */
const foreign: Readonly<Record<string, string>> = {
  "+=": "there is no `+=`: write `$x = $x + …`",
  "%": "the remainder is `mod`; SER's `%` attributes are written $avp(name)",
  continue: "there is no `continue`",
  for: "there is no `for`: use `while`",
  do: "there is no `do`: use `while`",
  foreach: "there is no `foreach`: use `while`",
};

const hintFor = (token: Token | undefined): string | undefined => token && foreign[token.image];
