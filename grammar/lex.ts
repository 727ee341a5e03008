/** Preprocessed text to tokens that know their type, their value and where they stand in the files. */
import { EOF, type IToken, Lexer, type TokenType } from "chevrotain";
import type { Preprocessed } from "./preprocess.ts";
import type { Problems } from "./problems.ts";
import { Positions } from "./source.ts";
import { decodeString } from "./strings.ts";
import {
  ColonWord,
  NumberToken,
  NumberWord,
  reserved,
  STRAY,
  StringToken,
  tokenTypes,
  VariableToken,
  Word,
} from "./tokens.ts";
import type { Span } from "./tree.ts";

export interface Token extends IToken {
  file: string;
  startLine: number;
  startColumn: number;
  endLine: number;
  /** The column after the last character. */
  endColumn: number;
  /** The number that a number token stands for, or the text of a string or variable after substitution. */
  value?: string | bigint;
  /** The define whose value the token is part of. */
  define?: string | undefined;
}

/** The span from the first to the last of two tokens. */
export function spanOf(first: Token, last: Token = first): Span {
  const sameFile = first.file === last.file;
  return {
    file: first.file,
    line: first.startLine,
    column: first.startColumn,
    endLine: sameFile ? last.endLine : first.endLine,
    endColumn: sameFile ? last.endColumn : first.endColumn,
  };
}

export function lex(preprocessed: Preprocessed, lexer: Lexer, problems: Problems): { tokens: Token[]; end: Token } {
  const { expanded, substitutions } = preprocessed;
  const result = lexer.tokenize(expanded.text);
  const positions = new Positions(expanded);
  const tokens = result.tokens as Token[];
  for (const token of tokens) {
    token.endOffset = token.startOffset + token.image.length - 1;
    place(token, positions);
    const type = token.tokenType;
    if (type === Word) retype(token, reserved.get(token.image));
    else if (type === NumberToken) retype(token, isNumber(token.image) ? undefined : NumberWord);
    else if (type === ColonWord) retype(token, reserved.get(token.image));
    if (token.tokenType === NumberToken) token.value = numberOf(token.image);
    else if (token.tokenType === StringToken) {
      token.value = decodeString(token.image);
      if (!substitutions.isEmpty) token.value = substitutions.apply(token.value, token.startOffset);
    } else if (token.tokenType === VariableToken) {
      token.value = substitutions.isEmpty ? token.image : substitutions.apply(token.image, token.startOffset);
    }
  }
  for (const stray of result.groups[STRAY] as Token[]) {
    stray.endOffset = stray.startOffset + stray.image.length - 1;
    place(stray, positions);
    const message = `\`${printable(stray.image)}\` means nothing here and is ignored`;
    problems.warning("stray-character", message, spanOf(stray));
  }
  return { tokens, end: endToken(tokens, expanded.length, positions) };
}

export const newLexer = (): Lexer =>
  new Lexer([...tokenTypes], { ensureOptimizations: true, positionTracking: "onlyOffset", skipValidations: true });

function place(token: Token, positions: Positions): void {
  positions.seek(token.startOffset, false);
  token.file = positions.file;
  token.startLine = positions.line;
  token.startColumn = positions.column;
  token.define = positions.define;
  positions.seek(token.endOffset!, true);
  const sameFile = positions.file === token.file;
  token.endLine = sameFile ? positions.line : token.startLine;
  token.endColumn = sameFile ? positions.column : token.startColumn + 1;
}

function retype(token: Token, type: TokenType | undefined): void {
  if (!type) return;
  token.tokenType = type;
  token.tokenTypeIdx = type.tokenTypeIdx!;
}

/** A place for messages about the end of the text: after the last token. */
function endToken(tokens: readonly Token[], length: number, positions: Positions): Token {
  const end = {
    image: "",
    startOffset: length,
    endOffset: length,
    tokenType: EOF,
    tokenTypeIdx: EOF.tokenTypeIdx,
  } as Token;
  place(end, positions);
  const last = tokens.at(-1);
  const [line, column] = last ? [last.endLine, last.endColumn] : [1, 1];
  return Object.assign(end, {
    file: last?.file ?? end.file,
    startLine: line,
    startColumn: column,
    endLine: line,
    endColumn: column + 1,
  });
}

// cfg.lex: DECNUMBER, HEXNUMBER, OCTNUMBER, BINNUMBER; longer runs of letters and digits are no numbers.
const isNumber = (image: string): boolean => /^(?:0|[1-9][0-9]*|0x[0-9a-fA-F]+|0[0-7]+|[01]+b)$/.test(image);

/** Kamailio reads literals with strtol and keeps the low 32 bits. */
function numberOf(image: string): bigint {
  const word = words[image];
  if (word !== undefined) return word;
  let value: bigint;
  if (/^0x/.test(image)) value = BigInt(image);
  else if (image.endsWith("b")) value = BigInt(`0b${image.slice(0, -1)}`);
  else value = /^0[0-7]+$/.test(image) ? BigInt(`0o${image.slice(1)}`) : BigInt(image);
  return BigInt.asIntN(32, value > LONG_MAX ? LONG_MAX : value);
}

const LONG_MAX = 2n ** 63n - 1n;
/** Words that stand for numbers; the address families are those of Linux. */
const words: Readonly<Record<string, bigint>> = {
  ...Object.fromEntries(["yes", "true", "on", "enable"].map((word) => [word, 1n])),
  ...Object.fromEntries(["no", "false", "off", "disable"].map((word) => [word, 0n])),
  ...Object.fromEntries(["inet", "INET", "ipv4", "IPv4", "IPV4"].map((word) => [word, 2n])),
  ...Object.fromEntries(["inet6", "INET6", "ipv6", "IPv6", "IPV6"].map((word) => [word, 10n])),
};

const printable = (text: string): string =>
  text.length > 20
    ? `${printable(text.slice(0, 20))}…`
    : text.replaceAll(/[^\x20-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16)}`);
