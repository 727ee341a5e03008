/** Calls of functions: which declaration is meant, whether it may be called here, and with these arguments. */
import type { BlockKind, Call, Expr, Span } from "../../grammar/tree.ts";
import type { Fn, Kind, RouteKind } from "../declare/module.ts";
import { cutVariable, leadingVariable, variableEnd } from "../declare/variables-text.ts";
import { isConstant } from "./expressions.ts";
import type { Argument, CallStep, Rv } from "./ir.ts";
import { didYouMean } from "./names.ts";
import type { Found, Scope } from "./scope.ts";
import { own } from "./scope.ts";

/**
 * Resolves a call whose arguments are lowered already; null is one that was left empty. Undefined: it cannot be called
 * like this, which was reported.
 */
export function resolveCall(
  call: Call,
  args: readonly (Rv | null)[],
  block: BlockKind,
  scope: Scope,
): CallStep | undefined {
  const forms = scope.functions(call.name);
  if (forms.length === 0) return unknownFunction(call, scope);
  const fitting = forms.filter((it) => takes(it.fn, args.length));
  if (fitting.length === 0) {
    scope.problems.error(
      "argument-count",
      call.span,
      `\`${call.name}\` takes ${counts(forms)}, not ${args.length === 0 ? "none" : args.length}`,
    );
    return undefined;
  }
  const found = fitting.find((it) => allowedIn(it.fn, block));
  if (!found) {
    const where = fitting[0]!.fn.in;
    scope.problems.error(
      "function-not-here",
      call.nameSpan,
      `\`${call.name}\` cannot be called in ${blockName[block]}`,
      where === "any" ? undefined : `it may be called in ${where.map((it) => routeName[it]).join(", ")}`,
    );
    return undefined;
  }
  const empty = args.indexOf(null);
  if (empty >= 0 && !(found.fn.opensips && kindsOf(found.fn)[empty]?.[1].optional)) {
    scope.problems.error("argument-count", call.args[empty]!.span, `\`${call.name}\` needs argument ${empty + 1}`);
    return undefined;
  }
  if (found.fn.position) scope.positions = true;
  return {
    kind: "call",
    name: call.name,
    fn: found.fn,
    module: found.module,
    core: found.module.name === "core",
    args: argumentsOf(call, found.fn, args, scope),
    span: call.span,
  };
}

function unknownFunction(call: Call, scope: Scope): CallStep | undefined {
  const { problems } = scope;
  const { name } = call;
  if (scope.mayLack("function", name)) {
    const where = scope.whereIs("function", name, undefined);
    problems.warn("unknown-function", call.nameSpan, `no loaded module that Viaduct has knows \`${name}\``, where);
    return { kind: "call", name, fn: undefined, module: undefined, core: false, args: [], span: call.span };
  }
  const elsewhere = scope.available.find((it) => own(it.functions, name));
  if (elsewhere)
    problems.error(
      "function-not-loaded",
      call.nameSpan,
      `\`${name}\` is in the module ${elsewhere.name}, which is not loaded`,
      `loadmodule "${elsewhere.name}.so"`,
    );
  else
    problems.error(
      "unknown-function",
      call.nameSpan,
      `no loaded module has \`${name}\``,
      scope.whereIs("function", name, undefined) ?? didYouMean(name, scope.functionNames()),
    );
  return undefined;
}

function takes(fn: Fn, count: number): boolean {
  if (fn.arities) return fn.arities.includes(count);
  const kinds = kindsOf(fn);
  const least = kinds.filter(([, it]) => !it.optional).length;
  return count >= least && (fn.rest !== undefined || count <= kinds.length);
}

// biome-ignore lint/suspicious/noExplicitAny: the erased form of every kind.
const kindsOf = (fn: Fn): [string, Kind<any>][] => Object.entries(fn.args);

/** "1 argument", "2 or 3 arguments", "at least 1 argument". */
function counts(forms: readonly Found[]): string {
  const set = new Set<number>();
  let open = false;
  for (const { fn } of forms) {
    const kinds = kindsOf(fn);
    if (fn.rest) open = true;
    if (fn.arities) for (const it of fn.arities) set.add(it);
    else for (let i = kinds.filter(([, it]) => !it.optional).length; i <= kinds.length; i++) set.add(i);
  }
  const list = [...set].sort((a, b) => a - b);
  if (open) return `at least ${list[0]} argument${list[0] === 1 ? "" : "s"}`;
  if (list.length === 1) return list[0] === 0 ? "no arguments" : `${list[0]} argument${list[0] === 1 ? "" : "s"}`;
  return `${list.slice(0, -1).join(", ")} or ${list.at(-1)} arguments`;
}

