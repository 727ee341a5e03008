/** Whether a message that came is the one that an arrow names. */
import type { SipMessage } from "../../sip/message.ts";
import type { Arrow, Detail } from "./read.ts";

/** `INVITE sip:bob@proxy`, `486 Busy Here`. */
export const startOf = (msg: SipMessage): string =>
  msg.isRequest ? `${msg.method} ${msg.requestUri}` : `${msg.status} ${msg.reason}`;

/** An arrow may leave out the Request-URI or the reason. */
export function startFits(arrow: Arrow, msg: SipMessage): boolean {
  const { start } = arrow;
  return start === startOf(msg) || start === (msg.isRequest ? msg.method : String(msg.status));
}

export const valuesOf = (msg: SipMessage, name: string): string[] => msg.named(name).map((it) => msg.value(it));

/** What is wrong with a field; undefined when it is as expected. */
export function detailDiffers(msg: SipMessage, { name, value: wanted }: Detail): string | undefined {
  const found = valuesOf(msg, name);
  const count = /^(\d+) entr(?:y|ies)$/.exec(wanted);
  if (count) {
    const entries = found.reduce((n, it) => n + it.split(",").length, 0);
    return entries === Number(count[1]) ? undefined : `${entries} entries`;
  }
  if (wanted === "absent") return found.length === 0 ? undefined : found.join(" | ");
  const pattern = /^\/(.*)\/$/.exec(wanted);
  const fits = pattern ? found.some((it) => new RegExp(pattern[1]!).test(it)) : found.includes(wanted);
  return fits ? undefined : found.length === 0 ? "absent" : found.join(" | ");
}

export const bodyDiffers = (msg: SipMessage, arrow: Arrow): boolean =>
  arrow.body.length > 0 && msg.body !== arrow.body.map((it) => `${it}\r\n`).join("");
