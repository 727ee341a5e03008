/** OpenSIPS's `async(…)` and `launch(…)`: a call that is carried out beside the run, and the route that follows it. */
import type { AsyncStatement, Call, Expr, LaunchStatement } from "../../grammar/tree.ts";
import type { AsyncStep, CallStep, LaunchStep, RouteStep } from "./ir.ts";
import type { Lowering } from "./lower.ts";

/** Undefined when something is wrong with it, which was reported. */
export function lowerBeside(
  it: AsyncStatement | LaunchStatement,
  lowering: Lowering,
): AsyncStep | LaunchStep | undefined {
  const call = begun(it.call, it.kind, lowering);
  const { span } = it;
  if (it.kind === "async") {
    const resume = following(it.resume, lowering);
    return call && resume && { kind: "async", call, resume, span };
  }
  const report = it.report && following(it.report, lowering);
  const parameter = it.parameter && lowering.expression(it.parameter);
  if (parameter?.op === "constant") lowering.scope.format(String(parameter.value), parameter.span);
  if (!call || (it.report && !report) || (it.parameter && !parameter)) return undefined;
  return { kind: "launch", call, report, parameter, span };
}

function begun(call: Call, statement: string, lowering: Lowering): CallStep | undefined {
  const step = lowering.call(call);
  if (step?.kind !== "call") {
    if (step)
      lowering.scope.problems.error("argument-kind", call.span, `\`${statement}\` takes a function, not a route`);
    return undefined;
  }
  if (step.fn?.goesOn) {
    lowering.scope.problems.error(
      "not-supported",
      call.span,
      `\`${call.name}\` goes on with the rest of its block, so it cannot stand in \`${statement}\``,
      "call it by itself",
    );
    return undefined;
  }
  return step;
}

/** The route is known when the script is loaded: its name is written out. */
function following(name: Expr, lowering: Lowering): RouteStep | undefined {
  const { span } = name;
  const step = lowering.route({ kind: "call", name: "route", nameSpan: span, args: [name], span });
  if (step && step.name === undefined) {
    lowering.scope.problems.error("argument-not-constant", span, "the name of this route cannot be computed");
    return undefined;
  }
  return step;
}
