/** Blocks that nothing runs. */
import type { BlockKind, Script } from "../../../grammar/tree.ts";
import type { Rule } from "./rule.ts";
import { blocks, calls } from "./walk.ts";

/** Functions that arm a block of a kind with their first argument. */
const ARMS: Partial<Record<BlockKind, RegExp>> = {
  failure: /^t_on_failure$/,
  branch: /^t_on_branch$/,
  onreply: /^t_on_reply$/,
};

/** The names that a script uses as first text argument of functions, and whether some name is computed. */
function used(
  script: Script,
  functions: RegExp,
  sources: ReadonlyMap<string, string>,
): { names: Set<string>; computed: boolean } {
  const names = new Set<string>();
  let computed = false;
  // Modules are told by parameters which blocks they are to run: tm's on_sl_reply.
  for (const item of script.items) if (item.kind === "mod-param") names.add(String(item.value.value));
  for (const block of blocks(script)) {
    for (const { name, args } of calls(block.body)) {
      if (!functions.test(name)) continue;
      for (const arg of args) {
        if (arg.kind === "string" && !arg.value.includes("$")) names.add(arg.value);
        else if (arg.kind === "number") names.add(String(arg.value));
        else computed = true;
      }
    }
  }
  // What an `#!ifdef` leaves out arms as well: with other defines it would.
  for (const text of sources.values()) for (const [, name] of text.matchAll(ARMED)) names.add(name!);
  return { names, computed };
}

/** A call that arms, in a line that is no comment. */
const ARMED = /^(?![^\S\n]*(?:#(?!!)|\/\/)).*\bt_on_(?:failure|branch|reply)[ \t]*\([ \t]*["']([^"'\n]+)/gm;

export const neverArmed: Rule = {
  name: "never-armed",
  severity: "warning",
  doc: "A failure, branch or reply route runs only when t_on_failure, t_on_branch or t_on_reply names it.",
  source: "Core cookbook, failure_route, branch_route, onreply_route",
  measured: "111 places, 3 found, 3 of 3 right",
  bad: 'request_route { t_relay(); exit; }\nfailure_route[BUSY] { xlog("busy"); }',
  good: 'request_route { t_on_failure("BUSY"); t_relay(); exit; }\nfailure_route[BUSY] { xlog("busy"); }',
  check(script, tell, { flow, sources }) {
    if (!flow.graphs.some(({ block }) => block.block === "request")) return; // Another file may arm it.
    for (const [kind, functions] of Object.entries(ARMS)) {
      const { names, computed } = used(script, functions, sources);
      if (computed) continue;
      for (const block of blocks(script)) {
        if (block.block !== kind || block.name === "" || names.has(block.name)) continue;
        tell(
          block.nameSpan,
          `nothing arms this ${kind} route`,
          `call t_on_${kind === "onreply" ? "reply" : kind}("${block.name}")`,
        );
      }
    }
  },
};
