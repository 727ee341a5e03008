/** Advice on scripts that load: habits that surprise on Kamailio. Each rule is a file of this folder. */
import type { Problem, Script } from "../../../grammar/tree.ts";
import type { Module } from "../../declare/module.ts";
import { applyAfterRecordRoute } from "./apply-after-record-route.ts";
import { assignmentInCondition } from "./assignment-in-condition.ts";
import { avpInLoop } from "./avp-in-loop.ts";
import { callCompared } from "./call-compared.ts";
import { calledRouteKind } from "./called-route-kind.ts";
import { deadAfterSuspend } from "./dead-after-suspend.ts";
import { dropFinalReply } from "./drop-final-reply.ts";
import { failureCancelCheck } from "./failure-cancel-check.ts";
import { failureNotRearmed } from "./failure-not-rearmed.ts";
import { flagsAfterNewtran } from "./flags-after-newtran.ts";
import { Flow } from "./flow/flow.ts";
import { type Facts, solve } from "./flow/solve.ts";
import { fromSetTwice } from "./from-set-twice.ts";
import { headerReadBack } from "./header-read-back.ts";
import { httpTimeoutGeFr } from "./http-timeout-ge-fr.ts";
import { implicitRouteResult } from "./implicit-route-result.ts";
import { mixedCompare } from "./mixed-compare.ts";
import { neverArmed } from "./never-armed.ts";
import { nonPosixRegex } from "./non-posix-regex.ts";
import { quotedSrcIp } from "./quoted-src-ip.ts";
import { rcClobbered } from "./rc-clobbered.ts";
import { relayUnchecked } from "./relay-unchecked.ts";
import { replyRouteTail } from "./reply-route-tail.ts";
import { replyThenFallThrough } from "./reply-then-fall-through.ts";
import { resumeRouteKind } from "./resume-route-kind.ts";
import { returnZeroExits } from "./return-zero-exits.ts";
import type { Given, Rule } from "./rule.ts";
import { silencer } from "./silence.ts";
import { suspendUnguarded } from "./suspend-unguarded.ts";
import { suspendWithoutTransaction } from "./suspend-without-transaction.ts";
import { unreachable } from "./unreachable.ts";
import { unusedRoute } from "./unused-route.ts";
import { uriEditAfterNewtran } from "./uri-edit-after-newtran.ts";
import { varAcrossSuspend } from "./var-across-suspend.ts";
import { varNull } from "./var-null.ts";
import { varReadBeforeWrite } from "./var-read-before-write.ts";

export type { Rule } from "./rule.ts";

export const rules: readonly Rule[] = [
  applyAfterRecordRoute,
  assignmentInCondition,
  avpInLoop,
  callCompared,
  calledRouteKind,
  deadAfterSuspend,
  dropFinalReply,
  failureCancelCheck,
  failureNotRearmed,
  flagsAfterNewtran,
  fromSetTwice,
  headerReadBack,
  httpTimeoutGeFr,
  implicitRouteResult,
  mixedCompare,
  neverArmed,
  nonPosixRegex,
  quotedSrcIp,
  rcClobbered,
  relayUnchecked,
  replyRouteTail,
  replyThenFallThrough,
  resumeRouteKind,
  returnZeroExits,
  suspendUnguarded,
  suspendWithoutTransaction,
  unreachable,
  unusedRoute,
  uriEditAfterNewtran,
  varAcrossSuspend,
  varNull,
  varReadBeforeWrite,
];

export interface LintOptions {
  /** Text of the files, in which `# lint: ignore RULE` silences rules. */
  readonly sources: ReadonlyMap<string, string>;
  /** Levels other than a rule's own; "off" leaves it out. */
  readonly levels?: Readonly<Record<string, Problem["severity"] | "off">>;
  /** What modules declare; rules that look at that find nothing without. */
  readonly modules?: readonly Module[];
}

/** What the rules have to say of a script, in the order of the text. */
export function lint(script: Script, { sources, levels = {}, modules = [] }: LintOptions): Problem[] {
  const isSilent = silencer(sources);
  const given = new Shared(script, sources, modules);
  const found: Problem[] = [];
  for (const rule of rules) {
    const severity = levels[rule.name] ?? (rule.off ? "off" : rule.severity);
    if (severity === "off") continue;
    rule.check(
      script,
      (span, message, hint) => {
        if (isSilent(rule.name, span)) return;
        found.push({ code: rule.name, severity, message, span, ...(hint !== undefined && { hint }) });
      },
      given,
    );
  }
  return found.sort((a, b) =>
    a.span.file === b.span.file
      ? a.span.line - b.span.line || a.span.column - b.span.column
      : a.span.file < b.span.file
        ? -1
        : 1,
  );
}

/** Made when the first rule asks. */
class Shared implements Given {
  readonly sources: ReadonlyMap<string, string>;
  readonly modules: readonly Module[];
  readonly #script: Script;
  #flow: Flow | undefined;
  #reached: Facts | undefined;

  constructor(script: Script, sources: ReadonlyMap<string, string>, modules: readonly Module[]) {
    this.#script = script;
    this.sources = sources;
    this.modules = modules;
  }

  get flow(): Flow {
    this.#flow ??= new Flow(this.#script);
    return this.#flow;
  }
  get reached(): Facts {
    this.#reached ??= solve(this.flow, { start: () => 0n, effect: () => undefined });
    return this.#reached;
  }
}
