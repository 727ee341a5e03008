/** Going through a tree. */
import type { Expr, RouteBlock, Script, Statement } from "../../../grammar/tree.ts";

/** The route blocks of a script. */
export const blocks = (script: Script): readonly RouteBlock[] =>
  script.items.filter((item): item is RouteBlock => item.kind === "route-block");

/** Every statement, outer ones before those inside of them. */
export function* statements(body: readonly Statement[]): Generator<Statement> {
  for (const statement of body) {
    yield statement;
    switch (statement.kind) {
      case "if":
        yield* statements(statement.then);
        if (statement.else) yield* statements(statement.else);
        break;
      case "while":
      case "block":
        yield* statements(statement.body);
        break;
      case "switch":
        for (const one of statement.cases) yield* statements(one.body);
    }
  }
}

/** Every list of statements that run one after the other: the body and all blocks in it. */
export function* lists(body: readonly Statement[]): Generator<readonly Statement[]> {
  yield body;
  for (const it of statements(body)) {
    if (it.kind === "if") {
      yield it.then;
      if (it.else) yield it.else;
    } else if (it.kind === "while" || it.kind === "block") yield it.body;
    else if (it.kind === "switch") for (const one of it.cases) yield one.body;
  }
}

/** The expressions that a statement itself holds, without those of statements inside of it. */
export function ownExpressions(statement: Statement): readonly Expr[] {
  switch (statement.kind) {
    case "expression":
      return [statement.value];
    case "assign":
      return [statement.target, statement.value];
    case "if":
    case "while":
      return [statement.condition];
    case "switch":
      return [statement.value, ...statement.cases.flatMap(({ match }) => (match ? [match] : []))];
    case "return":
    case "exit":
    case "drop":
      return statement.value ? [statement.value] : [];
    case "async":
      return [statement.call, statement.resume];
    case "launch":
      return [
        statement.call,
        ...(statement.report ? [statement.report] : []),
        ...(statement.parameter ? [statement.parameter] : []),
      ];
    default:
      return [];
  }
}

/** An expression and all that it is made of, the outermost first. */
export function* parts(expression: Expr): Generator<Expr> {
  yield expression;
  switch (expression.kind) {
    case "unary":
      yield* parts(expression.operand);
      break;
    case "binary":
      yield* parts(expression.left);
      yield* parts(expression.right);
      break;
    case "call":
      for (const arg of expression.args) yield* parts(arg);
      break;
    case "assign-expression":
      yield expression.target;
      yield* parts(expression.value);
  }
}

/** Every expression of a body, with all its parts. */
export function* expressions(body: readonly Statement[]): Generator<Expr> {
  for (const statement of statements(body)) for (const one of ownExpressions(statement)) yield* parts(one);
}

/** The calls of a body, in the order of the text. */
export function* calls(body: readonly Statement[]) {
  for (const one of expressions(body)) if (one.kind === "call") yield one;
}
