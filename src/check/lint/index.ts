/** Advice on scripts that load: habits that surprise on Kamailio. Each rule is a file of this folder. */
import type { Problem, Script } from "../../../grammar/tree.ts";
import { assignmentInCondition } from "./assignment-in-condition.ts";
import { avpInLoop } from "./avp-in-loop.ts";
import { callCompared } from "./call-compared.ts";
import { dropFinalReply } from "./drop-final-reply.ts";
import { failureNotRearmed } from "./failure-not-rearmed.ts";
import { flagsAfterNewtran } from "./flags-after-newtran.ts";
import { neverArmed } from "./never-armed.ts";
import { nonPosixRegex } from "./non-posix-regex.ts";
import { quotedSrcIp } from "./quoted-src-ip.ts";
import { relayUnchecked } from "./relay-unchecked.ts";
import { replyThenFallThrough } from "./reply-then-fall-through.ts";
import { returnZeroExits } from "./return-zero-exits.ts";
import type { Rule } from "./rule.ts";
import { unreachable } from "./unreachable.ts";
import { unusedRoute } from "./unused-route.ts";
import { varAcrossSuspend } from "./var-across-suspend.ts";
import { varNull } from "./var-null.ts";

export type { Rule } from "./rule.ts";

export const rules: readonly Rule[] = [
  assignmentInCondition,
  avpInLoop,
  callCompared,
  dropFinalReply,
  failureNotRearmed,
  flagsAfterNewtran,
  neverArmed,
  nonPosixRegex,
  quotedSrcIp,
  relayUnchecked,
  replyThenFallThrough,
  returnZeroExits,
  unreachable,
  unusedRoute,
  varAcrossSuspend,
  varNull,
];

export interface LintOptions {
  /** Text of the files, in which `# lint: ignore RULE` silences rules. */
  readonly sources: ReadonlyMap<string, string>;
  /** Levels other than a rule's own; "off" leaves it out. */
  readonly levels?: Readonly<Record<string, Problem["severity"] | "off">>;
}

/** What the rules have to say of a script, in the order of the text. */
export function lint(script: Script, { sources, levels = {} }: LintOptions): Problem[] {
  const silenced = new Map([...sources].map(([file, text]) => [file, ignored(text)]));
  const found: Problem[] = [];
  for (const rule of rules) {
    const severity = levels[rule.name] ?? rule.severity;
    if (severity === "off") continue;
    rule.check(script, (span, message, hint) => {
      const quiet = silenced.get(span.file)?.get(span.line);
      if (quiet?.has(rule.name) || quiet?.has("*")) return;
      found.push({ code: rule.name, severity, message, span, ...(hint !== undefined && { hint }) });
    });
  }
  return found.sort((a, b) =>
    a.span.file === b.span.file
      ? a.span.line - b.span.line || a.span.column - b.span.column
      : a.span.file < b.span.file
        ? -1
        : 1,
  );
}

const IGNORE = /(?:#|\/\/|\/\*)\s*lint:\s*ignore\b([^\n*]*)/;

/**
 * The rules that are silenced on each line. `# lint: ignore RULE, RULE` holds for its line, or for the next one when it
 * stands alone; without a name it silences all.
 */
function ignored(text: string): Map<number, ReadonlySet<string>> {
  const lines = new Map<number, ReadonlySet<string>>();
  text.split("\n").forEach((line, index) => {
    const found = IGNORE.exec(line);
    if (!found) return;
    const names = found[1]!.split(/[\s,]+/).filter((name) => name !== "");
    const alone = line.slice(0, found.index).trim() === "";
    lines.set(index + (alone ? 2 : 1), new Set(names.length === 0 ? ["*"] : names));
  });
  return lines;
}
