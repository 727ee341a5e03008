/** The tree that the parser makes of a script: every node knows where its text stands, through every substitution. */

/** A place in a source file. Lines and columns count from 1; `file` is the path as the script named it. */
export interface Span {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  /** The column after the last character. */
  readonly endColumn: number;
}

export type Severity = "error" | "warning" | "info";

/** A mistake found in a script. `code` is stable and documented; `hint` says what to do about it. */
export interface Problem {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly span: Span;
  readonly hint?: string;
}

export interface Script {
  readonly items: readonly Item[];
}

// ── Global items ─────────────────────────────────────────────────────────────

export type Item = CoreParam | Listen | LoadModule | LoadPath | ModParam | CustomParam | RouteBlock;

/** `debug=2`, `alias="a.example" "b.example":5060`, `children 4`: a core parameter with its values in order. */
export interface CoreParam {
  readonly kind: "core-param";
  readonly name: string;
  readonly nameSpan: Span;
  readonly values: readonly ParamValue[];
  readonly span: Span;
}

/** A number, a string, an identifier or address written bare (`udp:127.0.0.1:5060` stays one text). */
export interface ParamValue {
  readonly kind: "number" | "string" | "word";
  readonly value: bigint | string;
  readonly span: Span;
}

/** `listen=udp:1.2.3.4:5060 advertise 5.6.7.8:5070 name "s1" virtual` and the 6.x form `socket = { bind = …; … }`. */
export interface Listen {
  readonly kind: "listen";
  /** Undefined: the script gave no protocol, so every enabled one is meant. */
  readonly protocol?: string;
  /** Host names, interfaces or addresses; `(a, b)` gives several. */
  readonly hosts: readonly string[];
  readonly port?: number;
  /** The last port of a range `5060-5070`. */
  readonly lastPort?: number;
  readonly advertise?: { readonly host: string; readonly port?: number; readonly protocol?: string };
  readonly name?: string;
  readonly virtual: boolean;
  /** `workers = N` of a bind block; a preceding `socket_workers=N` is a CoreParam. */
  readonly workers?: number;
  readonly agname?: string;
  readonly vrf?: string;
  readonly span: Span;
}

export interface LoadModule {
  readonly kind: "load-module";
  /** As written: `tm`, `tm.so` or a path. */
  readonly name: string;
  readonly params?: string;
  /** `loadmodulex`: name and params are formats whose variables are to be evaluated. */
  readonly evaluated?: boolean;
  readonly nameSpan: Span;
  readonly span: Span;
}

export interface LoadPath {
  readonly kind: "load-path";
  readonly path: string;
  readonly span: Span;
}

/** `modparam("a|b", "name", value)` and `modparamx` (whose value is evaluated as a format when it is set). */
export interface ModParam {
  readonly kind: "mod-param";
  readonly modules: string;
  readonly modulesSpan: Span;
  readonly name: string;
  readonly nameSpan: Span;
  readonly value: ParamValue;
  readonly evaluated: boolean;
  readonly span: Span;
}

/** `group.name = value desc "…"`, and `group[1].name = value` for one instance of a group. */
export interface CustomParam {
  readonly kind: "custom-param";
  readonly group: string;
  readonly instance?: number;
  readonly name: string;
  readonly value: ParamValue;
  readonly description?: string;
  readonly span: Span;
}

/**
 * The route kinds that a script can write. `onreply_route` without a name and `reply_route` are both
 * kind "onreply" with name "" (`reply_route` is only another spelling).
 */
export type BlockKind = "request" | "route" | "onreply" | "failure" | "branch" | "onsend" | "event";

export interface RouteBlock {
  readonly kind: "route-block";
  readonly block: BlockKind;
  /** "" for request_route, the unnamed onreply_route and onsend_route; `route[0]` is kind "request". */
  readonly name: string;
  readonly nameSpan: Span;
  readonly body: readonly Statement[];
  readonly span: Span;
}

// ── Statements ───────────────────────────────────────────────────────────────

export type Statement =
  | ExpressionStatement
  | Assign
  | If
  | While
  | Switch
  | Break
  | Return
  | Exit
  | Drop
  | Block
  | Empty
  | AsyncStatement
  | LaunchStatement;

