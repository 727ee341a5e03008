/**
 * Functions that go on later with what stands behind them (async_sleep): the rest of their block becomes a route of its
 * own, and its name an argument. As in Kamailio, what stands behind the enclosing block is not run then.
 */
import type { CallStep, CaseStep, Step } from "../check/ir.ts";
import { text } from "../declare/module.ts";
import { type Block, blockKey } from "./unit.ts";

const NEXT = text("Name of the route that goes on.");

export function splitRests(blocks: Map<string, Block>): void {
  let made = 0;

  const split = (steps: readonly Step[]): readonly Step[] => {
    const at = steps.findIndex((it) => it.kind === "call" && it.fn?.goesOn);
    if (at < 0) return within(steps);
    const call = steps[at] as CallStep;
    // The space keeps the name apart from every name that a script can write.
    const number = ++made;
    const name = `${call.name} ${number}`;
    const key = blockKey("route", name);
    const rest = split(steps.slice(at + 1));
    const first = { block: "route", name, steps: rest, span: call.span } as const;
    blocks.set(key, { key, first, steps: rest, function: `rest_${number}`, waits: false });
    const value = { op: "constant", value: name, type: "str", span: call.span } as const;
    const named: CallStep = { ...call, args: [...call.args, { name: "next", kind: NEXT, rest: false, value }] };
    // The rest stays where it is: it runs at once when the function fails.
    return [...within(steps.slice(0, at)), named, ...rest];
  };

  const within = (steps: readonly Step[]): readonly Step[] =>
    steps.map((it): Step => {
      switch (it.kind) {
        case "if":
          return { ...it, body: split(it.body), otherwise: it.otherwise && split(it.otherwise) };
        case "while":
          return { ...it, body: split(it.body) };
        case "switch":
          return { ...it, cases: it.cases.map((one): CaseStep => ({ ...one, body: split(one.body) })) };
        default:
          return it;
      }
    });

  for (const [key, block] of [...blocks])
    if (has(block.steps)) blocks.set(key, { ...block, steps: split(block.steps) });
}

const has = (steps: readonly Step[]): boolean =>
  steps.some((it) => {
    if (it.kind === "call") return it.fn?.goesOn === true;
    if (it.kind === "if") return has(it.body) || (it.otherwise !== undefined && has(it.otherwise));
    if (it.kind === "while") return has(it.body);
    return it.kind === "switch" && it.cases.some((one) => has(one.body));
  });
