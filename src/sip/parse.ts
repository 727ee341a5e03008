/**
 * One pass over the text of a message: first line, then an index of the header fields. What Kamailio's parser refuses
 * before it hands a message to the script makes the message malformed; problems in later fields are noted and matter
 * only to whoever reads all fields. Where RFC 4475 calls a message valid that Kamailio refuses (folded CSeq, rare token
 * characters in field names), the RFC is followed.
 */
import { parseCSeq } from "./cseq.ts";
import { HeaderType, headerTypeAt, NAME_HASH, nameHash } from "./headers.ts";
import { isDigit, skipBlanks, skipLws, TOKEN } from "./lex.ts";
import type { Header, Index, SipMessage } from "./message.ts";
import { methodAt } from "./methods.ts";
import { parseNameAddr } from "./nameaddr.ts";
import { parseVias } from "./via.ts";

const CR = 13;
const LF = 10;

/** Fills in the first line. Gives the offset of the header fields, or -1 when the message is malformed. */
export function parseFirstLine(msg: SipMessage): number {
  const text = msg.text;
  const n = text.length;
  let p = 0;
  while (p < n) {
    const c = text.charCodeAt(p);
    if (c !== LF && c !== CR && c !== 0 && c !== 9 && c !== 32) break;
    p++;
  }
  msg.firstLineStart = p;
  msg.contentLength = -1;
  msg.headersEnd = n;
  msg.bodyStart = n;
  if (n - p <= 16) return bad(msg, "too short");

  const first = tokenEnd(text, p, n);
  if (text.charCodeAt(first) !== 32) return bad(msg, "bad first line");
  const second = first + 1;
  const secondEnd = tokenEnd(text, second, n);
  const third = skipBlanks(text, secondEnd, n);
  if (third === secondEnd || third >= n) return bad(msg, "bad first line");

  if (first - p === 7 && isSip2(text, p)) {
    msg.isRequest = false;
    msg.protocol = "sip";
    msg.version = versionAt(text, p, first);
    msg.method = "";
    msg.requestUri = "";
    const a = text.charCodeAt(second);
    const b = text.charCodeAt(second + 1);
    const c = text.charCodeAt(second + 2);
    if (secondEnd - second !== 3 || !isDigit(a) || !isDigit(b) || !isDigit(c)) return bad(msg, "bad status code");
    msg.status = (a - 48) * 100 + (b - 48) * 10 + (c - 48);
    let q = third;
    while (q < n && text.charCodeAt(q) !== CR && text.charCodeAt(q) !== LF) q++;
    msg.reason = text.slice(third, q);
    return nextLine(msg, q);
  }
  if (first === p) return bad(msg, "no method");
  msg.isRequest = true;
  msg.status = 0;
  msg.reason = "";
  msg.method = methodAt(text, p, first);
  msg.requestUriStart = second;
  msg.requestUri = text.slice(second, secondEnd);
  const end = tokenEnd(text, third, n);
  const rest = skipBlanks(text, end, n);
  if (end === third || rest >= n || (text.charCodeAt(rest) !== CR && text.charCodeAt(rest) !== LF))
    return bad(msg, "bad first line");
  msg.version = versionAt(text, third, end);
  msg.protocol = isSip2(text, third) ? "sip" : /^http\/(1\.|2)/i.test(msg.version) ? "http" : "";
  return nextLine(msg, end);
}

