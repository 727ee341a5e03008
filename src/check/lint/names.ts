/** Names that several rules know: functions by what they do, variables in expressions and texts. */
import type { Call, Expr } from "../../../grammar/tree.ts";
import type { Node } from "./flow/graph.ts";

const REPLIES = new Set(["sl_send_reply", "send_reply", "t_reply", "t_send_reply"]);

/** A final reply to the request, with a code that is written out. */
export function isFinalReply({ name, args }: Call): boolean {
  if (name === "sl_reply_error" || name === "send_reply_error") return true;
  const code = args[0];
  if (!REPLIES.has(name) || !code) return false;
  const text = code.kind === "number" ? String(code.value) : code.kind === "string" ? code.value : "";
  return /^[2-6][0-9]{2}$/.test(text);
}

export const isReply = ({ name }: Call): boolean => REPLIES.has(name) || name.endsWith("reply_error");

/** Hands the request on in its transaction. */
export const isRelay = ({ name }: Call): boolean => name.startsWith("t_relay") || name === "t_load_contacts_relay";

export const relays = (node: Node): boolean => {
  const call = callOf(node);
  return call !== undefined && isRelay(call);
};

/** Only writes to the log, whatever it returns. */
export const isLog = ({ name }: Call): boolean =>
  /^x(?:log|dbg|info|notice|warn|err|bug|crit|alert)[lm]?$|^log$/.test(name);

/** `$name(inner)` wherever it stands, in other variables, too. */
const VARIABLE = /\$\(?([A-Za-z_?][\w.?]*)(?:\(([^()$]*)\))?/g;

/** The variables that an expression itself names, be it in a text. */
export function* variablesOf(it: Expr): Generator<{ name: string; inner: string; text: string }> {
  const text = it.kind === "variable" ? it.text : it.kind === "string" && !it.bare ? it.value : "";
  if (!text.includes("$")) return;
  for (const [whole, name, inner = ""] of text.matchAll(VARIABLE)) yield { name: name!, inner, text: whole };
}

/** The expressions that a node reads: those of texts in arguments stand with the call that takes them. */
export function readsOf({ what }: Node): readonly Expr[] {
  if (what.kind === "read") return [what.value];
  return what.kind === "call" ? what.call.args.filter((it) => it.kind === "string") : [];
}

/** The call that a node makes. */
export const callOf = ({ what }: Node): Call | undefined => (what.kind === "call" ? what.call : undefined);

/** Text of an argument that is written out. */
export const textOf = (it: Expr | undefined): string | undefined =>
  it?.kind === "string" ? it.value : it?.kind === "number" ? String(it.value) : undefined;

/** Whether the request is known not to be an INVITE on this way out of a node. */
export function isNoInvite({ what }: Node, when: boolean | undefined): boolean {
  if (what.kind === "call" && what.call.name === "is_method")
    return when !== undefined && when !== (textOf(what.call.args[0]) ?? "").split("|").includes("INVITE");
  if (what.kind !== "test" || what.condition.kind !== "binary") return false;
  const { operator, left, right } = what.condition;
  if (operator !== "==" && operator !== "!=") return false;
  const isMethod =
    (left.kind === "legacy" && left.name === "method") || (left.kind === "variable" && left.text === "$rm");
  if (!isMethod) return false;
  return (operator === "==") === when ? textOf(right) !== "INVITE" : textOf(right) === "INVITE";
}
