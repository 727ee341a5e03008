/** Routes that are called or armed by name. */
import type { BlockKind } from "../../grammar/tree.ts";
import type { CallStep, CheckedRoute, RouteStep, Rv, Step } from "./ir.ts";
import { didYouMean } from "./names.ts";
import type { Scope } from "./scope.ts";

/** Kamailio refuses `route(NAME)` without such a block; what only arms a block for later is let pass. */
export function checkRoutes(routes: readonly CheckedRoute[], scope: Scope): void {
  const visitor: Visitor = {
    route: (step) => {
      if (step.name === undefined || hasRoute(scope, step.name)) return;
      scope.problems.error(
        "unknown-route",
        step.target.span,
        `there is no route[${step.name}]`,
        didYouMean(step.name, scope.routes.get("route") ?? []),
      );
    },
    call: (step) => armed(step, scope),
  };
  for (const it of routes) visit(it.steps, visitor);
}

/** `route(0)` is request_route. */
const hasRoute = (scope: Scope, name: string): boolean => scope.hasRoute("route", name) || name === "0";

/** Functions of tm that arm a block of another kind. */
const arming: Readonly<Record<string, BlockKind>> = {
  t_on_failure: "failure",
  t_on_reply: "onreply",
  t_on_branch: "branch",
  t_on_branch_failure: "event",
};

function armed(step: CallStep, scope: Scope): void {
  for (const { kind, value } of step.args) {
    if (value.op !== "constant") continue;
    const block = arming[step.name] ?? (kind.kind === "route" ? "route" : undefined);
    const written = String(value.value);
    const name = step.name === "t_on_branch_failure" ? `tm:branch-failure:${written}` : written;
    if (block === undefined || written === "0" || written === "" || name.includes("$") || scope.hasRoute(block, name))
      continue;
    scope.problems.warn(
      "unarmed-route",
      value.span,
      `there is no ${block === "route" ? "route" : `${block}_route`}[${name}]`,
      didYouMean(name, scope.routes.get(block) ?? []),
    );
  }
}

export interface Visitor {
  route(step: RouteStep): void;
  call(step: CallStep): void;
  /** Every node of every expression. */
  value?(rv: Rv): void;
}

/** Walks every call and route of the steps, those inside expressions included. */
export function visit(steps: readonly Step[], visitor: Visitor): void {
  for (const it of steps) {
    switch (it.kind) {
      case "call":
        for (const { value } of it.args) visitValue(value, visitor);
        visitor.call(it);
        break;
      case "route":
        visitValue(it.target, visitor);
        visitor.route(it);
        break;
      case "assign":
        visitValue(it.value, visitor);
        break;
      case "if":
        visitValue(it.condition, visitor);
        visit(it.body, visitor);
        if (it.otherwise) visit(it.otherwise, visitor);
        break;
      case "while":
        visitValue(it.condition, visitor);
        visit(it.body, visitor);
        break;
      case "switch":
        visitValue(it.value, visitor);
        for (const each of it.cases) visit(each.body, visitor);
        break;
      case "stop":
        if (it.value) visitValue(it.value, visitor);
        break;
      case "async":
        visit([it.call, it.resume], visitor);
        break;
      case "launch":
        visit(it.report ? [it.call, it.report] : [it.call], visitor);
        if (it.parameter) visitValue(it.parameter, visitor);
        break;
    }
  }
}

export function visitValue(rv: Rv, visitor: Visitor): void {
  visitor.value?.(rv);
  switch (rv.op) {
    case "action":
      visit([rv.step], visitor);
      break;
    case "comparison":
      if (rv.right.kind === "value") visitValue(rv.right.value, visitor);
      break;
    case "unary":
      visitValue(rv.operand, visitor);
      break;
    case "binary":
      visitValue(rv.left, visitor);
      visitValue(rv.right, visitor);
      break;
    case "selection":
      visitValue(rv.condition, visitor);
      visitValue(rv.yes, visitor);
      visitValue(rv.no, visitor);
      break;
    default:
      break;
  }
}
