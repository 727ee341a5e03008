/** What a REGISTER says: its contacts, and how long each of them is to live. */
import type { Call } from "../../declare/call.ts";
import { HeaderType } from "../../sip/headers.ts";
import type { SipMessage } from "../../sip/message.ts";
import { type NameAddr, parseNameAddrs } from "../../sip/nameaddr.ts";
import { type Problem, Problems } from "./problems.ts";
import { configuredInt, type Registrar, type Settings } from "./state.ts";

/** The longest `received`. */
const RECEIVED_MAX = 255;

export type Contacts = readonly NameAddr[] | "*";

/** The contacts of every Contact field in order; `*` alone stands for all bindings. */
export function contactsOf(msg: SipMessage, { contactMaxSize }: Settings): Contacts | Problem {
  const fields = msg.headers.filter((it) => it.type === HeaderType.contact);
  const list: NameAddr[] = [];
  let stars = 0;
  for (const field of fields) {
    const value = msg.value(field).trim();
    if (value === "*") stars++;
    else {
      const parsed = value.startsWith("*") ? null : parseNameAddrs(msg.text, field.valueStart, field.valueEnd);
      if (parsed === null) return Problems.contact;
      list.push(...parsed);
    }
  }
  if (stars > 0) {
    const first = msg.value(fields[0]!).trim() === "*";
    if (first && expiresOf(msg) !== 0) return Problems.starExpires;
    return fields.length > 1 ? Problems.starAndOther : "*";
  }
  const tooLong = (it: NameAddr): boolean =>
    it.uri.length > contactMaxSize || (it.param("received")?.value ?? "").length > RECEIVED_MAX;
  return list.some(tooLong) ? Problems.contactLength : list;
}

/** The number of the Expires field as a signed 32-bit one; -1 when there is none that is a number. */
function expiresOf(msg: SipMessage): number {
  const value = msg.first(HeaderType.expires)?.trim();
  if (value === undefined || value.length > 10) return -1;
  const digits = /^(\d+)(?:\s|$)/.exec(value)?.[1];
  return digits === undefined ? -1 : Number(digits) | 0;
}

/** True when the Expires field is there and empty, which no registration may have. */
export const hasEmptyExpires = (msg: SipMessage): boolean => msg.first(HeaderType.expires)?.trim() === "";

/** Seconds since 1970 at which the contact expires, 0 to remove it; "brief" when it asks for less than is served. */
export function expiryOf(call: Call, contact: NameAddr, exact: boolean, state: Registrar): number | "brief" {
  const { settings, core, usrloc } = state;
  const { minExpires, maxExpires } = settings;
  const { seconds: asked, range } = askedFor(call, contact, state);
  let seconds = asked;
  if (seconds === 0) return 0;
  if (seconds < minExpires) {
    if (settings.refusesBrief) return "brief";
    seconds = minExpires;
  }
  if (!exact && range !== 0) {
    const least = seconds * (1 - range / 100);
    const varied = Math.trunc(least + (Math.floor(core.host.random.next() * 100) / 100) * (seconds - least));
    seconds = Math.max(varied, minExpires);
  }
  if (maxExpires !== 0 && seconds > maxExpires) seconds = maxExpires;
  return seconds + usrloc.now;
}

function askedFor(call: Call, contact: NameAddr, state: Registrar): { seconds: number; range: number } {
  const { defaultExpires, defaultExpiresRange, expiresRange } = state.settings;
  const set = configuredInt(call, state, "expires");
  if (set !== undefined && set >= 0) return { seconds: set, range: 0 };
  const fallback = { seconds: defaultExpires, range: defaultExpiresRange };
  const param = contact.param("expires")?.value ?? "";
  if (param === "") {
    const seconds = expiresOf(call.msg);
    return seconds < 0 ? fallback : { seconds, range: expiresRange };
  }
  if (!/^\d+$/.test(param) || Number(param) > 0xffffffff) return fallback;
  return { seconds: Number(param) | 0, range: expiresRange };
}

/** Thousandths, -1 for none; null when it is no q value. */
export function qOf(call: Call, contact: NameAddr, state: Registrar): number | null {
  const set = configuredInt(call, state, "q");
  if (set !== undefined) return set >= 0 && set <= 1000 ? set : null;
  const value = contact.param("q")?.value ?? "";
  return value === "" ? state.settings.defaultQ : parseQ(value);
}

/** A q value as Kamailio reads it: `.5` is one too; what follows the third digit does not count. */
export function parseQ(text: string): number | null {
  const parts = /^[ \t]*(?:0*(1)(?:\.0+)?|0+(?:\.(\d+))?|\.(\d+))$/.exec(text);
  if (parts === null) return null;
  if (parts[1] !== undefined) return 1000;
  return Number((parts[2] ?? parts[3] ?? "").padEnd(3, "0").slice(0, 3));
}
