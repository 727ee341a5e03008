/** A SIP user agent of a ladder: writes the requests and replies that an arrow names, and remembers what it received. */

import type { ReceiveInfo } from "../../sip/address.ts";
import { HeaderType } from "../../sip/headers.ts";
import { SipMessage } from "../../sip/message.ts";
import type { Arrow } from "./read.ts";

/** A message that reached a peer, as text and parsed. */
export interface Arrived {
  readonly to: string;
  readonly text: string;
  readonly msg: SipMessage;
  /** Virtual milliseconds since the ladder began. */
  readonly at: number;
}

const CRLF = "\r\n";

export class Peer {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: "udp" | "tcp";
  /** Requests received, newest last, without ACK. */
  readonly requests: SipMessage[] = [];
  /** Replies received, newest last. */
  readonly replies: SipMessage[] = [];
  /** Requests sent, newest last, without ACK and CANCEL. */
  readonly #sent: SipMessage[] = [];
  /** Replies sent, newest last. */
  readonly #answered: { readonly status: number; readonly text: string }[] = [];
  #calls = 0;
  #branches = 0;
  #cseq = 0;

  constructor(name: string, address: string, port = 5060, protocol: "udp" | "tcp" = "udp") {
    this.name = name;
    this.address = address;
    this.port = port;
    this.protocol = protocol;
  }

  /** The address as it stands in a URI. */
  get host(): string {
    return this.address.includes(":") ? `[${this.address}]` : this.address;
  }

