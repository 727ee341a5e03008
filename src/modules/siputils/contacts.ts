/** Hiding contact URIs in a user part or a parameter, and getting them back. */
import { HeaderType } from "../../sip/headers.ts";
import type { SipMessage } from "../../sip/message.ts";
import { type NameAddr, parseContacts } from "../../sip/nameaddr.ts";
import { parseUri, uriParam } from "../../sip/uri.ts";

/** Codes of encode_contact and of decode_contact that say what is wrong with a URI. */
export const ENCODE_PROBLEMS = {
  [-25]: "a contact has no scheme",
  [-26]: "the scheme of a contact is too short",
  [-509]: "a contact cannot be parsed",
} as const;
export const DECODE_PROBLEMS = {
  [-2]: "there is no host among the parts",
  [-3]: "there is a password without a user",
  [-22]: "the URI has no scheme",
  [-23]: "the URI has no user part",
  [-24]: "the user part has too many parts",
  [-26]: "the user part has too few parts",
} as const;
type EncodeProblem = -1 | -25 | -26 | -509;
type DecodeProblem = -1 | -2 | -3 | -22 | -23 | -24 | -26;

/** Contacts of the first field, or of all fields; null when one is malformed. `*` has none. */
export function contactsOf(msg: SipMessage, all: boolean): NameAddr[] | null {
  const contacts: NameAddr[] = [];
  for (const header of msg.headers) {
    if (header.type !== HeaderType.contact) continue;
    if (msg.value(header).trim() !== "*") {
      const found = parseContacts(msg.text, header.valueStart, header.valueEnd);
      if (found === null) return null;
      contacts.push(...found);
    }
    if (!all) break;
  }
  return contacts;
}

export const replaceUri = (msg: SipMessage, contact: NameAddr, uri: string): void =>
  void msg.edits.replace(contact.uriStart, contact.uriEnd - contact.uriStart, uri);

/** `sip:PREFIX*user*password*host*port*transport@ADDRESS`; a number is Kamailio's code for why there is none. */
export function encodeUri(uri: string, prefix: string, address: string, separator: string): string | EncodeProblem {
  if (uri.length <= 1) return -1;
  const colon = uri.indexOf(":");
  if (colon < 3) return colon < 0 ? -25 : -26;
  const parsed = parseUri(uri.slice(colon - 3));
  if (parsed === null) return -509;
  const { user, password, host, port, transport } = parsed;
  return `${uri.slice(0, colon + 1)}${[prefix, user, password, host, port, transport].join(separator)}@${address}`;
}

/** What `encodeUri` has hidden; a number is Kamailio's code for why the URI is no such thing. */
export function decodeUri(uri: string, separator: string): string | DecodeProblem {
  if (uri === "") return -1;
  const colon = uri.indexOf(":");
  if (colon < 0) return -22;
  const at = uri.indexOf("@", colon + 1);
  if (at < 0) return -23;
  const fields = uri.slice(colon + 1, at).split(separator);
  const [, user, password, host, port, transport] = fields;
  if (fields.length !== 6) return fields.length > 6 ? -24 : -26;
  if (!host) return -2;
  if (password && !user) return -3;
  const rest = uri.slice(at).search(/[;>]/);
  let out = uri.slice(0, colon + 1);
  if (user) out += `${user}${password ? `:${password}` : ""}@`;
  out += host;
  if (port) out += `:${port}`;
  if (transport) out += `;transport=${transport}`;
  return rest < 0 ? out : out + uri.slice(at + rest);
}

/** Base64 with `-` and `_`, without padding. */
export const toBase64Url = (text: string): string =>
  btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/** The text behind such Base64; null when it is none. */
export function fromBase64Url(text: string): string | null {
  if (!/^[A-Za-z0-9_-]*={0,2}$/.test(text)) return null;
  const plain = text.replace(/=+$/, "").replace(/-/g, "+").replace(/_/g, "/");
  return plain.length % 4 === 1 ? null : atob(plain);
}

/** The value of a URI's parameter, ignoring the case of its name: undefined without one, null when the URI is malformed. */
export function paramOf(uri: string, name: string): string | null | undefined {
  const parsed = parseUri(uri);
  return parsed === null ? null : uriParam(parsed.sipParams || parsed.params, name);
}

/** Where `;name` or `;name=value` stands in a URI; undefined when it has no such parameter. */
export function paramRange(uri: string, name: string): { start: number; end: number } | undefined {
  const wanted = name.toLowerCase();
  const params = uri.search(/;/);
  const stop = uri.indexOf("?") < 0 ? uri.length : uri.indexOf("?");
  for (let at = params; at >= 0 && at < stop; ) {
    const next = uri.indexOf(";", at + 1);
    const end = next < 0 || next > stop ? stop : next;
    const equals = uri.indexOf("=", at);
    const nameEnd = equals >= 0 && equals < end ? equals : end;
    if (
      uri
        .slice(at + 1, nameEnd)
        .trim()
        .toLowerCase() === wanted
    )
      return { start: at, end };
    at = next;
  }
  return undefined;
}
