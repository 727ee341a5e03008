/** What the functions of textops share: parts of a message as text, header names, places for edits. */
import type { Core } from "../../declare/core.ts";
import type { Regex } from "../../declare/module.ts";
import type { Anchor } from "../../sip/edits.ts";
import { HeaderType, headerType } from "../../sip/headers.ts";
import type { Header, SipMessage } from "../../sip/message.ts";
import type { Memo } from "./memo.ts";
import type { Subst } from "./subst.ts";

export interface Textops {
  readonly core: Core;
  /** Substitutions by their text, parsed once. */
  readonly substs: Map<string, Subst | string>;
  /** Bits of lists of methods; 0 for what is no list. */
  readonly methods: Memo<number>;
  /** What finds the fields of a name; null for what is no header name. */
  readonly names: Memo<NamedHeader | null>;
}

/** Regular expressions and substitutions see a message as C text: up to the first NUL. */
export function cText(text: string): string {
  const nul = text.indexOf("\0");
  return nul < 0 ? text : text.slice(0, nul);
}

/** A name by itself, or with a colon, behind which anything may stand. */
const HEADER_NAME = /^[0-9A-Za-z\-._+~]+[ \t]*(?::|$)/;
const NAME_PART = /^[0-9A-Za-z\-._+~]*/;
export const isHeaderName = (name: string): boolean => HEADER_NAME.test(name);

/** Checks a header name that is written in the script. */
export const headerNameProblem = (name: string): string | undefined =>
  isHeaderName(name) ? undefined : `\`${name}\` is not a header name`;

/** Tells the fields of that name, compact forms included. */
export class NamedHeader {
  readonly #type: number;
  readonly #name: string;
  constructor(name: string) {
    // What stands behind the name is taken for a part of it, unless the name is a known one.
    this.#type = headerType(NAME_PART.exec(name)![0]);
    this.#name = name.toLowerCase();
  }
  has(msg: SipMessage, header: Header): boolean {
    if (this.#type !== HeaderType.other) return header.type === this.#type;
    return header.nameEnd - header.start === this.#name.length && msg.name(header).toLowerCase() === this.#name;
  }
}

/** The offset of the body; -1 when the message ends without one, or a header field is broken. */
export const bodyOffset = (msg: SipMessage): number =>
  msg.bodyStart < msg.text.length && msg.headersProblem === "" ? msg.bodyStart : -1;

/** Kamailio keeps edits of the body apart from those of the headers; the empty line belongs to the headers. */
const listFor = (msg: SipMessage, offset: number) => (offset > msg.headersEnd ? msg.bodyEdits : msg.edits);

export const anchorAt = (msg: SipMessage, offset: number): Anchor => listFor(msg, offset).anchor(offset);

export function deleteAt(msg: SipMessage, offset: number, length: number): Anchor {
  return listFor(msg, offset).delete(offset, length);
}

/** Deletes and inserts in its place. */
export function replaceAt(msg: SipMessage, offset: number, length: number, text: string): void {
  const list = listFor(msg, offset);
  list.insertAfter(list.delete(offset, length), text);
}

export function insertAfterAt(msg: SipMessage, offset: number, text: string): void {
  const list = listFor(msg, offset);
  list.insertAfter(list.anchor(offset), text);
}

export const removeHeader = (msg: SipMessage, header: Header): void => {
  msg.edits.delete(header.start, header.end - header.start);
};

/**
 * A match in `text` from `at`, with or without a line start there (REG_NOTBOL): Kamailio runs a search again on what
 * is left of the text, and takes the rest for a new line when the byte before is a CR or LF.
 */
export function execFrom(re: Regex, text: string, at: number, lineStart: boolean): ReturnType<Regex["exec"]> {
  if (at === 0) return re.exec(text);
  if (!lineStart) return re.exec(text, at);
  const found = re.exec(text.slice(at));
  return found && { index: found.index + at, end: found.end + at, groups: found.groups };
}

/** True when the byte before `at` ends a line, as the loops over matches see it. */
export const endsLine = (text: string, at: number): boolean => text[at - 1] === "\n" || text[at - 1] === "\r";
