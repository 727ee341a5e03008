/** `#!subst`, `#!substdef` and `#!substdefs`: rules that rewrite strings and variables (Kamailio: ppcfg.c, re.c). */
import type { SyntaxCode } from "./codes.ts";
import type { Defines } from "./defines.ts";
import type { Matcher, ParseInput, SubstKind } from "./input.ts";

export interface BadRule {
  readonly code: SyntaxCode;
  readonly message: string;
  readonly hint?: string;
}

interface Rule {
  /** Output offset from which on the rule holds. */
  readonly after: number;
  readonly matcher: Matcher;
  readonly replacement: readonly (string | number)[];
  readonly global: boolean;
}

export class Substitutions {
  readonly #input: ParseInput;
  readonly #defines: Defines;
  readonly #rules: Rule[] = [];

  constructor(input: ParseInput, defines: Defines) {
    this.#input = input;
    this.#defines = defines;
  }

  /** True when no rule can change anything, so that callers may skip `apply`. */
  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  /** Adds a rule `/expression/replacement/flags`. Earlier rules rewrite its text, as they do any string's. */
  add(kind: SubstKind, written: string, offset: number, where: string | undefined): BadRule | undefined {
    const parts = split(this.apply(written, offset));
    if (typeof parts === "string")
      return { code: "subst-syntax", message: parts, hint: `write "/pattern/replacement/flags"` };
    const { pattern, replacement, flags, separator } = parts;
    if (!this.#input.regex) {
      return { code: "subst-unavailable", message: "this program has no regular expressions to substitute with" };
    }
    const unknown = /[^gis]/.exec(flags)?.[0];
    if (unknown !== undefined)
      return { code: "subst-syntax", message: `unknown flag \`${unknown}\``, hint: "flags are g, i and s" };
    const matcher = this.#input.regex(pattern, { icase: flags.includes("i"), newline: !flags.includes("s") });
    if (!matcher) return { code: "subst-regex", message: `\`${pattern}\` is not a POSIX extended regular expression` };
    const built = this.#parseReplacement(replacement, separator);
    if (!built)
      return { code: "subst-variable", message: `the variables in \`${replacement}\` cannot be read at load time` };
    this.#rules.push({ after: offset, matcher, replacement: built, global: flags.includes("g") });
    return kind === "subst" ? undefined : this.#define(kind, pattern, replacement, where);
  }

  /** `text` as the rules that hold at an output offset make it. */
  apply(text: string, offset: number): string {
    let result = text;
    for (const rule of this.#rules) {
      if (rule.after > offset) break;
      if (result !== "") result = run(rule, result);
    }
    return result;
  }

  /** `#!substdef` also defines what stands for the pattern as a name. */
  #define(kind: SubstKind, pattern: string, replacement: string, where: string | undefined): BadRule | undefined {
    if (pattern === "") return { code: "subst-syntax", message: "the name is empty" };
    const value = replacement.includes("$") ? (this.#evaluate(replacement, "<null>") ?? replacement) : replacement;
    if (this.#defines.set(pattern, kind === "substdefs" ? `"${value}"` : value, "define", where)) return undefined;
    return { code: "define-twice", message: `\`${pattern}\` is defined already` };
  }

  /** Text and numbers of groups. Undefined when a variable in it has no value at load time. */
  #parseReplacement(text: string, separator: string): (string | number)[] | undefined {
    const parts: (string | number)[] = [];
    let plain = "";
    for (let at = 0; at < text.length; at++) {
      const char = text[at]!;
      if (char === "\\" && at + 1 < text.length) {
        const escaped = text[++at]!;
        if (escaped >= "0" && escaped <= "9") {
          parts.push(plain, Number(escaped));
          plain = "";
        } else plain += escaped === separator ? escaped : (ESCAPES[escaped] ?? escaped);
      } else if (char === "$") {
        VARIABLE.lastIndex = at;
        const name = VARIABLE.exec(text)?.[0];
        const value = name === undefined ? null : this.#evaluate(name, "");
        if (value === null) return undefined;
        plain += value;
        at += name!.length - 1;
      } else plain += char;
    }
    parts.push(plain);
    return parts;
  }

  /** `nothing` stands for what the environment or the defines do not have: nothing in a text, `<null>` in a name's value. */
  #evaluate(text: string, nothing: string): string | null {
    let known = true;
    const result = text.replaceAll(KNOWN_VARIABLE, (_all, ...found: (string | undefined)[]) => {
      const name = found[1] ?? found[3] ?? "";
      const kind = found[0] ?? found[2];
      if (kind === "env" && !this.#input.env) known = false;
      return (kind === "env" ? this.#input.env?.(name) : this.#defines.get(name)?.value) ?? nothing;
    });
    if (known && !result.includes("$")) return result;
    return this.#input.evaluate?.(text) ?? null;
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };
const VARIABLE = /\$(?:[A-Za-z_][A-Za-z0-9_]*)?(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?/y;
const KNOWN_VARIABLE = /\$(env|def)\(([^()]*)\)|\$\((env|def)\(([^()]*)\)\)/g;

function split(text: string) {
  const separator = text[0];
  if (separator === undefined || text.length < 3) return "the rule is too short";
  if (separator === "\\") return "a backslash cannot part the rule";
  const middle = endOfPart(text, 1, separator);
  const end = middle < 0 ? -1 : endOfPart(text, middle + 1, separator);
  if (end < 0) return `a rule has three \`${separator}\``;
  return {
    pattern: text.slice(1, middle),
    replacement: text.slice(middle + 1, end),
    flags: text.slice(end + 1),
    separator,
  };
}

function endOfPart(text: string, from: number, separator: string): number {
  for (let at = from; at < text.length; at++) if (text[at] === separator && text[at - 1] !== "\\") return at;
  return -1;
}

function run(rule: Rule, text: string): string {
  let result = "";
  let done = 0;
  do {
    const found = rule.matcher.exec(text, done);
    // An empty match would go on for ever; Kamailio gives the whole substitution up.
    if (!found) break;
    if (found.end === found.index) return text;
    result += text.slice(done, found.index);
    for (const part of rule.replacement) {
      result += typeof part === "string" ? part : (found.groups[part] ?? "");
    }
    done = found.end;
  } while (rule.global);
  return done === 0 ? text : result + text.slice(done);
}
