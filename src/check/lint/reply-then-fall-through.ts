/** A request that is answered and then goes on. */
import type { Call, Statement } from "../../../grammar/tree.ts";
import type { Rule, Tell } from "./rule.ts";
import { blocks, lists } from "./walk.ts";

const REPLIES = new Set(["sl_send_reply", "send_reply", "t_reply", "t_send_reply"]);

/** A final reply, or handing the request on: only one of them can be the answer. */
const answers = (call: Call): boolean => call.name.startsWith("t_relay") || isFinalReply(call);

function isFinalReply({ name, args }: Call): boolean {
  if (name === "sl_reply_error") return true;
  const code = args[0];
  if (!REPLIES.has(name) || !code) return false;
  const text = code.kind === "number" ? String(code.value) : code.kind === "string" ? code.value : "";
  return /^[2-6][0-9]{2}$/.test(text);
}

function look(body: readonly Statement[], tell: Tell): void {
  let answered = false;
  for (const it of body) {
    if (it.kind === "exit" || it.kind === "return" || it.kind === "drop" || it.kind === "break") answered = false;
    if (it.kind !== "expression" || it.value.kind !== "call") continue;
    if (answered && answers(it.value))
      tell(it.span, "the request has been answered already", "end with `exit` after the reply");
    if (isFinalReply(it.value)) answered = true;
  }
}

export const replyThenFallThrough: Rule = {
  name: "reply-then-fall-through",
  severity: "warning",
  doc: "After a final reply the script goes on; without `exit` the request is then relayed or answered again.",
  bad: 'request_route { sl_send_reply("403", "No"); t_relay(); }',
  good: 'request_route { sl_send_reply("403", "No"); exit; }',
  check(script, tell) {
    for (const block of blocks(script)) for (const body of lists(block.body)) look(body, tell);
  },
};
