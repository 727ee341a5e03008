/** The methods that a contact takes: its parameter `methods`, or the Allow fields of its registration. */
import { HeaderType } from "../../sip/headers.ts";
import type { SipMessage } from "../../sip/message.ts";
import { methodNumber } from "../pv/methods.ts";
import { ALL_METHODS } from "../usrloc/contact.ts";

/** A bit for each method of a list with commas; null when it is no such list. */
export function methodsOf(list: string): number | null {
  let mask = 0;
  for (const part of list.split(",")) {
    const method = part.trim();
    if (!/^[A-Za-z0-9\-.!%*_+`'~]+$/.test(method)) return null;
    mask |= methodNumber(method);
  }
  return mask >>> 0;
}

/** Every method when there is no Allow field, or one that is malformed. */
export function allowedMethods(msg: SipMessage): number {
  let mask = 0;
  let found = false;
  for (const header of msg.headers) {
    if (header.type !== HeaderType.allow) continue;
    const methods = methodsOf(msg.value(header));
    if (methods === null) return ALL_METHODS;
    mask |= methods;
    found = true;
  }
  return found ? mask >>> 0 : ALL_METHODS;
}

/** True when one of the fields of that type names the option. */
export const hasOption = (msg: SipMessage, type: number, option: string): boolean =>
  msg.headers.some(
    (it) =>
      it.type === type &&
      msg
        .value(it)
        .split(",")
        .some((tag) => tag.trim().toLowerCase() === option),
  );