/** Whether a function may be called in a block. Kamailio checks blocks as they are written, not what calls what. */
function allowedIn(fn: Fn, block: BlockKind): boolean {
  if (fn.in === "any") return true;
  switch (block) {
    case "request":
    case "route":
      return fn.in.includes("request");
    case "event":
      return fn.in.some((it) => it === "event" || it === "request" || it === "local" || it === "branch-failure");
    default:
      return fn.in.includes(block);
  }
}

const blockName: Readonly<Record<BlockKind, string>> = {
  request: "request_route",
  route: "route",
  onreply: "onreply_route",
  failure: "failure_route",
  branch: "branch_route",
  onsend: "onsend_route",
  event: "event_route",
};
const routeName: Readonly<Record<RouteKind, string>> = {
  request: "request_route and route",
  onreply: "onreply_route",
  failure: "failure_route",
  branch: "branch_route",
  onsend: "onsend_route",
  event: "event_route",
  local: "event_route[tm:local-request]",
  "branch-failure": "event_route[tm:branch-failure:…]",
};

function argumentsOf(call: Call, fn: Fn, args: readonly (Rv | null)[], scope: Scope): Argument[] {
  const kinds = kindsOf(fn);
  return args.flatMap((given, i) => {
    if (given === null) return [];
    const declared = kinds[i];
    const [name, kind] = declared ?? ["rest", fn.rest!];
    // OpenSIPS hands over the variable, where Kamailio hands over the name that its value is.
    const itself = fn.opensips === true && kind.kind === "variable" && given.op === "variable";
    const value: Rv = itself ? { op: "constant", value: given.text, type: "str", span: given.span } : given;
    checkArgument(call, kind, value, call.args[i]!, scope);
    return [{ name, kind, rest: declared === undefined, value }];
  });
}

/** Whether a kind takes something that is computed at each call. */
const takesComputed = (kind: Kind<unknown>): boolean =>
  kind.computed ?? (kind.kind === "int" || kind.kind === "string" || kind.kind === "variable" || kind.kind === "any");

function checkArgument(call: Call, kind: Kind<unknown>, value: Rv, written: Expr, scope: Scope): void {
  const { problems } = scope;
  if (!isConstant(value)) {
    if (!takesComputed(kind))
      problems.error(
        "argument-not-constant",
        value.span,
        `this argument of \`${call.name}\` cannot be computed`,
        written.kind === "variable" && (kind.kind === "string" || kind.kind === "format")
          ? `write it in quotes: "${written.text}"`
          : "write it out",
      );
    else if (kind.kind === "variable" && value.op === "variable")
      problems.warn(
        "variable-as-argument",
        value.span,
        `\`${value.text}\` is read, and its value names the variable that \`${call.name}\` uses`,
        `write it in quotes to mean the variable itself: "${value.text}"`,
      );
    return;
  }
  if (value.op !== "constant") return; // Folded, and looked at again, when it is compiled.
  const text = String(value.value);
  if (kind.kind === "string" || kind.kind === "format") {
    if (!kind.single) scope.format(text, value.span);
    else if (text.trimStart().startsWith("$")) {
      const from = text.length - text.trimStart().length;
      const end = variableEnd(text, from);
      if (end > from) scope.variable(text.slice(from, end), value.span);
    }
  } else if (kind.kind === "variable" || (kind.kind === "int" && text.startsWith("$"))) {
    if (text.startsWith("$")) {
      const name = leadingVariable(text);
      if (scope.variable(name, value.span) && kind.writable) checkWritable(call, name, value.span, scope);
    } else problems.error("argument-kind", value.span, `\`${call.name}\` takes a variable here, not \`${text}\``);
  }
}

function checkWritable(call: Call, text: string, span: Span, scope: Scope): void {
  const parts = cutVariable(text, 0);
  if (typeof parts !== "string" && !scope.writable(parts.name))
    scope.problems.error("read-only-variable", span, `\`${call.name}\` cannot write to \`$${parts.name}\``);
}
