/** A number compared with a text that is none. */
import type { Expr } from "../../../grammar/tree.ts";
import type { Rule } from "./rule.ts";
import { blocks, expressions } from "./walk.ts";

/** Variables that are numbers whenever they are anything. */
const NUMBERS = /^\$\(?(?:rs|rp|Rp|sp|Rpl|ml|mi|cs|rc|retcode|T_reply_code|Ts|TV\(s\)|bs|T_branch_idx|pp|rmid)\)?$/;
const COMPARISONS = new Set(["==", "!=", "eq", "ne"]);

const isNumeric = (text: string): boolean => /^\s*[-+]?(?:0x[0-9a-f]+|\d+)\s*$/i.test(text);

export const mixedCompare: Rule = {
  name: "mixed-compare",
  severity: "warning",
  doc: 'A text that is compared with a number is converted, and one that is none counts as 0: `$rs == "busy"` compares with 0, and `0 == $rU` holds for every name.',
  source: "Core cookbook, operators; kamailio#3116",
  measured: "41 places, none found",
  bad: 'onreply_route { if ($rs == "busy") drop; }\nrequest_route { exit; }',
  good: "onreply_route { if ($rs == 486) drop; }\nrequest_route { exit; }",
  check(script, tell) {
    for (const block of blocks(script)) {
      for (const it of expressions(block.body)) {
        if (it.kind !== "binary" || !COMPARISONS.has(it.operator)) continue;
        const { left, right } = it;
        if (
          isNumber(left) &&
          right.kind === "string" &&
          !right.bare &&
          !right.value.includes("$") &&
          !isNumeric(right.value)
        )
          tell(
            right.span,
            `this text counts as 0 beside the number \`${(left as { text: string }).text}\``,
            "compare numbers",
          );
        else if (left.kind === "number" && right.kind === "variable" && TEXTS.test(right.text))
          tell(
            it.span,
            `\`${right.text}\` counts as a number here, 0 when it is none`,
            "write the variable on the left",
          );
      }
    }
  },
};

/** Variables that are texts. */
const TEXTS = /^\$\(?(?:rU|rd|ru|fU|fd|fu|tU|td|tu|ci|ua|si|du|dd|rm|hdr\(.*\)|au|ad|ct|cT|tt|ft)\)?$/;
const isNumber = (it: Expr): boolean => it.kind === "variable" && NUMBERS.test(it.text);
