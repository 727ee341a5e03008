/** The `#!` directives that stand on a line of their own (Kamailio: cfg.lex, from PREP_START on). */
import type { DefineMode, Defines } from "./defines.ts";
import { evaluate } from "./ifexp.ts";
import { nearest, type Problems } from "./problems.ts";
import type { Source } from "./source.ts";

export type DirectiveKind =
  | "define"
  | "trydefine"
  | "redefine"
  | "undefine"
  | "tryundefine"
  | "defexp"
  | "defexps"
  | "defenv"
  | "defenvs"
  | "trydefenv"
  | "trydefenvs"
  | "subst"
  | "substdef"
  | "substdefs"
  | "ifdef"
  | "ifndef"
  | "ifexp"
  | "else"
  | "endif"
  | "include_file"
  | "import_file"
  | "mode";

export interface Directive {
  readonly kind: DirectiveKind;
  /** Offset after the directive's word and the white space that belongs to it. */
  readonly end: number;
}

/** What a directive works on. */
export interface Surroundings {
  readonly defines: Defines;
  readonly problems: Problems;
  readonly source: Source;
  readonly where: string;
  env(name: string): string | undefined;
}

const DIRECTIVE = new RegExp(
  [
    "(?:#!|!!)(?:(define|def|trydefine|trydef|redefine|redef|undefine|undef|tryundefine|tryundef|defexps?)[ \\t\\b\\r]+",
    "(substdefs|substdef|subst)",
    "(ifdef|ifndef|ifexp)[ \\t\\b\\r]+",
    "(else|endif)[ \\t\\b\\r]*\\n",
    "(include_file|import_file)",
    "((?:try)?defenvs?))",
  ]
    .join("|")
    .replaceAll("\\b", "\\x08"),
  "y",
);
const MODE = /#!(?:SER|KAMAILIO|OPENSER|MAXCOMPAT|ALL)(?=[ \t\r]*(?:\n|$))/y;

const short: Readonly<Record<string, DirectiveKind>> = {
  def: "define",
  trydef: "trydefine",
  redef: "redefine",
  undef: "undefine",
  tryundef: "tryundefine",
};

