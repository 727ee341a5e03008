/** Via header fields (RFC 3261, 20.42), parsed with offsets because replies and forwards edit them in place. */
import { digits, lineEnd, sameText, skipLws } from "./lex.ts";

export interface ViaParam {
  readonly name: string;
  readonly value: string | undefined;
  /** Right behind the semicolon. */
  readonly start: number;
  /** The next semicolon or comma, or the end of the value: white space around the parameter is inside. */
  readonly end: number;
}

export interface Via {
  /** First byte of the value, the `S` of `SIP/2.0/…`. */
  readonly start: number;
  /** Past the value; where a comma follows, the comma. */
  readonly end: number;
  /** "2.0" unless the peer speaks something else. */
  readonly version: string;
  /** As written: UDP, TCP, TLS, … */
  readonly transport: string;
  /** As written, IPv6 in brackets. */
  readonly host: string;
  /** 0 when none is given. */
  readonly port: number;
  readonly portText: string;
  /** Past host and port: where `received` is put. */
  readonly sentByEnd: number;
  readonly params: readonly ViaParam[];
  readonly branch: ViaParam | undefined;
  readonly received: ViaParam | undefined;
  readonly rport: ViaParam | undefined;
  readonly i: ViaParam | undefined;
  readonly alias: ViaParam | undefined;
}

/** Parses one Via header field's value from `at` to its line end and adds what it holds; false when it is malformed. */
export function parseVias(text: string, at: number, end: number, list: Via[]): boolean {
  for (;;) {
    const via = parseOne(text, at, end);
    if (via === null) return false;
    list.push(via);
    at = via.end;
    if (text.charCodeAt(at) !== 44) return lineEnd(text, at, end) >= 0;
    // Several commas in a row are taken as one.
    while (text.charCodeAt(at) === 44) at = skipLws(text, at + 1, end);
  }
}

function parseOne(text: string, start: number, end: number): Via | null {
  let p = start;
  // SIP
  if (
    (text.charCodeAt(p) | 32) !== 115 ||
    (text.charCodeAt(p + 1) | 32) !== 105 ||
    (text.charCodeAt(p + 2) | 32) !== 112
  )
    return null;
  p = skipLws(text, p + 3, end);
  if (text.charCodeAt(p) !== 47) return null;
  p = skipLws(text, p + 1, end);
  let from = p;
  while (p < end && !ends(text.charCodeAt(p)) && text.charCodeAt(p) !== 47) p++;
  const version = text.slice(from, p);
  if (p === from) return null;
  p = skipLws(text, p, end);
  if (text.charCodeAt(p) !== 47) return null;
  p = skipLws(text, p + 1, end);
  from = p;
  while (p < end && !ends(text.charCodeAt(p))) p++;
  const transport = text.slice(from, p);
  const host = skipLws(text, p, end);
  if (transport === "" || host === p) return null;

  p = host;
  if (text.charCodeAt(p) === 91) {
    while (p < end && text.charCodeAt(p) !== 93) {
      if (ends(text.charCodeAt(p))) return null;
      p++;
    }
    if (p >= end) return null;
    p++;
  } else {
    while (p < end && !ends(text.charCodeAt(p)) && text.charCodeAt(p) !== 58) p++;
    if (p === host) return null;
  }
  const hostEnd = p;
  let sentByEnd = p;
  let portText = "";
  let port = 0;
  p = skipLws(text, p, end);
  if (text.charCodeAt(p) === 58) {
    from = skipLws(text, p + 1, end);
    p = from;
    while (p < end && !ends(text.charCodeAt(p))) p++;
    portText = text.slice(from, p);
    port = digits(portText);
    if (port < 0 || port > 65535) return null;
    sentByEnd = p;
    p = skipLws(text, p, end);
  }
  if (p < end && text.charCodeAt(p) === 59) sentByEnd = p;

  const params: ViaParam[] = [];
  let branch: ViaParam | undefined;
  let received: ViaParam | undefined;
  let rport: ViaParam | undefined;
  let i: ViaParam | undefined;
  let alias: ViaParam | undefined;
  while (text.charCodeAt(p) === 59 && p < end) {
    const begin = p + 1;
    from = skipLws(text, begin, end);
    p = from;
    while (p < end && !ends(text.charCodeAt(p)) && text.charCodeAt(p) !== 61) p++;
    if (p === from) return null;
    const name = text.slice(from, p);
    let value: string | undefined;
    p = skipLws(text, p, end);
    if (text.charCodeAt(p) === 61) {
      p = skipLws(text, p + 1, end);
      if (text.charCodeAt(p) === 34) {
        const close = text.indexOf('"', p + 1);
        if (close < 0 || close >= end) return null;
        value = text.slice(p + 1, close);
        p = close + 1;
      } else {
        from = p;
        while (p < end && !ends(text.charCodeAt(p))) p++;
        value = text.slice(from, p);
      }
      p = skipLws(text, p, end);
    }
    const param = { name, value, start: begin, end: p };
    params.push(param);
    if (sameText(name, "branch")) branch = param;
    else if (sameText(name, "received")) received = param;
    else if (sameText(name, "rport")) rport = param;
    else if (sameText(name, "i")) i = param;
    else if (sameText(name, "alias")) alias = param;
  }
  if (text.charCodeAt(p) === 40) {
    p = skipComment(text, p, end);
    if (p < 0) return null;
  }
  const c = text.charCodeAt(p);
  if (p < end && c !== 44 && c !== 13 && c !== 10) return null;
  return {
    start,
    end: p,
    version,
    transport,
    host: text.slice(host, hostEnd),
    port,
    portText,
    sentByEnd,
    params,
    branch,
    received,
    rport,
    i,
    alias,
  };
}

/** Past a comment in parentheses, which may nest, and the white space behind it; -1 when it does not end. */
function skipComment(text: string, at: number, end: number): number {
  let depth = 0;
  for (; at < end; at++) {
    const c = text.charCodeAt(at);
    if (c === 92) at++;
    else if (c === 40) depth++;
    else if (c === 41 && --depth === 0) return skipLws(text, at + 1, end);
    else if ((c === 13 || c === 10) && skipLws(text, at, end) === at) return -1;
  }
  return -1;
}

/** White space, and what separates the parts of a Via behind the transport. */
function ends(c: number): boolean {
  return c === 32 || c === 9 || c === 13 || c === 10 || c === 59 || c === 44 || c === 40;
}
