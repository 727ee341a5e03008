/** What a command learns of the message: environment variables as Kamailio's exec module sets them (exec_hf.c). */
import type { SipMessage } from "../../sip/message.ts";
import { parseUri } from "../../sip/uri.ts";

/** Compact names (RFC 3261, 7.3.3) and the Call-ID, as Kamailio writes them. */
const NAMES: Readonly<Record<string, string>> = {
  V: "VIA",
  C: "CONTENT_TYPE",
  F: "FROM",
  I: "CALLID",
  "CALL-ID": "CALLID",
  K: "SUPPORTED",
  L: "CONTENT_LENGTH",
  M: "CONTACT",
  T: "TO",
  O: "EVENT",
};

/** `SIP_HF_<NAME>` of every header field, repeated ones joined by commas, and those of the message as a whole. */
export function environment(msg: SipMessage, md5: (text: string) => string, safe: boolean): Record<string, string> {
  const fields = new Map<string, string[]>();
  for (const header of msg.headers) {
    const upper = msg.name(header).toUpperCase();
    const name = `SIP_HF_${(NAMES[upper] ?? upper).replace(/[^A-Z0-9]/g, "_")}`;
    const value = harmless(msg.value(header), safe);
    const known = fields.get(name);
    // Kamailio puts each further value right behind the first.
    if (known) known.splice(1, 0, value);
    else fields.set(name, [value]);
  }
  const env: Record<string, string> = {};
  for (const [name, values] of fields) env[name] = values.join(",");
  env["SIP_SRCIP"] = msg.received.srcIp;
  env["SIP_RURI"] = msg.uri;
  env["SIP_ORURI"] = msg.requestUri;
  const user = parseUri(msg.uri)?.user;
  const original = parseUri(msg.requestUri)?.user;
  if (user !== undefined) env["SIP_USER"] = user;
  if (original !== undefined) env["SIP_OUSER"] = original;
  env["SIP_TID"] = transactionId(msg, md5);
  env["SIP_DID"] = msg.to?.tag ?? "";
  // A variable ends at its first NUL byte.
  for (const [name, value] of Object.entries(env))
    if (value.includes("\0")) env[name] = value.slice(0, value.indexOf("\0"));
  return env;
}

/** Old shells ran what followed a function definition in a variable (CVE-2014-6271). */
const harmless = (value: string, safe: boolean): string => (safe && value.startsWith("() {") ? value.slice(2) : value);

/** The same for an INVITE, its retransmissions, its CANCEL and the ACK to a negative reply (core/char_msg_val.h). */
function transactionId(msg: SipMessage, md5: (text: string) => string): string {
  const via = msg.vias[0];
  if (!via || !msg.from || !msg.to || !msg.cseq) return "";
  const sameTo = msg.method === "INVITE" || msg.method === "ACK" || msg.method === "CANCEL";
  const tags = msg.from.tag + (sameTo ? "" : msg.to.tag);
  const sentBy = via.host + via.portText + (via.branch?.value ?? "");
  return md5(tags + msg.callId + msg.requestUri + msg.cseq.numberText + sentBy);
}
