/** The checks of sanity_check(), each for itself: true when it passed. */
import type { Call } from "../../declare/call.ts";
import { isComplete, parseCredentials } from "../../sip/auth.ts";
import { HeaderType } from "../../sip/headers.ts";
import { digits } from "../../sip/lex.ts";
import type { SipMessage } from "../../sip/message.ts";
import { type NameAddr, parseNameAddrs } from "../../sip/nameaddr.ts";
import { parseUri } from "../../sip/uri.ts";

export interface CheckContext {
  readonly call: Call;
  readonly msg: SipMessage;
  /** Bits: 1 Request-URI, 2 From, 4 To, 8 Contact. */
  readonly uris: number;
  readonly proxyRequire: readonly string[];
  /** Says what is wrong, to the sender or for sanity_reply(). Always false, so that a check can end with it. */
  fail(code: number, reason: string): false;
  /** Fails, and marks the message not to be answered. */
  silent(): false;
}

type Check = (context: CheckContext) => boolean;

/** Kamailio's names for the checks are in its documentation; bits 8 and 16 do nothing there either. */
export const CHECKS: readonly (readonly [bit: number, check: Check])[] = [
  [1 << 0, requestLineVersion],
  [1 << 1, requestUriScheme],
  [1 << 2, requiredHeaders],
  [1 << 14, topmostVia],
  [1 << 15, rfc3261],
  [1 << 5, cseqMethod],
  [1 << 6, cseqNumber],
  [1 << 7, contentLength],
  [1 << 8, expires],
  [1 << 9, proxyRequire],
  [1 << 10, uris],
  [1 << 11, digest],
  [1 << 13, authorization],
  [1 << 12, duplicateTags],
];

function requestLineVersion({ msg, fail }: CheckContext): boolean {
  if (!msg.isRequest || msg.version.slice(msg.version.indexOf("/") + 1) === "2.0") return true;
  return fail(505, "Version Not Supported (R-URI)");
}

/**
 * Kamailio answers 400 to every URI that it cannot parse. RFC 4475 (3.3.2, 3.3.3) asks for 416 where the URI belongs to
 * another protocol: those are told by not having the `user@host` of a mistyped SIP URI.
 */
function requestUriScheme({ msg, fail }: CheckContext): boolean {
  if (!msg.isRequest || msg.parsedUri !== null) return true;
  const foreign = /^(?!sips?:|tel:|urn:)[a-z][a-z0-9+.-]*:[^@]+$/i.test(msg.uri);
  return foreign ? fail(416, "Unsupported URI Scheme in Request URI") : fail(400, "Bad Request URI");
}

function requiredHeaders({ msg, fail }: CheckContext): boolean {
  return msg.headersProblem === "" || fail(400, "Bad Headers");
}

/** A Via without branch is that of an RFC 2543 client, which must be served (RFC 4475, 3.4.1). */
function topmostVia({ msg, silent }: CheckContext): boolean {
  const via = msg.via1;
  return (via !== undefined && via.host !== "" && via.branch?.value !== "") || silent();
}

function rfc3261({ msg }: CheckContext): boolean {
  if (!msg.via1?.branch?.value?.startsWith("z9hG4bK")) return false;
  for (const header of msg.headers) {
    if (header.type !== HeaderType.recordRoute && header.type !== HeaderType.route) continue;
    const first = parseNameAddrs(msg.text, header.valueStart, header.valueEnd)?.[0];
    if (!first || !parseUri(first.uri)?.lr) return false;
  }
  return true;
}

function cseqMethod({ msg, fail }: CheckContext): boolean {
  if (!msg.isRequest || msg.cseq?.method === msg.method) return true;
  return fail(400, "CSeq method does not match request method");
}

/** Below 2^31. Like Kamailio's, the number is taken modulo 2^32, but one of more than ten digits is always refused. */
function cseqNumber({ msg, fail }: CheckContext): boolean {
  const text = msg.cseq?.numberText ?? "";
  const value = text.length <= 10 ? digits(text) : -1;
  return (value >= 0 && value % 2 ** 32 < 2 ** 31) || fail(400, "CSeq number is illegal");
}

function contentLength({ msg, fail }: CheckContext): boolean {
  if (/Content-Length/.test(msg.headersProblem)) return fail(400, "Content-Length Failure");
  if (msg.contentLength < 0) return true;
  if (msg.headersEnd === msg.text.length) return fail(400, "Content-Length Body Failure");
  return msg.text.length - msg.bodyStart === msg.contentLength || fail(400, "Content-Length mis-match");
}

function expires({ msg, fail }: CheckContext): boolean {
  const value = msg.first(HeaderType.expires);
  if (value === undefined) return true;
  const text = value.trim();
  if (text === "") return fail(400, "Bad Expires Header");
  const number = text.length > 10 ? text : text.split(/\s/)[0]!;
  const seconds = digits(number);
  return (number.length <= 10 && seconds >= 0 && seconds <= 2 ** 32) || fail(400, "Expires value is illegal");
}

function proxyRequire({ msg, proxyRequire: known, fail }: CheckContext): boolean {
  const value = msg.first(HeaderType.proxyRequire);
  if (value === undefined) return true;
  if (value.trim() === "") return fail(400, "Bad Proxy Require Header");
  for (const extension of value.split(",").map((it) => it.trim())) {
    if (known.includes(extension)) continue;
    msg.reply ??= { headers: [], body: undefined, contentType: undefined };
    msg.reply.headers.push(`Unsupported: ${extension}\r\n`);
    return fail(420, "Bad Proxy Require Extension");
  }
  return true;
}

function uris({ msg, uris: which, fail }: CheckContext): boolean {
  if (which & 1 && msg.isRequest && msg.parsedUri === null) return fail(400, "Bad Request URI");
  if (which & 2 && !msg.from?.parsed) return fail(400, "Invalid From Header");
  if (which & 4 && !msg.to?.parsed) return fail(400, "Invalid To Header");
  if ((which & 8) === 0) return true;
  for (const header of msg.named("Contact")) {
    if (msg.value(header).trim() === "*") continue;
    const contacts: NameAddr[] | null = parseNameAddrs(msg.text, header.valueStart, header.valueEnd);
    if (!contacts) return fail(400, "Bad Contact Header");
    if (header === msg.find(HeaderType.contact) && contacts[0]!.parsed === null) return fail(400, "Bad Contact URI");
  }
  return true;
}

/** "other" when there are credentials of another scheme. */
function credentials({ msg, fail }: CheckContext): boolean | "other" {
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

function digest(context: CheckContext): boolean {
  return credentials(context) === true;
}

function authorization(context: CheckContext): boolean {
  return credentials(context) !== false;
}

function duplicateTags({ msg, fail }: CheckContext): boolean {
  const many = (addr: NameAddr | null): boolean =>
    addr !== null && addr.params.filter((param) => param.name.toLowerCase() === "tag").length > 1;
  if (many(msg.from)) return fail(400, "Many From Tag Params");
  return !many(msg.to) || fail(400, "Many To Tag Params");
}
