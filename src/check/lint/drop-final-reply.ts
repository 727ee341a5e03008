/** drop does not stop a final reply. */
import type { Rule } from "./rule.ts";
import { blocks, statements } from "./walk.ts";

export const dropFinalReply: Rule = {
  name: "drop-final-reply",
  severity: "info",
  off: true,
  doc: "In a named onreply_route, `drop` stops provisional replies only; a reply from 200 up is passed on all the same.",
  source: "Core cookbook, drop",
  measured: "1 place, none found",
  bad: 'request_route { t_on_reply("R"); t_relay(); }\nonreply_route[R] { if (status =~ "486") drop; }',
  good: 'request_route { t_on_reply("R"); t_relay(); }\nonreply_route[R] { if (status =~ "18[0-9]") drop; }',
  check(script, tell) {
    for (const block of blocks(script)) {
      if (block.block !== "onreply" || block.name === "") continue;
      for (const it of statements(block.body)) {
        if (it.kind !== "if" || it.condition.kind !== "binary" || it.condition.left.kind !== "legacy") continue;
        if (it.condition.left.name !== "status" || it.condition.right.kind !== "string") continue;
        if (!/^\^?[2-6][0-9]/.test(it.condition.right.value)) continue;
        const drop = it.then.find((one) => one.kind === "drop");
        if (drop) tell(drop.span, "a final reply is passed on in spite of `drop`");
      }
    }
  },
};
