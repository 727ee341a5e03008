/** The size check of sanity_check(): longest accepted lengths in bytes, 0 for no limit. */
import { HeaderType } from "../../sip/headers.ts";
import type { SipMessage } from "../../sip/message.ts";
import { parseNameAddrs } from "../../sip/nameaddr.ts";

export interface Sizes {
  readonly message: number;
  readonly headers: number;
  readonly body: number;
  readonly header: number;
  readonly method: number;
  readonly ruri: number;
  readonly fromUri: number;
  readonly toUri: number;
  readonly contactUri: number;
  readonly routeUri: number;
  readonly pathUri: number;
  readonly paiUri: number;
}

/** True when nothing is longer than it may be. */
export function sizesPass(msg: SipMessage, sizes: Sizes): boolean {
  const exceeds = (length: number, limit: number): boolean => limit > 0 && length > limit;
  if (exceeds(msg.text.length, sizes.message) || msg.headersProblem !== "") return false;
  if (msg.isRequest && exceeds(msg.uri.length, sizes.ruri)) return false;
  if (exceeds((msg.isRequest ? msg.method : msg.cseqMethod).length, sizes.method)) return false;
  if (exceeds(msg.from?.uri.length ?? 0, sizes.fromUri) || exceeds(msg.to?.uri.length ?? 0, sizes.toUri)) return false;
  if (exceeds(msg.text.length - msg.bodyStart, sizes.body)) return false;
  if (exceeds(msg.headersEnd - msg.firstLineEnd, sizes.headers)) return false;
  const limits: Readonly<Record<number, number>> = {
    [HeaderType.contact]: sizes.contactUri,
    [HeaderType.route]: sizes.routeUri,
    [HeaderType.recordRoute]: sizes.routeUri,
    [HeaderType.path]: sizes.pathUri,
    [HeaderType.pAssertedIdentity]: sizes.paiUri,
  };
  for (const header of msg.headers) {
    if (exceeds(header.end - header.start, sizes.header)) return false;
    const limit = limits[header.type];
    if (!limit || msg.value(header).trim() === "*") continue;
    const addresses = parseNameAddrs(msg.text, header.valueStart, header.valueEnd);
    if (addresses === null || addresses.some((it) => it.uri.length > limit)) return false;
  }
  return true;
}
