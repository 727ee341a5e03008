/** A failure route that tries again without asking to be run again. */
import type { Rule } from "./rule.ts";
import { blocks, calls } from "./walk.ts";

export const failureNotRearmed: Rule = {
  name: "failure-not-rearmed",
  severity: "info",
  doc: "A failure route is armed for one try: after t_relay() in it, t_on_failure() must be called again or a second failure passes by.",
  bad: 'request_route { t_on_failure("F"); t_relay(); }\nfailure_route[F] { $du = "sip:b"; t_relay(); }',
  good: 'request_route { t_on_failure("F"); t_relay(); }\nfailure_route[F] { $du = "sip:b"; t_on_failure("LAST"); t_relay(); }\nfailure_route[LAST] { exit; }',
  check(script, tell) {
    for (const block of blocks(script)) {
      if (block.block !== "failure") continue;
      const all = [...calls(block.body)];
      if (all.some(({ name }) => name === "t_on_failure" || name === "route")) continue;
      const relay = all.find(({ name }) => name.startsWith("t_relay"));
      if (relay) tell(relay.span, "if this try fails, too, no failure route is run", "call t_on_failure() before");
    }
  },
};
