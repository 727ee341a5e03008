/** Patterns that only Perl understands. */
import type { Rule } from "./rule.ts";
import { blocks, expressions } from "./walk.ts";

const PERL = /\\[dD]|\(\?(?:[:=!i]|<[=!])|[*+?]\?/;

export const nonPosixRegex: Rule = {
  name: "non-posix-regex",
  severity: "warning",
  doc: "`=~` takes POSIX extended expressions, in which \\d is the letter d and `(?…)` and lazy repetition do not exist.",
  source: "Core cookbook, operators; regex(7)",
  measured: "",
  bad: 'request_route { if ($rU =~ "^\\\\d+$") exit; xlog("x"); }',
  good: 'request_route { if ($rU =~ "^[0-9]+$") exit; xlog("x"); }',
  check(script, tell) {
    for (const block of blocks(script)) {
      for (const it of expressions(block.body)) {
        if (it.kind !== "binary" || it.operator !== "=~" || it.right.kind !== "string") continue;
        const found = PERL.exec(it.right.value)?.[0];
        if (found === undefined) continue;
        tell(
          it.right.span,
          `POSIX expressions have no \`${found}\``,
          found.endsWith("d") ? "write [0-9]" : "or call pcre_match()",
        );
      }
    }
  },
};
