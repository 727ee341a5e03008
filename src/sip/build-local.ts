/** Requests made here: CANCEL and ACK for one that was sent, and whole new ones (tm's t_uac). */

import { ownVia, type RequestOptions } from "./build.ts";
import type { SendContext } from "./edits.ts";
import { HeaderType, headerTypeAt, NAME_HASH, nameHash } from "./headers.ts";
import { TOKEN } from "./lex.ts";

export interface FollowUpOptions {
  /** The To line of the reply that is acknowledged, line end included; undefined keeps that of the request. */
  readonly to?: string;
  /** Header fields to add at the end, each with its line end (Reason). */
  readonly extra?: string;
  /** Fields of the sent request to keep beyond those that every CANCEL and ACK has (ac_extra_hdrs): the start of their name. */
  readonly keep?: string;
}

/** The CANCEL for a request, from its text as it was sent. */
export function buildCancel(sent: string, options: FollowUpOptions = {}): string {
  return followUp("CANCEL", sent, options);
}

/** The ACK to a negative final reply, from the INVITE's text as it was sent. `to` is the reply's To line. */
export function buildAck(sent: string, options: FollowUpOptions): string {
  return followUp("ACK", sent, options);
}

/**
 * A request for the same transaction branch: Request-URI, topmost Via, From, To, Call-ID, CSeq number, Route and
 * Max-Forwards of the request in their order (RFC 3261, 9.1 and 17.1.1.3), no body.
 */
function followUp(method: string, sent: string, options: FollowUpOptions): string {
  const n = sent.length;
  let first = 0;
  while (first < n && sent.charCodeAt(first) <= 32) first++;
  const space = sent.indexOf(" ", first);
  let p = sent.indexOf("\n", first) + 1;
  let out = method + sent.slice(space, p);
  let vias = 0;
  const keep = options.keep?.toLowerCase();
  while (p < n) {
    const start = p;
    const c0 = sent.charCodeAt(p);
    if (c0 === 13 || c0 === 10) break;
    let hash = NAME_HASH;
    while (p < n && TOKEN[sent.charCodeAt(p)] === 1) hash = nameHash(hash, sent.charCodeAt(p++));
    const nameEnd = p;
    let lf = sent.indexOf("\n", p);
    while (lf >= 0 && (sent.charCodeAt(lf + 1) === 32 || sent.charCodeAt(lf + 1) === 9))
      lf = sent.indexOf("\n", lf + 1);
    p = lf < 0 ? n : lf + 1;
    switch (headerTypeAt(sent, start, nameEnd, hash)) {
      case HeaderType.via:
        if (vias++ === 0) out += sent.slice(start, p);
        break;
      case HeaderType.to:
        out += options.to ?? sent.slice(start, p);
        break;
      case HeaderType.cseq: {
        // Colon, number and the white space around it.
        let q = sent.indexOf(":", nameEnd) + 1;
        while (q < p && sent.charCodeAt(q) <= 32) q++;
        while (q < p && sent.charCodeAt(q) > 32) q++;
        while (q < p && sent.charCodeAt(q) <= 32) q++;
        out += `${sent.slice(start, q)}${method}\r\n`;
        break;
      }
      case HeaderType.from:
      case HeaderType.callId:
      case HeaderType.route:
      case HeaderType.maxForwards:
        out += sent.slice(start, p);
        break;
      case HeaderType.contentLength:
        out += `${sent.slice(start, nameEnd)}: 0\r\n`;
        break;
      case HeaderType.require:
      case HeaderType.proxyRequire:
        break;
      default:
        if (keep && sent.slice(start, start + keep.length).toLowerCase() === keep) out += sent.slice(start, p);
    }
  }
  return `${out}${options.extra ?? ""}\r\n`;
}

export interface LocalRequest {
  readonly method: string;
  readonly requestUri: string;
  /** URI, or a whole name-addr; brackets are added to a bare URI. */
  readonly to: string;
  readonly toDisplay?: string;
  readonly toTag?: string;
  readonly from: string;
  readonly fromDisplay?: string;
  readonly fromTag: string;
  readonly callId: string;
  readonly cseq: number;
  /** Route set in order, each a name-addr with parameters. */
  readonly routes?: readonly string[];
  /** Further header fields, each with its line end. */
  readonly headers?: string;
  readonly body?: string;
  /** `User-Agent: …` line without line end, when server_signature is on. */
  readonly userAgent?: string;
}

/** A request that starts here, as tm's t_uac writes it. */
export function buildLocalRequest(request: LocalRequest, send: SendContext, options: RequestOptions): string {
  const { method, headers = "", body = "" } = request;
  let out = `${method} ${request.requestUri} SIP/2.0\r\n${ownVia(undefined, send, options)}`;
  out += `To: ${address(request.to, request.toDisplay)}${request.toTag ? `;tag=${request.toTag}` : ""}\r\n`;
  out += `From: ${address(request.from, request.fromDisplay)};tag=${request.fromTag}\r\n`;
  out += `CSeq: ${request.cseq} ${method}\r\nCall-ID: ${request.callId}\r\n`;
  if (request.routes && request.routes.length > 0) out += `Route: ${request.routes.join(", ")}\r\n`;
  if (headers.length < 15 || !headers.includes("Max-Forwards:")) out += "Max-Forwards: 70\r\n";
  out += `Content-Length: ${body.length}\r\n`;
  if (request.userAgent) out += `${request.userAgent}\r\n`;
  if (headers.length > 2) out += headers.endsWith("\n") ? headers : `${headers}\r\n`;
  return `${out}\r\n${body}`;
}

export interface LocalAck {
  readonly requestUri: string;
  /** From and Call-ID of the INVITE and To of the reply: whole lines, line ends included. */
  readonly from: string;
  readonly callId: string;
  readonly to: string;
  readonly cseq: string;
  /** Route set in order, each a name-addr with parameters. */
  readonly routes: readonly string[];
  /** Further header fields, each with its line end. */
  readonly headers: string;
  readonly body: string;
}

/** The ACK to a 2xx of an INVITE that started here (RFC 3261, 13.2.2.4), as tm writes it. */
export function buildLocalAck(ack: LocalAck, send: SendContext, options: RequestOptions): string {
  let out = `ACK ${ack.requestUri} SIP/2.0\r\n${ownVia(undefined, send, options)}${ack.from}${ack.callId}${ack.to}`;
  out += `Max-Forwards: 70\r\nCSeq: ${ack.cseq} ACK\r\n`;
  if (ack.routes.length > 0) out += `Route: ${ack.routes.join(", ")}\r\n`;
  return `${out}${ack.headers}Content-Length: ${ack.body.length}\r\n\r\n${ack.body}`;
}

function address(uri: string, display: string | undefined): string {
  const close = uri.lastIndexOf(">");
  const enclosed = close >= 0 && (close === uri.length - 1 || uri[close + 1] === ";");
  const name = display ? `${display} ` : "";
  return enclosed ? name + uri : `${name}<${uri}>`;
}
