/** Patterns that only Perl understands. */
import type { Rule } from "./rule.ts";
import { blocks, expressions } from "./walk.ts";

const PERL = /\\[dD]|\(\?(?:[:=!i]|<[=!])|[*+?]\?/;

/** Without what is escaped, and what stands in brackets, where such signs are themselves. */
const bare = (text: string): string => text.replace(/\\[^dD]/g, "x").replace(/\[\^?\]?[^\]]*\]/g, "x");

export const nonPosixRegex: Rule = {
  name: "non-posix-regex",
  severity: "warning",
  doc: "`=~` takes POSIX extended expressions, in which \\d is the letter d and `(?…)` and lazy repetition do not exist.",
  source: "Core cookbook, operators; regex(7)",
  measured: "384 places, 7 found, 7 of 7 right",
  bad: 'request_route { if ($rU =~ "^\\\\d+$") exit; xlog("x"); }',
  good: 'request_route { if ($rU =~ "^[0-9]+$") exit; xlog("x"); }',
  check(script, tell) {
    for (const block of blocks(script)) {
      for (const it of expressions(block.body)) {
        if (it.kind !== "binary" || it.operator !== "=~" || it.right.kind !== "string") continue;
        const found = PERL.exec(bare(it.right.value))?.[0];
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
