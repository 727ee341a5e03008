/**
 * A checked script: what the compiler reads. Names are resolved to declarations, expressions carry their types, and
 * what the parser left to the context (flags by name, legacy operands) is settled.
 */
import type { BlockKind, Listen, Script, Span } from "../../grammar/tree.ts";
import type { Fn, Kind, Module } from "../declare/module.ts";
import type { Int, Value } from "../declare/value.ts";

/** The type that an expression has before it runs: undefined when only its value tells. */
export type StaticType = "int" | "str" | undefined;

interface Node {
  readonly span: Span;
  readonly type: StaticType;
}

export type Rv = Constant | VariableRead | SelectRead | ActionValue | Comparison | UnaryOp | BinaryOp | Selection;

export interface Constant extends Node {
  readonly op: "constant";
  readonly value: Int | string;
}
export interface VariableRead extends Node {
  readonly op: "variable";
  readonly text: string;
}
export interface SelectRead extends Node {
  readonly op: "select";
  readonly text: string;
}
/** A call or an assignment in parentheses: its code, reduced to 1 or 0 where it takes part in an expression. */
export interface ActionValue extends Node {
  readonly op: "action";
  readonly step: CallStep | RouteStep | AssignStep;
}
/** A legacy operand compared with something: `method == "INVITE"`, `src_ip == 10.0.0.0/8`, `uri == myself`. */
export interface Comparison extends Node {
  readonly op: "comparison";
  readonly operand: string;
  readonly operator: ComparisonOperator;
  readonly right:
    | { readonly kind: "myself" }
    | { readonly kind: "net"; readonly address: string; readonly mask: string | undefined }
    | { readonly kind: "value"; readonly value: Rv };
}
export type ComparisonOperator = "==" | "!=" | "=~" | "<" | "<=" | ">" | ">=";

export type UnaryName = "!" | "-" | "~" | "(int)" | "(str)" | "defined" | "undefined" | "strlen" | "strempty";
export interface UnaryOp extends Node {
  readonly op: "unary";
  readonly name: UnaryName;
  readonly operand: Rv;
}

/** `int+`, `concat`, `int==` and so on are `+`, `==` … whose left type is known. */
export type BinaryName =
  | "+"
  | "int+"
  | "concat"
  | "-"
  | "*"
  | "/"
  | "mod"
  | "&"
  | "|"
  | "^"
  | "<<"
  | ">>"
  | "&&"
  | "||"
  | "<"
  | "<="
  | ">"
  | ">="
  | "=="
  | "!="
  | "int=="
  | "int!="
  | "str=="
  | "str!="
  | "=~";
export interface BinaryOp extends Node {
  readonly op: "binary";
  readonly name: BinaryName;
  readonly left: Rv;
  readonly right: Rv;
}
/** `selval(condition, yes, no)`. */
export interface Selection extends Node {
  readonly op: "selection";
  readonly condition: Rv;
  readonly yes: Rv;
  readonly no: Rv;
}

// ── Steps ────────────────────────────────────────────────────────────────────

export type Step =
  | CallStep
  | RouteStep
  | AssignStep
  | IfStep
  | WhileStep
  | SwitchStep
  | StopStep
  | AsyncStep
  | LaunchStep;

