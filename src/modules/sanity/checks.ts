/** The checks of sanity_check(), each for itself: true when it passed. */
import { isComplete, parseCredentials } from "../../sip/auth.ts";
import { HeaderType } from "../../sip/headers.ts";
import { digits } from "../../sip/lex.ts";
import type { SipMessage } from "../../sip/message.ts";
import { type NameAddr, parseContacts, parseNameAddrs } from "../../sip/nameaddr.ts";
import { parseUri } from "../../sip/uri.ts";

/** What is wrong, to be said to the sender or by sanity_reply(). */
export interface Mistake {
  readonly code: number;
  readonly reason: string;
}

/** True: the check passed. False: it failed, and there is nothing to answer. */
type Outcome = boolean | Mistake;

/** `which` are bits: 1 Request-URI, 2 From, 4 To, 8 Contact. `known` are the extensions that Proxy-Require may ask for. */
type Check = (msg: SipMessage, which: number, known: readonly string[]) => Outcome;

const fail = (code: number, reason: string): Mistake => ({ code, reason });

/** Kamailio's names for the checks are in its documentation; bits 8 and 16 do nothing there either. */
export const CHECKS: readonly { readonly bit: number; readonly passes: Check }[] = [
  { bit: 1 << 0, passes: requestLineVersion },
  { bit: 1 << 1, passes: requestUriScheme },
  { bit: 1 << 2, passes: requiredHeaders },
  { bit: 1 << 14, passes: topmostVia },
  { bit: 1 << 15, passes: rfc3261 },
  { bit: 1 << 5, passes: cseqMethod },
  { bit: 1 << 6, passes: cseqNumber },
  { bit: 1 << 7, passes: contentLength },
  { bit: 1 << 8, passes: expires },
  { bit: 1 << 9, passes: proxyRequire },
  { bit: 1 << 10, passes: uris },
  { bit: 1 << 11, passes: digest },
  { bit: 1 << 13, passes: authorization },
  { bit: 1 << 12, passes: duplicateTags },
];

function requestLineVersion(msg: SipMessage): Outcome {
  const { version } = msg;
  if (!msg.isRequest || version === "SIP/2.0" || version.slice(version.indexOf("/") + 1) === "2.0") return true;
  return fail(505, "Version Not Supported (R-URI)");
}

/**
 * Kamailio answers 400 to every URI that it cannot parse. RFC 4475 (3.3.2, 3.3.3) asks for 416 where the URI belongs to
 * another protocol: those are told by not having the `user@host` of a mistyped SIP URI.
 */
function requestUriScheme(msg: SipMessage): Outcome {
  if (!msg.isRequest || msg.parsedUri !== null) return true;
  const foreign = /^(?!sips?:|tel:|urn:)[a-z][a-z0-9+.-]*:[^@]+$/i.test(msg.uri);
  return foreign ? fail(416, "Unsupported URI Scheme in Request URI") : fail(400, "Bad Request URI");
}

function requiredHeaders(msg: SipMessage): Outcome {
  return msg.headersProblem === "" || fail(400, "Bad Headers");
}

/** A Via without branch is that of an RFC 2543 client, which must be served (RFC 4475, 3.4.1). */
function topmostVia(msg: SipMessage): boolean {
  const via = msg.via1;
  if (via !== undefined && via.host !== "" && via.branch?.value !== "") return true;
  msg.mark("no-reply");
  return false;
}

function rfc3261(msg: SipMessage): boolean {
  if (!msg.via1?.branch?.value?.startsWith("z9hG4bK")) return false;
  for (const header of msg.headers) {
    if (header.type !== HeaderType.recordRoute && header.type !== HeaderType.route) continue;
    const first = parseNameAddrs(msg.text, header.valueStart, header.valueEnd)?.[0];
    if (!first || !parseUri(first.uri)?.lr) return false;
  }
  return true;
}

function cseqMethod(msg: SipMessage): Outcome {
  if (!msg.isRequest || msg.cseq?.method === msg.method) return true;
  return fail(400, "CSeq method does not match request method");
}

