/** What the nathelper module keeps. */
import type { VariableRef } from "../../declare/variable.ts";
import { HeaderType } from "../../sip/headers.ts";
import type { Header, SipMessage } from "../../sip/message.ts";
import { type NameAddr, parseContacts } from "../../sip/nameaddr.ts";
import { parseUri, type Uri } from "../../sip/uri.ts";
import type { Pinger } from "./pinger.ts";

export interface Nathelper {
  /** The parameters of the address that contact URIs carry, without semicolon and `=`. */
  readonly alias: string;
  /** Where fix_nated_register() puts the source address. */
  readonly received: VariableRef | undefined;
  readonly noRtpProxy: string;
  /** Replaced media addresses are kept in `a=oldmediaip`. */
  readonly keepsOldAddress: boolean;
  /** 192.0.0.0/24 counts as private, too. */
  readonly wide: boolean;
  /** Contact URIs that have been replaced in this run: what later tests see. */
  readonly replaced: WeakMap<SipMessage, { readonly headers: readonly Header[]; readonly uri: string }>;
  /** Undefined without natping_interval. */
  readonly pinger: Pinger | undefined;
}

export interface FirstContact {
  readonly header: Header;
  readonly addr: NameAddr;
  /** In force: the replaced one when there is one. */
  readonly uri: Uri;
  readonly text: string;
  readonly replaced: boolean;
}

/** The message's first contact: "none" without Contact or for `*`, null when it is malformed. */
export function firstContact(msg: SipMessage, state: Nathelper): FirstContact | "none" | null {
  const header = msg.find(HeaderType.contact);
  if (header === undefined || msg.value(header).trim() === "*") return "none";
  const addr = parseContacts(msg.text, header.valueStart, header.valueEnd)?.[0];
  if (addr === undefined) return null;
  const changed = state.replaced.get(msg);
  const replaced = changed !== undefined && changed.headers === msg.headers;
  const text = replaced ? changed.uri : addr.uri;
  const uri = parseUri(text);
  return uri === null || uri.host === "" ? null : { header, addr, uri, text, replaced };
}

/** Replaces the first contact's URI, in brackets when it has none and they are asked for. */
export function replaceContact(
  msg: SipMessage,
  contact: FirstContact,
  uri: string,
  state: Nathelper,
  enclose = false,
): void {
  const { uriStart, uriEnd } = contact.addr;
  msg.edits.replace(uriStart, uriEnd - uriStart, enclose ? `<${uri}>` : uri, HeaderType.contact);
  state.replaced.set(msg, { headers: msg.headers, uri });
}
