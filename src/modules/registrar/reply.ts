/** The reply to a registration: its status, the bindings in force, and what RFC 3327 and RFC 5626 want in it. */
import type { Call } from "../../declare/call.ts";
import { type Answer, after } from "../../declare/value.ts";
import { HeaderType } from "../../sip/headers.ts";
import type { SipMessage } from "../../sip/message.ts";
import { qText } from "../../sip/redirect.ts";
import { sendReply } from "../sl.ts";
import { bareInstance, type Contact, isValid } from "../usrloc/contact.ts";
import type { Entry } from "../usrloc/domain.ts";
import { hasOption } from "./methods.ts";
import { FINE, Problems } from "./problems.ts";
import { addRecord } from "./record.ts";
import { Outbound, type Outcome, PathMode, type Registrar } from "./state.ts";

/** What save() has found for the message; a fresh one when it was not called. */
export function outcomeOf(msg: SipMessage, { outcomes }: Registrar): Outcome {
  let outcome = outcomes.get(msg);
  if (outcome === undefined) {
    outcome = { problem: FINE, contacts: "" };
    outcomes.set(msg, outcome);
  }
  return outcome;
}

/** Lists the bindings in force for the reply. `host` is the domain of the address of record. */
export function listContacts(call: Call, entry: Entry | undefined, host: string, state: Registrar): void {
  const { settings, usrloc } = state;
  const gruu = settings.gruu && hasOption(call.msg, HeaderType.supported, "gruu");
  const lines: string[] = [];
  for (const it of entry?.contacts ?? []) {
    if (!isValid(it, usrloc.now)) continue;
    const q = it.q >= 0 ? `;q=${qText(it.q)}` : "";
    const received =
      settings.receivedParam !== "" && it.received !== "" ? `;${settings.receivedParam}="${it.received}"` : "";
    const gruus = gruu && it.instance !== "" ? gruusOf(it, entry!.hash, host) : "";
    const instance = it.instance === "" ? "" : `;+sip.instance="${it.instance}"`;
    const regId = it.regId > 0 ? `;reg-id=${it.regId}` : "";
    lines.push(`<${it.uri}>${q};expires=${it.expires - usrloc.now}${received}${gruus}${instance}${regId}`);
    addRecord(call, it, state);
  }
  outcomeOf(call.msg, state).contacts = lines.length === 0 ? "" : `Contact: ${lines.join(", ")}\r\n`;
}

/** Public and temporary GRUU (RFC 5627). The temporary one is the contact's id and the hash, lowest digit first. */
function gruusOf({ aor, instance, ruid }: Contact, hash: number, host: string): string {
  const address = aor.includes("@") ? aor : `${aor}@${host}`;
  const digits = hash === 0 ? "" : [...hash.toString(16)].reverse().join("");
  return `;pub-gruu="sip:${address};gr=${bareInstance(instance)}";temp-gruu="sip:${ruid}-${digits}@${host};gr"`;
}

/** Puts the fields of the reply in their place. */
export function prepareReply({ msg }: Call, state: Registrar): void {
  const { settings } = state;
  const outcome = outcomeOf(msg, state);
  const fields: string[] = [];
  if (outcome.contacts !== "") fields.push(outcome.contacts);
  outcome.contacts = "";
  const problem = outcome.problem;
  if (problem === FINE) {
    pathFields(msg, outcome, fields, settings.usePath ? settings.pathMode : PathMode.off);
    outboundFields(msg, fields, state);
  } else if (problem === Problems.outboundUnsupported) fields.push("Require: outbound\r\n", "Supported: outbound\r\n");
  else if (problem === Problems.outboundRequired) fields.push("Unsupported: outbound\r\n");
  else if (problem === Problems.brief) fields.push(`Min-Expires: ${settings.minExpires}\r\n`);
  const { status, text } = outcome.problem;
  if (status !== 200) fields.push(`P-Registrar-Error: ${text}\r\n`);
  if (status >= 500 && settings.retryAfter !== 0) fields.push(`Retry-After: ${settings.retryAfter}\r\n`);
  if (fields.length === 0) return;
  msg.reply ??= { headers: [], body: undefined, contentType: undefined };
  msg.reply.headers.push(...fields);
}

/** A client that does not know Path is refused in strict mode. */
function pathFields(msg: SipMessage, outcome: Outcome, fields: string[], mode: number): void {
  if (mode === PathMode.off || msg.path === null) return;
  const line = `Path: ${msg.path}\r\n`;
  if (hasOption(msg, HeaderType.supported, "path")) fields.push(line);
  else if (mode === PathMode.strict) {
    outcome.problem = Problems.pathUnsupported;
    fields.push("Unsupported: path\r\n", line);
  }
}

function outboundFields(msg: SipMessage, fields: string[], { settings }: Registrar): void {
  const { outbound, flowTimer } = settings;
  const timer = flowTimer > 0 ? [`Flow-Timer: ${flowTimer}\r\n`] : [];
  if (outbound === Outbound.required) fields.push("Require: outbound\r\n", "Supported: outbound\r\n", ...timer);
  if (outbound !== Outbound.supported) return;
  fields.push("Supported: outbound\r\n");
  const wanted = hasOption(msg, HeaderType.require, "outbound") || hasOption(msg, HeaderType.supported, "outbound");
  if (wanted) fields.push("Require: outbound\r\n", ...timer);
}

/** Sends the reply; false when it could not be sent. */
export function replyTo(call: Call, state: Registrar): Answer<boolean> {
  prepareReply(call, state);
  const { status, reason } = outcomeOf(call.msg, state).problem;
  return after(sendReply(call, status, reason), (sent) => sent > 0);
}
