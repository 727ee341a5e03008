/** Functions that arm routes for a transaction: t_on_failure and its kin, t_is_set. */
import type { Call } from "../../declare/call.ts";
import { text } from "../../declare/module.ts";
import type { Route } from "../../declare/variable.ts";
import { stateOf } from "../../transaction/run.ts";
import { fn } from "./state.ts";

const ARMING = ["request", "failure", "onreply", "branch"] as const;

const kinds = {
  failure: { field: "onFailure", name: (name: string) => name },
  branch: { field: "onBranch", name: (name: string) => name },
  onreply: { field: "onReply", name: (name: string) => name },
  event: { field: "onBranchFailure", name: (name: string) => `tm:branch-failure:${name}` },
} as const;

function arm(call: Call, block: keyof typeof kinds, name: string): 1 {
  const { field, name: full } = kinds[block];
  // "0" or "" disarms.
  const route: Route | undefined = name === "" || name === "0" ? undefined : call.core.block(block, full(name));
  const { tx } = call;
  if (tx !== undefined) tx[field] = route;
  else stateOf(call)[field] = route;
  return 1;
}

const armFn = (block: keyof typeof kinds, doc: string, where: readonly (typeof ARMING)[number][] = ARMING) =>
  fn({
    doc: `${doc} "0" takes it back.`,
    in: where,
    args: { name: text("Name of the block.") },
    returns: { 1: "always" },
    run: (call, args) => arm(call, block, args.name),
  });

export const routeFunctions = {
  t_on_failure: armFn("failure", "The failure_route that runs when every branch has failed."),
  t_on_branch_failure: armFn("event", "The event_route[tm:branch-failure:NAME] that runs for each branch that fails."),
  t_on_reply: armFn("onreply", "The onreply_route that runs for each reply."),
  t_on_branch: armFn("branch", "The branch_route that runs for each branch before it is sent.", ["request", "failure"]),
  t_is_set: fn({
    doc: "Whether a route is armed.",
    in: "any",
    args: {
      target: text("failure_route, onreply_route or branch_route.", {
        check: (value) =>
          /^(failure|onreply|branch)_route$/.test(value) ? undefined : `invalid parameter value: ${value}`,
      }),
    },
    returns: { 1: "it is", [-1]: "it is not" },
    run(call, args) {
      const from = call.tx ?? stateOf(call);
      const route =
        args.target === "branch_route"
          ? from.onBranch
          : args.target === "failure_route"
            ? from.onFailure
            : from.onReply;
      return route === undefined ? -1 : 1;
    },
  }),
};