  get #contact(): string {
    const transport = this.protocol === "tcp" ? ";transport=tcp" : "";
    return `<sip:${this.name}@${this.host}:${this.port}${transport}>`;
  }

  received(msg: SipMessage): void {
    if (!msg.isRequest) this.replies.push(msg);
    else if (msg.method !== "ACK") this.requests.push(msg);
  }

  /** The text of the message that an arrow names. A string that begins with "?" says why there is none. */
  write(arrow: Arrow, received: ReceiveInfo): string {
    const status = /^(\d{3})\s*(.*)$/.exec(arrow.start);
    if (status) return this.#reply(arrow, Number(status[1]), status[2]!);
    const [method, uri] = arrow.start.split(/\s+/);
    if (method === "again") return this.#again(uri);
    const text = this.#request(arrow, method!, uri);
    if (method !== "ACK" && method !== "CANCEL" && !text.startsWith("?"))
      this.#sent.push(new SipMessage(text, received));
    return text;
  }

  /** `again`, `again INVITE`, `again 200`: the last request, or the last message of that method or status, once more. */
  #again(which: string | undefined): string {
    const text =
      which === undefined
        ? this.#sent.at(-1)?.text
        : /^\d/.test(which)
          ? this.#answered.findLast((it) => it.status === Number(which))?.text
          : this.#sent.findLast((it) => it.method === which)?.text;
    return text ?? "?nothing was sent that could be sent again";
  }

  #request(arrow: Arrow, method: string, uri: string | undefined): string {
    const invites = method === "CANCEL" || method === "ACK";
    const last = (invites ? this.#sent.findLast((it) => it.method === "INVITE") : undefined) ?? this.#sent.at(-1);
    const ofInvite = invites ? this.replies.findLast((it) => it.cseqMethod === "INVITE") : undefined;
    const reply = ofInvite ?? this.replies.at(-1);
    const via = (branch: string): string =>
      `SIP/2.0/${this.protocol.toUpperCase()} ${this.host}:${this.port};branch=${branch}`;
    const fresh = (): string => via(`z9hG4bK-${this.name}-${++this.#branches}`);
    let fields: [string, string][];
    const ofLast = method === "CANCEL" || (method === "ACK" && reply !== undefined && reply.status >= 300);
    if (ofLast && (last || uri === undefined)) {
      // RFC 3261, 9.1 and 17.1.1.3: the same branch and request URI as the INVITE.
      if (!last) return `?${method} without an INVITE`;
      uri ??= last.requestUri;
      fields = [
        ["Via", last.first(HeaderType.via)!],
        ["From", last.first(HeaderType.from)!],
        ["To", (method === "ACK" ? reply! : last).first(HeaderType.to)!],
        ["Call-ID", last.first(HeaderType.callId)!],
        ["CSeq", `${last.first(HeaderType.cseq)!.split(" ")[0]} ${method}`],
      ];
      const route = last.headers.filter((h) => h.type === HeaderType.route);
      for (const it of route) fields.push(["Route", last.value(it)]);
    } else if (uri === undefined) {
      // Inside the dialog: Contact is the target, Record-Route reversed the route (RFC 3261, 12.1.2).
      const peer = reply && reply.status >= 200 ? reply : this.requests.at(-1);
      if (!peer) return `?${method} without a dialog: name its request URI`;
      const ours = !peer.isRequest;
      uri = /<([^>]+)>/.exec(peer.first(HeaderType.contact) ?? "")?.[1] ?? (ours ? last!.requestUri : "");
      const routes = peer.headers
        .filter((h) => h.type === HeaderType.recordRoute)
        .flatMap((h) => peer.value(h).split(/,\s*/));
      if (ours) routes.reverse();
      const cseq = method === "ACK" ? peer.first(HeaderType.cseq)!.split(" ")[0] : String(++this.#cseq);
      fields = [
        ["Via", fresh()],
        ...routes.map((it): [string, string] => ["Route", it]),
        ["From", peer.first(ours ? HeaderType.from : HeaderType.to)!],
        ["To", peer.first(ours ? HeaderType.to : HeaderType.from)!],
        ["Call-ID", peer.first(HeaderType.callId)!],
        ["CSeq", `${cseq} ${method}`],
      ];
    } else {
      this.#calls++;
      this.#cseq = 1;
      fields = [
        ["Via", fresh()],
        ["From", `<sip:${this.name}@${this.host}>;tag=${this.name}-${this.#calls}`],
        ["To", `<${uri.replace(/[;?].*$/, "")}>`],
        ["Call-ID", `${this.name}-call-${this.#calls}`],
        ["CSeq", `1 ${method}`],
      ];
    }
    fields.push(["Max-Forwards", "70"]);
    if (method === "INVITE" || method === "REGISTER" || method === "SUBSCRIBE") fields.push(["Contact", this.#contact]);
    return finish(`${method} ${uri} SIP/2.0`, fields, arrow);
  }

  #reply(arrow: Arrow, code: number, rest: string): string {
    // `200 OK (INVITE)` answers the last request of that method; else the last request of any.
    const named = /^(.*?)\s*\((\w+)\)$/.exec(rest);
    const reason = named ? named[1]! : rest;
    const request = named ? this.requests.findLast((it) => it.method === named[2]) : this.requests.at(-1);
    if (!request) return "?a reply without a request";
    const fields: [string, string][] = [];
    for (const header of request.headers) {
      const { type } = header;
      if (
        type === HeaderType.via ||
        type === HeaderType.recordRoute ||
        type === HeaderType.from ||
        type === HeaderType.callId ||
        type === HeaderType.cseq
      )
        fields.push([request.name(header), request.value(header)]);
      else if (type === HeaderType.to) {
        const to = request.value(header);
        fields.push([request.name(header), code > 100 && !/;\s*tag=/i.test(to) ? `${to};tag=${this.name}-t` : to]);
      }
    }
    if (request.method === "INVITE" && code > 100 && code < 300) fields.push(["Contact", this.#contact]);
    const text = finish(`SIP/2.0 ${code} ${reason}`, fields, arrow);
    this.#answered.push({ status: code, text });
    return text;
  }
}

/** What the arrow says below itself replaces fields of that name, or is added; an empty value removes the field. */
function finish(first: string, fields: [string, string][], arrow: Arrow): string {
  const replaced = new Set<string>();
  let out = fields;
  for (const { name, value } of arrow.details) {
    const same = (it: [string, string]): boolean => it[0].toLowerCase() === name.toLowerCase();
    const at = out.findIndex(same);
    if (at >= 0 && !replaced.has(name)) {
      out = out.filter((it, i) => i === at || !same(it));
      if (value === "") out.splice(at, 1);
      else out[at] = [name, value];
    } else if (value !== "") out.push([name, value]);
    replaced.add(name);
  }
  const body = arrow.body.map((it) => it + CRLF).join("");
  out.push(["Content-Length", String(body.length)]);
  return first + CRLF + out.map(([name, value]) => `${name}: ${value}${CRLF}`).join("") + CRLF + body;
}