/** Below 2^31. Like Kamailio's, the number is taken modulo 2^32, but one of more than ten digits is always refused. */
function cseqNumber(msg: SipMessage): Outcome {
  const text = msg.cseq?.numberText ?? "";
  const value = text.length <= 10 ? digits(text) : -1;
  return (value >= 0 && value % 2 ** 32 < 2 ** 31) || fail(400, "CSeq number is illegal");
}

function contentLength(msg: SipMessage): Outcome {
  if (msg.headersProblem !== "") return fail(400, "Content-Length Failure");
  if (msg.contentLength < 0) return true;
  if (msg.headersEnd === msg.text.length) return fail(400, "Content-Length Body Failure");
  return msg.text.length - msg.bodyStart === msg.contentLength || fail(400, "Content-Length mis-match");
}

function expires(msg: SipMessage): Outcome {
  const value = msg.first(HeaderType.expires);
  if (value === undefined) return msg.headersProblem === "" || fail(400, "Bad Expires Header");
  const text = value.trim();
  if (text === "") return fail(400, "Bad Expires Header");
  const number = text.length > 10 ? text : text.split(/\s/)[0]!;
  const seconds = digits(number);
  return (number.length <= 10 && seconds >= 0 && seconds <= 2 ** 32) || fail(400, "Expires value is illegal");
}

function proxyRequire(msg: SipMessage, _which: number, known: readonly string[]): Outcome {
  const value = msg.first(HeaderType.proxyRequire);
  if (value === undefined) return msg.headersProblem === "" || fail(400, "Bad Proxy Require Header");
  if (value.trim() === "") return fail(400, "Bad Proxy Require Header");
  for (const extension of value.split(",").map((it) => it.trim())) {
    if (known.includes(extension)) continue;
    msg.reply ??= { headers: [], body: undefined, contentType: undefined };
    msg.reply.headers.push(`Unsupported: ${extension}\r\n`);
    return fail(420, "Bad Proxy Require Extension");
  }
  return true;
}

function uris(msg: SipMessage, which: number): Outcome {
  if (which & 1 && msg.isRequest && msg.parsedUri === null) return fail(400, "Bad Request URI");
  if (which & 2 && !msg.from?.parsed) return fail(400, "Invalid From Header");
  if (which & 4 && !msg.to?.parsed) return fail(400, "Invalid To Header");
  if ((which & 8) === 0) return true;
  if (msg.headersProblem !== "") return fail(400, "Bad Contact Header");
  for (const header of msg.named("Contact")) {
    if (msg.value(header).trim() === "*") continue;
    const contacts: NameAddr[] | null = parseContacts(msg.text, header.valueStart, header.valueEnd);
    if (!contacts) return fail(400, "Bad Contact Header");
    if (header === msg.find(HeaderType.contact) && contacts[0]!.parsed === null) return fail(400, "Bad Contact URI");
  }
  return true;
}

/** "other" when there are credentials of another scheme. */
function credentials(msg: SipMessage): Outcome | "other" {
  if (msg.headersProblem !== "") return fail(400, "Bad Headers");
  for (const type of [HeaderType.authorization, HeaderType.proxyAuthorization]) {
    for (const header of msg.headers) {
      if (header.type !== type) continue;
      const found = parseCredentials(msg.value(header));
      if (found === "other") return "other";
      if (found === null) return fail(400, "Bad Auth Header");
      if (!isComplete(found)) return fail(400, "Bad Auth Credentials");
      if (found.username === "") return fail(400, "Auth Empty User");
      if (found.nonce === "") return fail(400, "Auth Empty Nonce");
      if (found.response === "") return fail(400, "Auth Empty Response");
    }
  }
  return true;
}

function digest(msg: SipMessage): Outcome {
  const found = credentials(msg);
  return found === "other" ? false : found;
}

function authorization(msg: SipMessage): Outcome {
  const found = credentials(msg);
  return found === "other" || found;
}

function duplicateTags(msg: SipMessage): Outcome {
  const many = (addr: NameAddr | null): boolean =>
    addr !== null && addr.params.filter((param) => param.name.toLowerCase() === "tag").length > 1;
  if (many(msg.from)) return fail(400, "Many From Tag Params");
  return !many(msg.to) || fail(400, "Many To Tag Params");
}