/** Indexes the header fields from `at` on; the index is that of `msg`. */
export function parseHeaders(msg: SipMessage, index: Index, at: number): void {
  const text = msg.text;
  const n = text.length;
  const headers = index.headers;
  const isSip = msg.protocol !== "http";
  const { vias } = index;
  let seen = 0;
  let p = at;
  let problem = "";
  while (p < n) {
    const c0 = text.charCodeAt(p);
    if (c0 === CR || c0 === LF) {
      msg.headersEnd = p;
      msg.bodyStart = c0 === CR && text.charCodeAt(p + 1) === LF ? p + 2 : p + 1;
      break;
    }
    // Name.
    const start = p;
    let hash = NAME_HASH;
    let c = c0;
    while (p < n && c < 256 && TOKEN[c] === 1) {
      hash = nameHash(hash, c);
      c = text.charCodeAt(++p);
    }
    const nameEnd = p;
    if (c === 32 || c === 9) {
      p = skipBlanks(text, p, n);
      c = text.charCodeAt(p);
    }
    if (nameEnd === start || p >= n || c !== 58) {
      problem = "bad header field name";
      break;
    }
    // Value: up to a line end that is not followed by white space.
    const valueStart = skipLws(text, p + 1, n);
    if (valueStart >= n) {
      problem = "header field without line end";
      break;
    }
    let lf = valueStart - 1;
    for (;;) {
      lf = text.indexOf("\n", lf + 1);
      if (lf < 0) break;
      const after = text.charCodeAt(lf + 1);
      if (after !== 32 && after !== 9) break;
    }
    if (lf < 0) {
      problem = "header field without line end";
      break;
    }
    p = lf + 1;
    let valueEnd = lf;
    while (valueEnd > valueStart) {
      const last = text.charCodeAt(valueEnd - 1);
      if (last !== CR && last !== LF && last !== 0) break;
      valueEnd--;
    }
    const type = headerTypeAt(text, start, nameEnd, hash);
    switch (type) {
      case HeaderType.via: {
        const known = vias.length;
        if (isSip && parseVias(text, valueStart, p, vias)) seen |= 1;
        else if (isSip) {
          problem = "bad Via";
          vias.length = known;
        }
        break;
      }
      case HeaderType.from:
        if (seen & 2) problem = "From twice";
        else {
          index.from = parseNameAddr(text, valueStart, valueEnd);
          if (index.from !== null) seen |= 2;
          else if (isSip) problem = "bad From";
        }
        break;
      case HeaderType.to:
        if (seen & 4) problem = "To twice";
        else {
          index.to = parseNameAddr(text, valueStart, valueEnd);
          if (index.to !== null) seen |= 4;
          else if (isSip) problem = "bad To";
        }
        break;
      case HeaderType.callId:
        if (seen & 8) problem = "Call-ID twice";
        else index.callId = text.slice(valueStart, valueEnd);
        seen |= 8;
        break;
      case HeaderType.cseq:
        if (seen & 16) problem = "CSeq twice";
        else {
          index.cseq = parseCSeq(text, valueStart, valueEnd);
          if (index.cseq !== null) seen |= 16;
          else if (isSip) problem = "bad CSeq";
        }
        break;
      case HeaderType.maxForwards:
        if (seen & 32) problem = "Max-Forwards twice";
        seen |= 32;
        break;
      case HeaderType.contentLength: {
        const length = contentLength(text, valueStart, valueEnd);
        if (seen & 64) problem = "Content-Length twice";
        else if (length < 0) problem = "bad Content-Length";
        else msg.contentLength = length;
        seen |= 64;
        break;
      }
      case HeaderType.retryAfter:
        if (isSip && !isDigit(text.charCodeAt(valueStart))) problem = "bad Retry-After";
        break;
    }
    if (problem !== "") break;
    const header: Header = { type, start, nameEnd, valueStart, valueEnd, end: p };
    headers.push(header);
  }
  if (!isSip) {
    msg.malformed = problem;
    return;
  }
  if (problem !== "") {
    // A transaction's identity is complete: the script may run, and finds out when it reads further fields.
    if ((seen & 31) === 31) msg.headersProblem = problem;
    else msg.malformed = problem;
    if (msg.headersEnd === n) {
      const blank = text.indexOf("\r\n\r\n", at - 2);
      if (blank >= 0) {
        msg.headersEnd = blank + 2;
        msg.bodyStart = blank + 4;
      }
    }
  } else if ((seen & 31) !== 31) msg.malformed = `no ${missing(seen)}`;
  if (msg.protocol === "" && msg.malformed === "") {
    msg.malformed = "unknown protocol version";
    // A peer that speaks another version says so in its Via too. A lone odd version in the first line is noise.
    if (vias[0]?.version !== "2.0") msg.refuse = 505;
  } else if (msg.malformed === "" && vias[0]!.version !== "2.0") msg.malformed = "bad Via";
}

/** The part of a datagram that is the message, when octets behind its body begin another one (RFC 4475, 3.1.1.8). */
export function withoutSecondMessage(msg: SipMessage): string {
  const end = msg.bodyStart + msg.contentLength;
  const text = msg.text;
  if (msg.contentLength < 0 || end >= text.length) return text;
  let next = end;
  while (next < text.length && text.charCodeAt(next) <= 32) next++;
  const line = text.indexOf("\n", next);
  if (line < 0) return text;
  const rest = text.slice(next, line).trimEnd();
  return rest.endsWith(" SIP/2.0") || rest.startsWith("SIP/2.0 ") ? text.slice(0, end) : text;
}

const REQUIRED = ["Via", "From", "To", "Call-ID", "CSeq"];
const missing = (seen: number): string => REQUIRED.filter((_, i) => !(seen & (1 << i))).join(", ");

/** The number, which nothing but white space may follow; -1 when it is none or 2^31 / 10 or more before its last digit. */
function contentLength(text: string, at: number, end: number): number {
  let value = 0;
  let p = at;
  for (; p < end; p++) {
    const c = text.charCodeAt(p);
    if (!isDigit(c)) break;
    if (value >= 214748364) return -1;
    value = value * 10 + (c - 48);
  }
  return p > at && skipLws(text, p, end) >= end ? value : -1;
}

function nextLine(msg: SipMessage, at: number): number {
  const lf = msg.text.indexOf("\n", at);
  if (lf < 0 || lf + 1 >= msg.text.length) return bad(msg, "no header fields");
  msg.firstLineEnd = lf + 1;
  return lf + 1;
}

function bad(msg: SipMessage, why: string): -1 {
  msg.malformed = why;
  msg.firstLineEnd = msg.firstLineStart;
  return -1;
}

function tokenEnd(text: string, at: number, end: number): number {
  while (at < end) {
    const c = text.charCodeAt(at);
    if (c === 32 || c === 9 || c === CR || c === LF) break;
    at++;
  }
  return at;
}

/** As written. Almost always the same, which is kept once. */
const versionAt = (text: string, at: number, end: number): string =>
  end - at === 7 && text.startsWith("SIP/2.0", at) ? "SIP/2.0" : text.slice(at, end);

/** `SIP/2.0` in any case. */
function isSip2(text: string, at: number): boolean {
  return (
    (text.charCodeAt(at) | 32) === 115 &&
    (text.charCodeAt(at + 1) | 32) === 105 &&
    (text.charCodeAt(at + 2) | 32) === 112 &&
    text.charCodeAt(at + 3) === 47 &&
    text.charCodeAt(at + 4) === 50 &&
    text.charCodeAt(at + 5) === 46 &&
    text.charCodeAt(at + 6) === 48
  );
}