/** A call, or an expression that stands alone. */
export interface ExpressionStatement {
  readonly kind: "expression";
  readonly value: Expr;
  readonly span: Span;
}
export interface Assign {
  readonly kind: "assign";
  readonly target: Variable;
  readonly value: Expr;
  readonly span: Span;
}
export interface If {
  readonly kind: "if";
  readonly condition: Expr;
  readonly then: readonly Statement[];
  readonly else?: readonly Statement[];
  readonly span: Span;
}
export interface While {
  readonly kind: "while";
  readonly condition: Expr;
  readonly body: readonly Statement[];
  readonly span: Span;
}
export interface Switch {
  readonly kind: "switch";
  readonly value: Expr;
  readonly cases: readonly Case[];
  readonly span: Span;
}
export interface Case {
  /** Undefined for `default`. */
  readonly match?: Expr;
  /** The case is a regular expression: `case /re/:` or `case "…"` with `=~`-like matching as Kamailio writes it. */
  readonly regex?: boolean;
  readonly body: readonly Statement[];
  readonly span: Span;
}
export interface Break {
  readonly kind: "break";
  readonly span: Span;
}
export interface Return {
  readonly kind: "return";
  readonly value?: Expr;
  readonly span: Span;
}
export interface Exit {
  readonly kind: "exit";
  readonly value?: Expr;
  readonly span: Span;
}
export interface Drop {
  readonly kind: "drop";
  readonly value?: Expr;
  readonly span: Span;
}
export interface Block {
  readonly kind: "block";
  readonly body: readonly Statement[];
  readonly span: Span;
}
export interface Empty {
  readonly kind: "empty";
  readonly span: Span;
}
/** OpenSIPS: `async(fn(...), route);` ends the run; the route goes on when the function is done. */
export interface AsyncStatement {
  readonly kind: "async";
  readonly call: Call;
  readonly resume: Expr;
  readonly span: Span;
}
/** OpenSIPS: `launch(fn(...)[, route[, "parameter"]]);` starts the function beside the run. */
export interface LaunchStatement {
  readonly kind: "launch";
  readonly call: Call;
  readonly report?: Expr;
  readonly parameter?: Expr;
  readonly span: Span;
}

// ── Expressions ──────────────────────────────────────────────────────────────

export type Expr =
  | NumberLiteral
  | StringLiteral
  | IpLiteral
  | Variable
  | Select
  | LegacyOperand
  | Omitted
  | Myself
  | Call
  | Unary
  | Binary
  | AssignExpression;

export interface NumberLiteral {
  readonly kind: "number";
  readonly value: bigint;
  readonly span: Span;
}
export interface StringLiteral {
  readonly kind: "string";
  /** Escapes resolved, neighbours joined; bytes as latin1. */
  readonly value: string;
  /** A word written without quotes where the grammar takes one (`method==INVITE`, `route(NAME)`). */
  readonly bare: boolean;
  readonly span: Span;
}
/** `10.0.0.1`, `10.0.0.0/8`, `[2001:db8::1]`, `2001:db8::/32` as an operand or an argument. */
export interface IpLiteral {
  readonly kind: "ip";
  readonly address: string;
  readonly mask?: string;
  readonly span: Span;
}
/** `$name`, `$(name(inner){transformation}[index])`: the text as written; its parts are resolved by the checker. */
export interface Variable {
  readonly kind: "variable";
  readonly text: string;
  readonly span: Span;
}
/** `@msg.header.x[1]` as written. */
export interface Select {
  readonly kind: "select";
  readonly text: string;
  readonly span: Span;
}
/** `uri`, `method`, `src_ip`, `dst_port`, `proto`, `af`, `status`, `msg:len`, `from_uri`, `snd_ip`, `retcode`… */
export interface LegacyOperand {
  readonly kind: "legacy";
  readonly name: string;
  readonly span: Span;
}
export interface Myself {
  readonly kind: "myself";
  readonly span: Span;
}
/** A core or module function, and `route(NAME)` (name "route"). */
/** An argument that is left empty, which only OpenSIPS's functions allow: `exec("ls", , $var(out))`. */
export interface Omitted {
  readonly kind: "omitted";
  readonly span: Span;
}
export interface Call {
  readonly kind: "call";
  readonly name: string;
  readonly nameSpan: Span;
  readonly args: readonly Expr[];
  readonly span: Span;
}
export type UnaryOperator = "!" | "-" | "~" | "(int)" | "(str)" | "defined" | "strlen" | "strempty";
export interface Unary {
  readonly kind: "unary";
  readonly operator: UnaryOperator;
  readonly operand: Expr;
  readonly span: Span;
}
/**
 * Spellings are folded: `and` is "&&", `or` is "||" and so on (see the token table). The typed comparisons `eq`, `ne`
 * (as text) and `ieq`, `ine` (as numbers) are operators of their own: they refuse operands of another type.
 */
export type BinaryOperator =
  | "eq"
  | "ne"
  | "ieq"
  | "ine"
  | "&&"
  | "||"
  | "=="
  | "!="
  | "eq"
  | "ne"
  | "ieq"
  | "ine"
  | "=~"
  | "!~"
  | "<"
  | "<="
  | ">"
  | ">="
  | "+"
  | "-"
  | "*"
  | "/"
  | "mod"
  | "&"
  | "|"
  | "^"
  | "<<"
  | ">>";
export interface Binary {
  readonly kind: "binary";
  readonly operator: BinaryOperator;
  readonly operatorSpan: Span;
  readonly left: Expr;
  readonly right: Expr;
  readonly span: Span;
}
/** `if (($var(x) = 1)) …`: an assignment in parentheses is an expression. */
export interface AssignExpression {
  readonly kind: "assign-expression";
  readonly target: Variable;
  readonly value: Expr;
  readonly span: Span;
}