export interface CallStep {
  readonly kind: "call";
  readonly name: string;
  /** Undefined when the module is one that Viaduct lacks and that was let pass. */
  readonly fn: Fn | undefined;
  readonly module: Module | undefined;
  /** Core functions leave `$rc` alone, and their 0 does not end the run. */
  readonly core: boolean;
  readonly args: readonly Argument[];
  readonly span: Span;
}
export interface Argument {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: the erased form of every kind.
  readonly kind: Kind<any>;
  /** One of the function's further arguments (`rest`). */
  readonly rest: boolean;
  readonly value: Rv;
}
export interface RouteStep {
  readonly kind: "route";
  /** Undefined when the name is computed. */
  readonly name: string | undefined;
  readonly target: Rv;
  readonly span: Span;
}
export interface AssignStep {
  readonly kind: "assign";
  readonly target: string;
  readonly targetSpan: Span;
  readonly value: Rv;
  readonly span: Span;
}
export interface IfStep {
  readonly kind: "if";
  readonly condition: Rv;
  readonly body: readonly Step[];
  readonly otherwise: readonly Step[] | undefined;
  readonly span: Span;
}
export interface WhileStep {
  readonly kind: "while";
  readonly condition: Rv;
  readonly body: readonly Step[];
  readonly span: Span;
}
export interface SwitchStep {
  readonly kind: "switch";
  readonly value: Rv;
  readonly cases: readonly CaseStep[];
  /** Labels are text and regular expressions rather than numbers. */
  readonly text: boolean;
  readonly span: Span;
}
export interface CaseStep {
  /** Undefined for `default`. */
  readonly label: Rv | undefined;
  readonly regex: boolean;
  readonly body: readonly Step[];
  readonly span: Span;
}
/** `return`, `exit`, `drop` and `break`: a value and the run flags that it sets. */
export interface StopStep {
  readonly kind: "stop";
  readonly stop: "return" | "exit" | "drop" | "break";
  /** Undefined: the value that the keyword has by itself. */
  readonly value: Rv | undefined;
  readonly span: Span;
}

/** OpenSIPS: `async(fn(…), route);` ends the run, which goes on in the route when the function is done. */
export interface AsyncStep {
  readonly kind: "async";
  readonly call: CallStep;
  readonly resume: RouteStep;
  readonly span: Span;
}
/** OpenSIPS: `launch(fn(…)[, route[, "parameter"]]);` runs the function beside the run, and the route when it is done. */
export interface LaunchStep {
  readonly kind: "launch";
  readonly call: CallStep;
  readonly report: RouteStep | undefined;
  readonly parameter: Rv | undefined;
  readonly span: Span;
}

// ── The whole script ─────────────────────────────────────────────────────────

export interface CheckedRoute {
  readonly block: BlockKind;
  readonly name: string;
  readonly steps: readonly Step[];
  readonly span: Span;
}

export interface CustomParameter {
  readonly group: string;
  /** The value holds in this instance of the group, which a script chooses with cfg_select. */
  readonly instance?: number;
  readonly name: string;
  readonly value: Value;
  readonly description?: string;
}

export interface Checked {
  readonly script: Script;
  /** `core` first, then the loaded modules in the order of the script. */
  readonly modules: readonly Module[];
  /** For each module what `start` receives: every declared parameter with its value or fallback. */
  readonly parameters: ReadonlyMap<Module, Readonly<Record<string, unknown>>>;
  /** `modparamx` values, expanded when the module starts: module, parameter and format. */
  readonly evaluated: readonly EvaluatedParameter[];
  /** Core parameters that the script sets, the last value of each. */
  readonly core: ReadonlyMap<string, Value>;
  readonly custom: readonly CustomParameter[];
  readonly listens: readonly ListenSetting[];
  /** `alias` and `domain` values as written. */
  readonly aliases: readonly string[];
  readonly flags: ReadonlyMap<string, number>;
  readonly routes: readonly CheckedRoute[];
  /** A module is lacking and that was let pass: names that it may have are undefined, and calls of them fail. */
  readonly lenient: boolean;
  /** Call positions are kept up because something in the script reads them. */
  readonly positions: boolean;
  /** `return_mode=1`: every non-zero value is true and routes keep their codes in expressions. */
  readonly returnMode: number;
}

/** A listen line with the `socket_workers` that stood before it. */
export interface ListenSetting {
  readonly listen: Listen;
  readonly workers: number | undefined;
}

export interface EvaluatedParameter {
  readonly module: Module;
  readonly name: string;
  readonly format: string;
  readonly span: Span;
}
