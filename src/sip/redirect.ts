/** The Contact header field of a 3xx reply made here: the destination set (Kamailio's print_dset). */
import type { SipMessage } from "./message.ts";

/** What a contact carries besides its URI. */
export interface RichRedirect {
  readonly flags?: boolean;
  readonly path?: boolean;
}

/** `Contact: …` line with its end; "" when neither the Request-URI was changed nor a branch appended. */
export function redirectContacts(msg: SipMessage, rich: RichRedirect = {}): string {
  const contacts: string[] = [];
  if (msg.newUri !== null) contacts.push(contact(msg.newUri, msg.q, msg.path ?? "", msg.branchFlags, rich));
  for (const branch of msg.branches) contacts.push(contact(branch.uri, branch.q, branch.path, branch.flags, rich));
  return contacts.length > 0 ? `Contact: ${contacts.join(", ")}\r\n` : "";
}

/** A q value given in thousandths, as `1`, `0` or `0.5` with no trailing zeros. */
export function qText(q: number): string {
  if (q >= 1000) return "1";
  if (q <= 0) return "0";
  return `0.${String(q).padStart(3, "0").replace(/0+$/, "")}`;
}

function contact(uri: string, q: number, path: string, flags: number, rich: RichRedirect): string {
  let out = `<${uri}`;
  if (rich.path && path !== "") out += `?Route=${escapeParam(path)}`;
  out += ">";
  if (q >= 0) out += `;q=${qText(q)}`;
  return rich.flags ? `${out};flags=${flags}` : out;
}

/** Percent-encodes what may not stand in a URI header value. */
function escapeParam(text: string): string {
  let out = "";
  for (const c of text) out += /[A-Za-z0-9\-_.!~*'()[\]/:&+$]/.test(c) ? c : `%${hex(c.charCodeAt(0))}`;
  return out;
}

const hex = (byte: number): string => byte.toString(16).padStart(2, "0");
