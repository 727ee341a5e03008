/** `return 0` ends more than the route. */
import type { Rule } from "./rule.ts";
import { blocks, statements } from "./walk.ts";

export const returnZeroExits: Rule = {
  name: "return-zero-exits",
  severity: "warning",
  doc: "`return 0` in a route ends the whole script, as `exit` does, unless the parameter return_mode is 1.",
  source: "Core cookbook, return, return_mode",
  measured: "",
  bad: 'request_route { route(A); xlog("never"); }\nroute[A] { return 0; }',
  good: 'request_route { route(A); xlog("goes on"); }\nroute[A] { return; }',
  check(script, tell) {
    const other = script.items.some(
      (it) => it.kind === "core-param" && it.name === "return_mode" && it.values[0]?.value === 1n,
    );
    if (other) return;
    for (const block of blocks(script)) {
      if (block.block !== "route") continue;
      for (const it of statements(block.body)) {
        if (it.kind !== "return" || it.value?.kind !== "number" || it.value.value !== 0n) continue;
        tell(
          it.span,
          "`return 0` ends the whole script",
          "write `exit` if that is meant, else `return` or `return -1`",
        );
      }
    }
  },
};
