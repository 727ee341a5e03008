/** Flags that the transaction never sees. */
import type { Rule } from "./rule.ts";
import { blocks, calls, lists } from "./walk.ts";

export const flagsAfterNewtran: Rule = {
  name: "flags-after-newtran",
  severity: "warning",
  doc: "t_newtran() copies the message's flags; flags that are set later need t_flush_flags() to reach failure and reply routes.",
  source: "Module tm, t_newtran(), t_flush_flags()",
  measured: "142 places, none found",
  bad: "request_route { t_newtran(); setflag(5); t_relay(); }",
  good: "request_route { setflag(5); t_newtran(); t_relay(); }",
  check(script, tell) {
    for (const block of blocks(script)) {
      for (const body of lists(block.body)) {
        const made = body.findIndex(
          (it) => it.kind === "expression" && it.value.kind === "call" && it.value.name === "t_newtran",
        );
        if (made < 0) continue;
        const later = [...calls(body.slice(made + 1))];
        const flag = later.find(({ name }) => name === "setflag" || name === "resetflag");
        if (!flag || later.slice(later.indexOf(flag)).some(({ name }) => name === "t_flush_flags")) continue;
        tell(flag.span, "the transaction has copied the flags already", "call t_flush_flags() after it");
      }
    }
  },
};
