/** Statements behind a call that has ended the run. */
import type { Expr, Script, Statement } from "../../../grammar/tree.ts";
import { isLog, isReply } from "./names.ts";
import type { Rule, Tell } from "./rule.ts";
import { blocks, lists, statements } from "./walk.ts";

/** Functions that end the run when they do what they are called for. */
const SUSPENDS = new Set(["http_async_query", "async_route", "async_ms_route"]);

const call = (it: Statement): (Expr & { readonly kind: "call" }) | undefined =>
  it.kind === "expression" && it.value.kind === "call" ? it.value : undefined;

/** What is fit for a query that could not be sent. */
function copes(it: Statement): boolean {
  if (it.kind === "empty" || it.kind === "break") return true;
  const made = call(it);
  return made !== undefined && (isLog(made) || isReply(made));
}

const ends = ({ kind }: Statement): boolean => kind === "exit" || kind === "return" || kind === "drop";

function look(body: readonly Statement[], tell: Tell): void {
  body.forEach((it, at) => {
    const made = call(it);
    if (!made || !SUSPENDS.has(made.name)) return;
    const next = body.slice(at + 1).find((one) => !copes(one));
    if (next && !ends(next))
      tell(
        next.span,
        `this runs only when \`${made.name}\` failed: it ends the run`,
        "write it into the route that goes on",
      );
  });
}

/** `$http_req(suspend) = 0`: queries leave the run alone. */
export const neverSuspends = (script: Script): boolean =>
  blocks(script).some(({ body }) =>
    [...statements(body)].some((it) => it.kind === "assign" && /^\$\(?http_req\(suspend\)/.test(it.target.text)),
  );

export const deadAfterSuspend: Rule = {
  name: "dead-after-suspend",
  severity: "warning",
  off: true,
  doc: "A query that was sent, or a wait that began, ends the run, which goes on in the route that was named. What stands behind the call is run only when it failed.",
  source: "Module http_async_client, http_async_query(), return value; module async, async_route()",
  measured: "9 places, none found",
  bad: 'request_route { http_async_query("http://x", "GO"); t_relay(); }\nroute[GO] { exit; }',
  good: 'request_route { http_async_query("http://x", "GO"); send_reply("500", "No query"); }\nroute[GO] { if (!t_relay()) exit; }',
  check(script, tell) {
    if (neverSuspends(script)) return;
    for (const block of blocks(script)) for (const body of lists(block.body)) look(body, tell);
  },
};
