/** Every mistake that checker and compiler report, with the explanation that the manual prints. */
import type { Problem, Severity, Span } from "../../grammar/tree.ts";

/** Codes are stable: scripts silence them by name and the manual has a section for each. */
export const problemCodes = {
  "argument-count": "A function is called with a number of arguments that it does not take.",
  "argument-kind":
    "An argument is not what the function takes in that place, for example text where a number or a variable is due.",
  "argument-not-constant":
    "The argument has to be written out: Kamailio prepares it once, when the script is loaded, so a variable or an expression cannot stand there.",
  "bad-regex":
    "A regular expression does not compile. Expressions are POSIX extended ones: `\\d`, `\\w` and look-around are unknown.",
  "case-duplicate": "Two cases of a switch have the same label, so the second could never be reached.",
  "case-mixed": "Cases of one switch have to be either all numbers or all text and regular expressions.",
  "case-not-constant": "The label of a case has to be a constant.",
  "default-only-switch":
    "A switch that has nothing but a default and switches on something that varies; Kamailio refuses to load it.",
  "default-twice": "A switch has more than one default.",
  "duplicate-module": "A module is loaded twice.",
  "duplicate-route": "Two route blocks of one kind have the same name.",
  "flag-not-declared": "A flag is used by name, but no `flags` line gives that name a number.",
  "flag-number": "A flag number lies outside of 0 to 31, or a flag is declared twice.",
  "function-not-here": "The function may not be called in this kind of route block.",
  "function-not-loaded": "A module that is not loaded has the function.",
  "needs-module": "A loaded module needs another one that has to be loaded before it.",
  "not-supported": "The construct is read, but Viaduct cannot run it.",
  "onsend-only": "The operand exists in onsend_route only.",
  "operand-operator": "The operand cannot be compared in that way, or stands alone where a comparison is due.",
  "parameter-module": "A parameter is set for a module that has not been loaded before that line.",
  "parameter-type": "A module parameter is given a number where it takes text, or text where it takes a number.",
  "parameter-value": "A module parameter has a value that the module cannot take.",
  "quoted-port": "An alias has its protocol or port inside the quotes, where they are part of the host name.",
  "read-only-variable": "The variable cannot be assigned to.",
  "transformed-target": "A variable with transformations cannot be assigned to.",
  "type-mismatch": "Operands of an expression have types that the operator cannot join.",
  "unarmed-route": "A function arms a route block that the script does not have: when the time comes, nothing is run.",
  "unknown-function": "No module has a function of that name.",
  "unknown-module": "There is no module of that name, or Viaduct does not have it.",
  "unknown-parameter": "The module has no parameter of that name.",
  "unknown-route": "The script has no route block of that name.",
  "unknown-select":
    "The select (`@…`) is not one that Viaduct knows; reading it gives an undefined value. `@cfg_get` of a parameter that nothing declares is refused.",
  "unknown-variable": "No loaded module has a variable or transformation of that name, or its name is malformed.",
  "value-in-condition": "Text stands where a condition is due; it counts as true only when it is a positive number.",
  "variable-as-argument":
    "The argument names a variable, but stands without quotes: its value is taken for the name of the variable that is meant.",
} as const satisfies Readonly<Record<string, string>>;

export type ProblemCode = keyof typeof problemCodes;

/** Collects problems. A script with an error is refused; warnings are only shown. */
export class Problems {
  readonly list: Problem[] = [];

  error(code: ProblemCode, span: Span, message: string, hint?: string): void {
    this.add("error", code, span, message, hint);
  }
  warn(code: ProblemCode, span: Span, message: string, hint?: string): void {
    this.add("warning", code, span, message, hint);
  }
  add(severity: Severity, code: ProblemCode, span: Span, message: string, hint?: string): void {
    this.list.push({ code, severity, message, span, ...(hint !== undefined && { hint }) });
  }

  get refused(): boolean {
    return this.list.some((it) => it.severity === "error");
  }
  /** In the order of the text; what the script does not hold the place of comes first. */
  sorted(): Problem[] {
    return this.list.toSorted((a, b) =>
      a.span.file === b.span.file ? a.span.line - b.span.line || a.span.column - b.span.column : 0,
    );
  }
}

/** The problem on one line, as terminals and tests show it. */
export const problemText = (it: Problem): string =>
  `${it.severity} ${it.code}: ${it.message}${it.hint === undefined ? "" : `; ${it.hint}`}`;
