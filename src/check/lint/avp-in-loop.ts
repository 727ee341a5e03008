/** An AVP that grows with every round. */
import type { Rule } from "./rule.ts";
import { blocks, lists, statements } from "./walk.ts";

const ENDS = new Set(["break", "return", "exit", "drop"]);

export const avpInLoop: Rule = {
  name: "avp-in-loop",
  severity: "info",
  doc: "Assigning to $avp(x) adds a value in front of those it has; in a loop they pile up. $(avp(x)[*]) replaces them all.",
  source: "Pseudo-variables cookbook, $avp(id)",
  measured: "9 places, 6 found, 6 of 6 right",
  bad: "request_route { while ($var(i) < 3) { $avp(x) = $var(i); $var(i) = $var(i) + 1; } }",
  good: "request_route { while ($var(i) < 3) { $(avp(x)[*]) = $var(i); $var(i) = $var(i) + 1; } }",
  check(script, tell) {
    for (const block of blocks(script)) {
      for (const loop of statements(block.body)) {
        if (loop.kind !== "while") continue;
        // What stands before `break` and its like is run in the last round only.
        const once = new Set([...lists(loop.body)].flatMap((body) => (ENDS.has(body.at(-1)?.kind ?? "") ? body : [])));
        for (const it of statements(loop.body)) {
          if (it.kind !== "assign" || !/^\$avp\([^$]*$/.test(it.target.text) || once.has(it)) continue;
          if (it.value.kind === "variable" && it.value.text === "$null") continue;
          tell(
            it.span,
            "every round adds a value to this AVP",
            `write $(${it.target.text.slice(1)}[*]) to replace them`,
          );
        }
      }
    }
  },
};
