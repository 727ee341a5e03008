/** Telephone numbers and TEL URIs. */
import { parseUri } from "../../sip/uri.ts";

/** `+` and up to maxLength - 1 digits. */
export const isE164 = (text: string, maxLength: number): boolean =>
  text.length > 2 && text.length <= maxLength && /^\+[0-9]+$/.test(text);

/** The user part of anything with a colon and an `@`; undefined when it has none. */
export function userBetween(uri: string): string | undefined {
  const colon = uri.indexOf(":");
  const at = uri.indexOf("@", colon + 1);
  return colon >= 0 && at >= 0 ? uri.slice(colon + 1, at) : undefined;
}

/** True for digits with an optional `+`, behind which no zero may stand. */
export const isTelNumber = (text: string): boolean => /^(\+[1-9][0-9]*|[0-9]+)$/.test(text);

/** The SIP URI for a TEL URI (RFC 3261, 19.1.6); null when the result is no URI, undefined when it is no TEL URI. */
export function telToSip(uri: string, host: string): string | null | undefined {
  if (!/^tel:/i.test(uri)) return undefined;
  const { number, params } = parts(uri);
  return checked(`sip:${number}${params}@${host};user=phone`);
}

/** The same with the parameters sorted as the RFC asks for, and without a phone-context that is a domain. */
export function telToSipSorted(uri: string, host: string): string | null | undefined {
  if (!/^tel:/i.test(uri)) return undefined;
  const { number, params } = parts(uri);
  const list = params
    .split(";")
    .slice(1)
    .map((part) => {
      const equals = part.indexOf("=");
      const name = equals < 0 ? part : part.slice(0, equals);
      const value = equals < 0 ? "" : part.slice(equals + 1);
      const context = name === "phone-context";
      return { name, value: context && isNumberLike(value) ? value.replace(/[-.()]/g, "") : value, context };
    })
    .filter((it) => !it.context || isNumberLike(it.value))
    .sort((a, b) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return checked(`sip:${number}${list.map((it) => `;${it.name}=${it.value}`).join("")}@${host};user=phone`);
}

const rank = (name: string): number => (name === "isdn-subaddress" ? 0 : name === "post-dial" ? 1 : 2);
const isNumberLike = (text: string): boolean => /^\+?[0-9.\-()]*$/.test(text);
const checked = (uri: string): string | null => (parseUri(uri) === null ? null : uri);

/** The number without visual separators, and the parameters with their semicolon; both in lower case. */
function parts(uri: string): { number: string; params: string } {
  const semicolon = uri.indexOf(";");
  const end = semicolon < 0 ? uri.length : semicolon;
  return {
    number: uri
      .slice(4, end)
      .replace(/[-.()]/g, "")
      .toLowerCase(),
    params: uri.slice(end).toLowerCase(),
  };
}
