/** t_relay() that may fail unseen. */
import type { Rule } from "./rule.ts";
import { blocks, statements } from "./walk.ts";

export const relayUnchecked: Rule = {
  name: "relay-unchecked",
  severity: "info",
  doc: "When t_relay() fails, no failure route is run and the caller may get no answer: look at its result.",
  source: "Module tm, t_relay(); etc/kamailio.cfg, route[RELAY]",
  measured: "141 places, 76 found, 20 of 20 right",
  bad: "request_route { t_relay(); exit; }",
  good: "request_route { if (!t_relay()) sl_reply_error(); exit; }",
  check(script, tell) {
    for (const block of blocks(script)) {
      if (block.block === "failure") continue;
      for (const it of statements(block.body)) {
        if (it.kind !== "expression" || it.value.kind !== "call" || it.value.name !== "t_relay") continue;
        tell(it.span, "the result of t_relay() is not looked at", "write `if (!t_relay()) sl_reply_error();`");
      }
    }
  },
};