/** The directive that stands at `at`, or undefined: what looks like one and is none is a comment. */
export function readDirective(text: string, at: number): Directive | undefined {
  DIRECTIVE.lastIndex = at;
  const found = DIRECTIVE.exec(text);
  if (found) {
    const word = found[1] ?? found[2] ?? found[3] ?? found[4] ?? found[5] ?? found[6]!;
    return { kind: short[word] ?? (word as DirectiveKind), end: DIRECTIVE.lastIndex };
  }
  MODE.lastIndex = at;
  return MODE.test(text) ? { kind: "mode", end: MODE.lastIndex } : undefined;
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/g;
const names = (
  "define trydefine redefine undefine tryundefine defexp defexps defenv defenvs trydefenv trydefenvs subst substdef " +
  "substdefs ifdef ifndef ifexp else endif include_file import_file KAMAILIO"
).split(" ");

/** The name that follows a directive on its line; characters before it are passed over. */
function readName(on: Surroundings | Omit<Surroundings, "env">, directive: Directive, text: string, at: number) {
  const lineEnd = text.indexOf("\n", directive.end);
  const end = lineEnd < 0 ? text.length : lineEnd;
  NAME.lastIndex = directive.end;
  const found = NAME.exec(text);
  if (!found || found.index >= end) {
    on.problems.errorAt("directive-name", `\`#!${directive.kind}\` needs a name`, on.source, at, directive.end);
    return { name: undefined, after: end, end };
  }
  const after = NAME.lastIndex;
  if (text[after] === "-") {
    const message = "the name of a define may not hold `-`";
    on.problems.errorAt("directive-name", message, on.source, found.index, after + 1, "write `_`");
    return { name: undefined, after: end, end };
  }
  return { name: found[0], after, end };
}

export const directives = {
  conditional: new Set<DirectiveKind>(["ifdef", "ifndef", "ifexp", "else", "endif"]) as ReadonlySet<DirectiveKind>,

  /** Carries a directive out that defines something, and returns the offset at which reading goes on. */
  run(on: Surroundings, directive: Directive, text: string, at: number): number {
    switch (directive.kind) {
      case "define":
      case "trydefine":
      case "redefine":
        return define(on, directive.kind, directive, text, at);
      case "defexp":
      case "defexps":
        return define(on, "define", directive, text, at);
      case "undefine":
      case "tryundefine":
        return undefine(on, directive, text, at);
      case "defenv":
      case "defenvs":
      case "trydefenv":
      case "trydefenvs":
        return environment(on, directive, text, at);
      default:
        return directive.end;
    }
  },

  /** Whether the condition at `at` holds, and where reading goes on. */
  condition(defines: Defines, problems: Problems, source: Source, directive: Directive, text: string, at: number) {
    if (directive.kind === "ifexp") {
      const lineEnd = text.indexOf("\n", directive.end);
      const end = lineEnd < 0 ? text.length : lineEnd;
      const result = evaluate(text.slice(directive.end, end), defines);
      if (result === null) {
        const message = "this expression cannot be evaluated and counts as false";
        problems.warningAt("ifexp", message, source, directive.end, end);
      }
      return { value: result !== null && result !== 0 && result !== "", end };
    }
    const read = readName({ defines, problems, source, where: "" }, directive, text, at);
    const defined = read.name !== undefined && defines.has(read.name);
    return { value: defined === (directive.kind === "ifdef"), end: read.end };
  },

  /** Warns of a comment that looks like a directive. */
  reportUnknown(problems: Problems, source: Source, at: number): void {
    const lineEnd = source.text.indexOf("\n", at);
    const end = lineEnd < 0 ? source.text.length : lineEnd;
    const line = source.text.slice(at, end);
    const word = /^#!\s*([A-Za-z_]+)/.exec(line)?.[1];
    if (word === undefined || line.startsWith("#!/")) return;
    if (/^#!(?:else|endif)\b/.test(line)) {
      const message = `\`#!${word}\` with text after it is a comment`;
      problems.warningAt("ignored-directive", message, source, at, end, "nothing may follow it, not even a comment");
      return;
    }
    const known = names.find((name) => name.toLowerCase() === word.toLowerCase()) ?? nearest(word, names);
    if (known === undefined && line.startsWith("#! ")) return;
    const message = `\`${line.slice(0, line.indexOf(word) + word.length)}\` is no directive, so the line is a comment`;
    problems.warningAt("ignored-directive", message, source, at, end, known && `did you mean \`#!${known}\`?`);
  },
};

/** A value runs to the end of its line, comments included; a backslash joins lines, though not at its beginning. */
function define(on: Surroundings, mode: DefineMode, directive: Directive, text: string, at: number): number {
  const { name, after, end } = readName(on, directive, text, at);
  if (name === undefined) return end;
  let from = after;
  while (from < text.length && " \t\b\r".includes(text[from]!)) from++;
  let to = from;
  if (text[to] !== "\n") to++;
  while (to < text.length && (text[to] !== "\n" || (text[to - 1] === "\\" && to - 1 > from))) to++;
  let value: string | undefined = text.slice(from, to);
  if (value.length > 1) value = value[0] + value.slice(1).replaceAll("\\\n", "");
  if (directive.kind === "defexp" || directive.kind === "defexps") value = expression(on, directive, value, from, to);
  if (!on.defines.set(name, value, mode, on.where)) {
    const where = on.defines.get(name)?.where;
    const hint = `${where ? `it is defined at ${where}; ` : ""}use \`#!redefine\` or \`#!trydef\``;
    on.problems.errorAt("define-twice", `\`${name}\` is defined already`, on.source, after - name.length, after, hint);
  }
  return Math.min(to, text.length);
}

function expression(
  on: Surroundings,
  directive: Directive,
  text: string,
  from: number,
  to: number,
): string | undefined {
  const result = evaluate(text, on.defines);
  if (result === null) {
    const message = "this expression cannot be evaluated, so the name has no value";
    on.problems.warningAt("ifexp", message, on.source, from, to);
    return undefined;
  }
  const value = typeof result === "number" ? String(Math.trunc(result)) : result;
  return directive.kind === "defexps" ? `"${value}"` : value;
}

function undefine(on: Surroundings, directive: Directive, text: string, at: number): number {
  const { name, after, end } = readName(on, directive, text, at);
  if (name === undefined) return end;
  if (!on.defines.delete(name) && directive.kind === "undefine") {
    const message = `\`${name}\` is not defined`;
    on.problems.errorAt("undefine", message, on.source, after - name.length, after, "use `#!tryundef`");
  }
  if (text.slice(after, end).trim() !== "") {
    on.problems.errorAt("undefine", "nothing may follow the name", on.source, after, end);
  }
  return end;
}

const VARIABLE = /[ \t]*([^ \t\r\n]+)/y;

/** `#!defenv NAME` or `#!defenv ID=NAME`. */
function environment(on: Surroundings, directive: Directive, text: string, at: number): number {
  VARIABLE.lastIndex = directive.end;
  const written = VARIABLE.exec(text)?.[1];
  if (written === undefined) {
    on.problems.errorAt("directive-name", `\`#!${directive.kind}\` needs a name`, on.source, at, directive.end);
    return directive.end;
  }
  const end = VARIABLE.lastIndex;
  const from = end - written.length;
  const equals = written.indexOf("=");
  const name = equals < 0 ? written : written.slice(0, equals);
  const variable = equals < 0 ? written : written.slice(equals + 1);
  if (name === "" || variable === "") {
    on.problems.errorAt("directive-name", "write NAME or ID=NAME", on.source, from, end);
    return end;
  }
  const value = on.env(variable);
  if (value === undefined) {
    if (directive.kind.startsWith("try")) return end;
    const message = `the environment has no variable \`${variable}\``;
    on.problems.errorAt("defenv", message, on.source, from, end, "use `#!trydefenv` if it may be missing");
    return end;
  }
  if (!on.defines.set(name, directive.kind.endsWith("s") ? `"${value}"` : value, "define", on.where)) {
    on.problems.errorAt("define-twice", `\`${name}\` is defined already`, on.source, from, end);
  }
  return end;
}
