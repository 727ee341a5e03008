/** A SIP user agent of a ladder: writes the requests and replies that an arrow names, and remembers what it received. */

import type { ReceiveInfo } from "../../sip/address.ts";
import { HeaderType } from "../../sip/headers.ts";
import { SipMessage } from "../../sip/message.ts";
import { uriHost } from "./address.ts";
import type { Arrow, PeerLine, Protocol } from "./ladder.ts";

/** A message that reached a peer, as text and parsed. */
export interface Arrived {
  readonly to: string;
  readonly text: string;
  readonly msg: SipMessage;
  /** Virtual milliseconds since the ladder began. */
  readonly at: number;
}

/** What a peer is to send, or why there is nothing. */
export type Written =
  | { readonly text: string; readonly answers?: SipMessage; readonly wrong?: undefined }
  | { readonly wrong: string };

const CRLF = "\r\n";

export class Peer {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** What it listens on. */
  readonly protocols: readonly Protocol[];
  /** The address of the NAT that it is behind. */
  readonly behind: PeerLine["behind"];
  /** Requests received, newest last, without ACK. */
  readonly requests: SipMessage[] = [];
  /** Replies received, newest last. */
  readonly replies: SipMessage[] = [];
  /** All that was received or sent, newest last. */
  readonly #messages: SipMessage[] = [];
  /** Requests sent, newest last, without ACK and CANCEL. */
  readonly #sent: SipMessage[] = [];
  /** Replies sent, newest last. */
  readonly #answered: { readonly status: number; readonly text: string; readonly answers: SipMessage }[] = [];
  #calls = 0;
  #branches = 0;
  #cseq = 0;

  constructor(name: string, address: string, line?: Omit<Partial<PeerLine>, "address">) {
    this.name = name;
    this.address = address;
    this.protocols = line?.protocols ?? ["udp"];
    this.port = line?.port ?? (this.protocol === "tls" ? 5061 : 5060);
    this.behind = line?.behind;
  }

  /** What it sends with. */
  get protocol(): Protocol {
    return this.protocols[0]!;
  }

  /** The address as it stands in a URI. */
  get host(): string {
    return uriHost(this.address);
  }

  get #contact(): string {
    const transport = this.protocol === "udp" ? "" : `;transport=${this.protocol === "wss" ? "ws" : this.protocol}`;
    return `<sip:${this.name}@${this.host}:${this.port}${transport}>`;
  }

  received(msg: SipMessage): void {
    this.#messages.push(msg);
    if (!msg.isRequest) this.replies.push(msg);
    else if (msg.method !== "ACK") this.requests.push(msg);
  }

  /**
   * What `{name.field}` means: a field of the newest message, received or sent, that has it; `from-tag`, `to-tag`,
   * `branch` and `uri` (the Request-URI) are parts of one, and `host`, `address` and `port` the peer's own.
   */
  field(name: string): string | undefined {
    if (name === "host") return this.host;
    if (name === "address") return this.address;
    if (name === "port") return String(this.port);
    for (let i = this.#messages.length - 1; i >= 0; i--) {
      const value = partOf(this.#messages[i]!, name);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** The message that an arrow names. */
  write(arrow: Arrow, received: ReceiveInfo): Written {
    const written = this.#write(arrow);
    if (written.wrong !== undefined) return written;
    const msg = new SipMessage(written.text, received);
    this.#messages.push(msg);
    const isNew = msg.isRequest && !arrow.start.startsWith("again");
    if (isNew && msg.method !== "ACK" && msg.method !== "CANCEL") this.#sent.push(msg);
    return written;
  }

  #write(arrow: Arrow): Written {
    const { start, body } = arrow;
    if (start === "raw") return { text: body.map((it) => it.replace(/\\x([\da-f]{2})/gi, byte) + CRLF).join("") };
    const status = /^(\d{3})\s*(.*)$/.exec(start);
    if (status) return this.#reply(arrow, Number(status[1]), status[2]!);
    const [method, uri] = start.split(/\s+/);
    return method === "again" ? this.#again(uri) : this.#request(arrow, method!, uri);
  }

  /** `again`, `again INVITE`, `again 200`: the last request, or the last message of that method or status, once more. */
  #again(which: string | undefined): Written {
    const found =
      which !== undefined && /^\d/.test(which)
        ? this.#answered.findLast((it) => it.status === Number(which))
        : this.#sent.findLast((it) => which === undefined || it.method === which);
    return found ?? { wrong: "nothing was sent that could be sent again" };
  }

  #request(arrow: Arrow, method: string, uri: string | undefined): Written {
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
      if (!last) return { wrong: `${method} without an INVITE` };
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
      if (!peer) return { wrong: `${method} without a dialog: name its request URI` };
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
    return { text: finish(`${method} ${uri} SIP/2.0`, fields, arrow) };
  }

  #reply(arrow: Arrow, code: number, rest: string): Written {
    // `200 OK (INVITE)` answers the last request of that method; else the last request of any.
    const named = /^(.*?)\s*\((\w+)\)$/.exec(rest);
    const reason = named ? named[1]! : rest;
    const request = named ? this.requests.findLast((it) => it.method === named[2]) : this.requests.at(-1);
    if (!request) return { wrong: "a reply without a request" };
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
    const written = { status: code, text, answers: request };
    this.#answered.push(written);
    return written;
  }
}

const byte = (_: string, digits: string): string => String.fromCharCode(Number.parseInt(digits, 16));

const tagOf = (value: string | undefined): string | undefined => /;\s*tag=([^;,\s]+)/i.exec(value ?? "")?.[1];

function partOf(msg: SipMessage, name: string): string | undefined {
  if (name === "from-tag") return tagOf(msg.first(HeaderType.from));
  if (name === "to-tag") return tagOf(msg.first(HeaderType.to));
  if (name === "branch") return /;\s*branch=([^;,\s]+)/i.exec(msg.first(HeaderType.via) ?? "")?.[1];
  if (name === "uri") return msg.isRequest ? msg.requestUri : undefined;
  const [field] = msg.named(name);
  return field && msg.value(field);
}

/** What the arrow says below itself replaces fields of that name, or is added; an empty value removes the field. */
function finish(first: string, fields: [string, string][], arrow: Arrow): string {
  const replaced = new Set<string>();
  let out = fields;
  let length: string | undefined;
  for (const { name, value } of arrow.details) {
    const same = (it: [string, string]): boolean => it[0].toLowerCase() === name.toLowerCase();
    if (name.toLowerCase() === "content-length") length = value;
    const at = out.findIndex(same);
    if (at >= 0 && !replaced.has(name)) {
      out = out.filter((it, i) => i === at || !same(it));
      if (value === "") out.splice(at, 1);
      else out[at] = [name, value];
    } else if (value !== "") out.push([name, value]);
    replaced.add(name);
  }
  const body = arrow.body.map((it) => it + CRLF).join("");
  if (length === undefined) out.push(["Content-Length", String(body.length)]);
  return first + CRLF + out.map(([name, value]) => `${name}: ${value}${CRLF}`).join("") + CRLF + body;
}
