/** Substitutions in sed's way, `/regular expression/replacement/flags` (Kamailio's core/re.c). */
import type { Call } from "../../declare/call.ts";
import type { Core } from "../../declare/core.ts";
import type { Regex } from "../../declare/module.ts";
import type { VariableRef } from "../../declare/variable.ts";
import { variableEnd } from "../../declare/variables-text.ts";
import { toText } from "../../declare/variables-values.ts";
import { cText, endsLine, execFrom, type Textops } from "./text.ts";

/** Text, the number of a group (0: the whole match), a variable, or null for the Request-URI (`\u`). */
export type Piece = string | number | VariableRef | null;

/** One place to change: offset and length in the text, and what goes there. */
export interface Change {
  readonly at: number;
  readonly length: number;
  readonly text: string;
}

/** Most escapes and variables in a replacement, and its longest result, as in Kamailio. */
const MOST_PIECES = 100;
const LONGEST = 1024;

export class Subst {
  readonly #re: Regex;
  readonly #pieces: readonly Piece[];
  readonly #all: boolean;

  constructor(re: Regex, pieces: readonly Piece[], all: boolean) {
    this.#re = re;
    this.#pieces = pieces;
    this.#all = all;
  }

  /** The changes to make in `text`. Undefined: a match was empty or a replacement too long, which Kamailio takes for an error. */
  changes(text: string, call: Call): readonly Change[] | undefined {
    const input = cText(text);
    const found: Change[] = [];
    let at = 0;
    do {
      const match = execFrom(this.#re, input, at, endsLine(input, at));
      if (!match) break;
      if (match.index === match.end) {
        call.core.log.write(-1, "textops: the substitution matched an empty text");
        return undefined;
      }
      const replacement = this.#build(match.groups, input.slice(match.index, match.end), call);
      if (replacement.length >= LONGEST - 1) {
        call.core.log.write(-1, "textops: the replacement is too long");
        return undefined;
      }
      found.push({ at: match.index, length: match.end - match.index, text: replacement });
      at = match.end;
    } while (this.#all);
    return found;
  }

  /** The text after the substitution; undefined when nothing matched or it failed. */
  apply(text: string, call: Call): string | undefined {
    const input = cText(text);
    const changes = this.changes(input, call);
    if (!changes?.length) return undefined;
    let out = "";
    let at = 0;
    for (const change of changes) {
      out += input.slice(at, change.at) + change.text;
      at = change.at + change.length;
    }
    return out + input.slice(at);
  }

  #build(groups: readonly (string | undefined)[], whole: string, call: Call): string {
    return joined(this.#pieces, [whole, ...groups.slice(1)], call);
  }
}

/** The text that a replacement makes; `groups` begins with the whole match. Without a run, variables stay as they are written. */
export function joined(
  pieces: readonly Piece[],
  groups: readonly (string | undefined)[],
  call: Call | undefined,
): string {
  let out = "";
  for (const piece of pieces)
    if (typeof piece === "string") out += piece;
    else if (typeof piece === "number") out += groups[piece] ?? "";
    else if (call === undefined) out += piece?.text ?? "\\u";
    else if (piece !== null) out += toText(piece.get(call));
    else if (call.msg.isRequest) out += call.msg.uri;
  return out;
}

/** What parsing a substitution needs. */
type Services = Pick<Core, "regex" | "variables">;

/** A string says why the text is no substitution. */
export function parseSubst(text: string, core: Services): Subst | string {
  if (text.length < 3) return "a substitution is written /regular expression/replacement/flags";
  const separator = text[0]!;
  if (separator === "\\") return "a backslash cannot separate the parts of a substitution";
  let at = 1;
  while (at < text.length && !(text[at] === separator && text[at - 1] !== "\\")) at++;
  if (at >= text.length) return `the separator ${separator} of the substitution is missing`;
  const source = text.slice(1, at);
  if (text.length < at + 2) return "the substitution is too short";
  const replacement = parseReplacement(text, at + 1, separator, core);
  if (typeof replacement === "string") return replacement;
  let icase = false;
  let newline = true;
  let all = false;
  for (const flag of text.slice(replacement.end + 1))
    if (flag === "i") icase = true;
    else if (flag === "s") newline = false;
    else if (flag === "g") all = true;
    else return `unknown flag ${flag} of a substitution`;
  const re = core.regex(source, { icase, newline });
  return re ? new Subst(re, replacement.pieces, all) : `\`${source}\` is not a regular expression`;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/** Without a separator the replacement goes on to the end of the text. A string is the problem. */
export function parseReplacement(
  text: string,
  start: number,
  separator: string | undefined,
  core: Services,
): { readonly pieces: readonly Piece[]; readonly end: number } | string {
  const pieces: Piece[] = [];
  let special = 0;
  let plain = start;
  let at = start;
  const flush = (): void => {
    if (at > plain) pieces.push(text.slice(plain, at));
  };
  for (; at < text.length; at++) {
    const c = text[at]!;
    if (c === separator && c !== "$") {
      flush();
      return { pieces, end: at };
    }
    if (c === "\\" && at + 1 < text.length) {
      flush();
      const next = text[++at]!;
      if (next >= "0" && next <= "9") pieces.push(Number(next));
      else if (next === "u") pieces.push(null);
      else pieces.push(ESCAPES[next] ?? next);
      plain = at + 1;
    } else if (c === "$") {
      flush();
      const end = variableEnd(text, at);
      const variable = end < 0 ? `\`${text.slice(at)}\` is not closed` : core.variables.variable(text.slice(at, end));
      if (typeof variable === "string") return variable;
      pieces.push(variable);
      at = end - 1;
      plain = end;
    } else continue;
    if (++special >= MOST_PIECES) return "too many escapes and variables in the replacement";
  }
  if (separator !== undefined) return `the separator ${separator} after the replacement is missing`;
  flush();
  return { pieces, end: at };
}

/** The substitution of that text, parsed once for each text. */
export function substOf(text: string, state: Textops): Subst | string {
  let found = state.substs.get(text);
  if (found === undefined) {
    found = parseSubst(text, state.core);
    if (state.substs.size > 1000) state.substs.clear();
    state.substs.set(text, found);
  }
  return found;
}
