/** `name-addr` and `addr-spec` with parameters: From, To, Contact, Route, Record-Route, Path, P-Asserted-Identity … */
import { skipLws } from "./lex.ts";
import { closeQuote, findParam, type Param, parseParams } from "./params.ts";
import { parseUri, type Uri } from "./uri.ts";

/** Offsets are into the text that was parsed. */
export class NameAddr {
  readonly displayStart: number;
  readonly displayEnd: number;
  readonly uriStart: number;
  readonly uriEnd: number;
  /** The URI stands in angle brackets. */
  readonly enclosed: boolean;
  /** First byte, and past the URI or its `>` (where the parameters begin). */
  readonly start: number;
  readonly bodyEnd: number;
  /** Past the last byte, white space behind it left out. */
  readonly end: number;
  readonly params: readonly Param[];
  readonly #text: string;
  #parsed: Uri | null | undefined = undefined;

  constructor(
    text: string,
    start: number,
    displayStart: number,
    displayEnd: number,
    uriStart: number,
    uriEnd: number,
    enclosed: boolean,
    bodyEnd: number,
    params: readonly Param[],
  ) {
    this.#text = text;
    this.start = start;
    this.displayStart = displayStart;
    this.displayEnd = displayEnd;
    this.uriStart = uriStart;
    this.uriEnd = uriEnd;
    this.enclosed = enclosed;
    this.bodyEnd = bodyEnd;
    this.params = params;
    const last = params.length > 0 ? params[params.length - 1]! : undefined;
    this.end = last ? last.end : bodyEnd;
  }

  /** Display name as written, quotes included; "" when there is none. */
  get display(): string {
    return this.#text.slice(this.displayStart, this.displayEnd);
  }
  /** The URI as written. */
  get uri(): string {
    return this.#text.slice(this.uriStart, this.uriEnd);
  }
  /** The parsed URI; null when it is malformed. */
  get parsed(): Uri | null {
    if (this.#parsed === undefined) this.#parsed = parseUri(this.uri);
    return this.#parsed;
  }

  param(name: string): Param | undefined {
    return this.params.length === 0 ? undefined : findParam(this.params, name);
  }

  /** The value of the `tag` parameter; "" when there is none. */
  get tag(): string {
    return this.param("tag")?.value ?? "";
  }
}

/** What a From or To header field holds; null when it is malformed. `end` is the end of the field's value. */
export function parseNameAddr(text: string, at: number, end: number): NameAddr | null {
  const parsed = one(text, at, end, false);
  return parsed !== null && skipLws(text, parsed.next, end) >= end ? parsed.addr : null;
}

/** A comma-separated list of them (Contact, Route …); null when any is malformed. `*` is for the caller to see first. */
export function parseNameAddrs(text: string, at: number, end: number): NameAddr[] | null {
  const list: NameAddr[] = [];
  for (;;) {
    const parsed = one(text, at, end, true);
    if (parsed === null) return null;
    list.push(parsed.addr);
    at = skipLws(text, parsed.next, end);
    if (at >= end) return list;
    if (text.charCodeAt(at) !== 44) return null;
    at = skipLws(text, at + 1, end);
    // A comma at the very end of a list is forgiven.
    if (at >= end) return list;
  }
}

/** The contacts of a Contact field; null when any is malformed: as an address without brackets it has a colon. */
export function parseContacts(text: string, at: number, end: number): NameAddr[] | null {
  const list = parseNameAddrs(text, at, end);
  return list?.every((it) => it.uriEnd - it.uriStart > 2 && (it.enclosed || it.uri.includes(":"))) ? list : null;
}

function one(text: string, at: number, end: number, list: boolean): { addr: NameAddr; next: number } | null {
  const start = skipLws(text, at, end);
  if (start >= end) return null;
  const first = text.charCodeAt(start);
  let displayEnd = start;
  let open = -1;
  let p = start;
  if (first === 34) {
    const close = closeQuote(text, start + 1, end);
    if (close < 0) return null;
    displayEnd = close + 1;
    open = skipLws(text, displayEnd, end);
    if (text.charCodeAt(open) !== 60 || open >= end) return null;
  } else {
    // Words until `<`: a display name. One word without it: the URI itself.
    let wordEnd = -1;
    let spaced = false;
    scan: for (; p < end; p++) {
      switch (text.charCodeAt(p)) {
        case 60:
          open = p;
          break scan;
        case 32:
        case 9:
        case 13:
        case 10:
          if (wordEnd < 0) wordEnd = p;
          continue;
        case 59:
          break scan;
        case 44:
          if (list) break scan;
          break;
        case 34:
        case 92:
        case 62:
          return null;
      }
      if (wordEnd >= 0) {
        spaced = true;
        wordEnd = -1;
      }
    }
    displayEnd = wordEnd >= 0 ? wordEnd : p;
    if (open < 0) {
      // addr-spec: a URI without brackets; the parameters are the header field's.
      if (spaced || displayEnd === start) return null;
      const params = parseParams(text, p, end);
      if (!params.ok) return null;
      const addr = new NameAddr(text, start, start, start, start, displayEnd, false, displayEnd, params.list);
      return { addr, next: params.end };
    }
  }
  const uriStart = skipLws(text, open + 1, end);
  let uriEnd = uriStart;
  while (uriEnd < end) {
    const c = text.charCodeAt(uriEnd);
    if (c === 62 || c === 32 || c === 9) break;
    if (c === 60 || c === 34 || c === 92 || c === 13 || c === 10) return null;
    uriEnd++;
  }
  const close = skipLws(text, uriEnd, end);
  if (uriEnd === uriStart || close >= end || text.charCodeAt(close) !== 62) return null;
  const params = parseParams(text, close + 1, end);
  if (!params.ok) return null;
  const addr = new NameAddr(text, start, start, displayEnd, uriStart, uriEnd, true, close + 1, params.list);
  return { addr, next: params.end };
}
