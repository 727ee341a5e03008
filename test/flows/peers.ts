/** Peers of a flow, on a simulated network or a real one: they send at their times, answer by their rules, and ACK and CANCEL by themselves. */
import type { Endpoint } from "../../src/sip/address.ts";
import type { Datagrams, Stream } from "../../src/transport/socket.ts";
import { digestValue } from "./digest.ts";
import {
  type Flow,
  field,
  fields,
  type Message,
  type PeerSpec,
  type Play,
  parseMessage,
  type ReplySpec,
} from "./flow.ts";

const SERVER = { host: "127.0.0.1", port: 5060 };
const REASONS: Readonly<Record<number, string>> = {
  100: "Trying",
  180: "Ringing",
  181: "Forwarded",
  182: "Queued",
  183: "Progress",
  200: "OK",
  202: "Accepted",
};

/** Where an answer goes: an address, or the connection that the request came on. */
type Way = { readonly host: string; readonly port: number } | { readonly stream: Wire };

interface Incoming {
  readonly request: Message;
  readonly from: Way;
  tag: string;
  rule: Play | undefined;
  stopped: boolean;
  final: boolean;
  lastReply: string | undefined;
}

export interface Received {
  readonly t: number;
  readonly peer: string;
  readonly text: string;
}

/** Network and time that peers live in. A stream that was accepted or connected is handed its handlers once. */
export interface Ground {
  now(): number;
  later(ms: number, what: () => void): void;
  datagrams(at: Endpoint, message: (text: string, host: string, port: number) => void): Pick<Datagrams, "send">;
  listen(at: Endpoint, accept: (stream: Wire) => StreamEnds): void;
  connect(from: Endpoint, to: Endpoint, ends: StreamEnds): Wire;
}
/** What peers use of a stream, and what they are told of it. */
export type Wire = Pick<Stream, "write" | "destroy">;
export interface StreamEnds {
  data(text: string): void;
  closed(): void;
}

/** What all peers of a flow share: time, what was received, and every value that a peer has made. */
export class Stage {
  readonly flow: Flow;
  readonly ground: Ground;
  readonly received: Received[] = [];
  /** Tags, branches, Call-IDs and nonces that came from peers: the others are the server's. */
  readonly made = new Set<string>();
  readonly peers = new Map<string, FlowPeer>();
  start = 0;

  constructor(flow: Flow, ground: Ground) {
    this.flow = flow;
    this.ground = ground;
    for (const [name, spec] of Object.entries(flow.peers))
      this.peers.set(name, new FlowPeer(this, name, typeof spec === "string" ? { addr: spec } : spec));
  }

  now(): number {
    return this.ground.now() - this.start;
  }
  later(ms: number, what: () => void): void {
    this.ground.later(ms, what);
  }
  /** Sets the flow's own times; those of its rules start by what comes. */
  begin(): void {
    this.start = this.ground.now();
    for (const step of this.flow.play)
      if (step.at !== undefined)
        this.later(step.at, () => {
          const peer = this.peers.get(step.peer)!;
          if (step.close) peer.close();
          else if (step.send !== undefined) peer.sendText(step.send, step.to);
        });
  }
  note(text: string): void {
    for (const match of text.matchAll(/(?:tag|branch)=([^;,>\s"]+)/g)) this.made.add(match[1]!);
    const callId = /^(?:call-id|i)\s*:\s*(\S+)/im.exec(text);
    if (callId) this.made.add(callId[1]!);
  }
}

export const endpoint = (text: string): { host: string; port: number } => {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
};

export class FlowPeer {
  readonly #stage: Stage;
  readonly #name: string;
  readonly #spec: PeerSpec;
  readonly #address: { host: string; port: number };
  readonly #tcp: boolean;
  readonly #sent = new Map<string, Message>();
  readonly #incoming = new Map<string, Incoming>();
  readonly #counts = new Map<string, number>();
  readonly #acks = new Map<string, number>();
  #socket: Pick<Datagrams, "send"> | undefined;
  #stream: Wire | undefined;
  readonly #streams = new Set<Wire>();
  #order = 0;
  #lastTag = "";
  #last: Message | undefined;
  #challenge = "";

  constructor(stage: Stage, name: string, spec: PeerSpec) {
    this.#stage = stage;
    this.#name = name;
    this.#spec = spec;
    this.#address = endpoint(spec.addr);
    this.#tcp = spec.transport === "tcp";
    if (!spec.absent) this.#listen();
  }

  #listen(): void {
    const { ground } = this.#stage;
    const { host: address, port } = this.#address;
    if (this.#tcp) return ground.listen({ address, port }, (stream) => this.#wire(stream));
    this.#socket = ground.datagrams({ address, port }, (text, host, from) => this.#receive(text, { host, port: from }));
  }

  #wire(stream: Wire): StreamEnds {
    this.#streams.add(stream);
    let buffer = "";
    return {
      data: (text: string): void => {
        buffer += text;
        for (;;) {
          buffer = buffer.replace(/^(\r\n)+/, "");
          const end = buffer.indexOf("\r\n\r\n");
          if (end < 0) return;
          const length = Number(/^(?:content-length|l)\s*:\s*(\d+)/im.exec(buffer.slice(0, end))?.[1] ?? 0);
          if (buffer.length < end + 4 + length) return;
          const one = buffer.slice(0, end + 4 + length);
          buffer = buffer.slice(end + 4 + length);
          this.#receive(one, { stream });
        }
      },
      closed: (): void => {
        this.#streams.delete(stream);
        if (this.#stream === stream) this.#stream = undefined;
      },
    };
  }

  /** Sends a text of the flow, its placeholders filled. */
  sendText(template: string, to?: string): void {
    this.#stage.note(template);
    const text = this.#fill(template);
    const message = parseMessage(text);
    if (message.method !== "" && message.method !== "ACK" && message.method !== "CANCEL" && message.branch)
      this.#sent.set(`${message.method} ${message.branch}`, message);
    this.#write(text, to === undefined ? undefined : endpoint(to));
  }

  close(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  #fill(text: string): string {
    return text
      .replace(/\{totag\}/g, () => this.#lastTag)
      .replace(/\{hdr:([\w-]+)\}/g, (_, name: string) =>
        this.#last ? (field(this.#last, new RegExp(`^${name}\\s*:`, "i")) ?? "") : "",
      )
      .replace(/\{digest ([^}]*)\}/g, (_, options: string) => digestValue(this.#challenge, options))
      .replace(/\{nonce\}/g, () => /nonce="([^"]*)"/.exec(this.#challenge)?.[1] ?? "");
  }

  #write(text: string, to?: Way): void {
    if (!this.#tcp) {
      const way = to && "host" in to ? to : SERVER;
      this.#socket?.send(text, way.host, way.port);
      return;
    }
    if (to && "stream" in to && this.#streams.has(to.stream)) return to.stream.write(text);
    if (this.#stream === undefined) {
      const handlers: StreamEnds = { data: () => undefined, closed: () => undefined };
      const { host, port } = this.#address;
      const stream = this.#stage.ground.connect(
        { address: host, port: port + 10000 },
        { address: SERVER.host, port: SERVER.port },
        { data: (bytes) => handlers.data(bytes), closed: () => handlers.closed() },
      );
      Object.assign(handlers, this.#wire(stream));
      this.#stream = stream;
    }
    this.#stream.write(text);
  }

  #rules(): readonly Play[] {
    return this.#stage.flow.play.filter((it) => it.peer === this.#name && it.on !== undefined);
  }
  #pick(test: (rule: Play) => boolean, n: number): Play | undefined {
    const rules = this.#rules().filter(test);
    return rules.find((it) => it.n === n) ?? rules.find((it) => it.n === undefined);
  }
  #count(what: string): number {
    const n = (this.#counts.get(what) ?? 0) + 1;
    this.#counts.set(what, n);
    return n;
  }

  #receive(text: string, from: Way): void {
    if (text.replace(/[\r\n\0]/g, "") === "") return;
    const stage = this.#stage;
    const message = parseMessage(text);
    stage.received.push({ t: stage.now(), peer: this.#name, text });
    this.#last = message;
    if (message.code > 0) this.#reply(message);
    else this.#request(message, from);
  }

  #reply(reply: Message): void {
    if (reply.toTag !== undefined) this.#lastTag = reply.toTag;
    this.#challenge = field(reply, /^(www|proxy)-authenticate\s*:/i) ?? this.#challenge;
    const request = this.#sent.get(`${reply.cseqMethod} ${reply.branch}`);
    if (reply.cseqMethod === "INVITE" && reply.code >= 200 && request && this.#spec.ack !== false)
      this.#acknowledge(request, reply);
    for (const key of [String(reply.code), `${Math.floor(reply.code / 100)}xx`]) {
      const n = this.#count(`r${key}`);
      const rule = this.#pick((it) => String(it.on) === key && (!it.method || it.method === reply.cseqMethod), n);
      if (rule) this.#then(rule, undefined);
    }
  }

  #acknowledge(request: Message, reply: Message): void {
    const number = reply.cseq.split(/\s+/)[0];
    const end = [
      ...fields(request, /^(from|f)\s*:/i),
      ...fields(reply, /^(to|t)\s*:/i),
      ...fields(request, /^(call-id|i)\s*:/i),
      `CSeq: ${number} ACK`,
      "Max-Forwards: 70",
      "Content-Length: 0",
      "",
      "",
    ];
    const uri = request.first.split(" ")[1];
    if (reply.code >= 300) {
      if (this.#spec.ack === "2xx") return;
      const via = fields(request, /^(via|v)\s*:/i)[0]!;
      this.#write([`ACK ${uri} SIP/2.0`, via, ...fields(request, /^route\s*:/i), ...end].join("\r\n"));
      return;
    }
    if (this.#spec.ack === "non2xx") return;
    const contact = /<([^>]+)>/.exec(field(reply, /^(contact|m)\s*:/i) ?? "")?.[1];
    const route = fields(reply, /^record-route\s*:/i)
      .flatMap((line) =>
        line
          .slice(line.indexOf(":") + 1)
          .split(",")
          .map((it) => it.trim()),
      )
      .reverse();
    const dialog = `${reply.toTag}${reply.branch}`;
    const k = this.#acks.get(dialog) ?? this.#acks.size + 1;
    this.#acks.set(dialog, k);
    const branch = `z9hG4bK-${this.#name}-ack${k}`;
    this.#stage.made.add(branch);
    const { host, port } = this.#address;
    const via = `Via: SIP/2.0/${this.#tcp ? "TCP" : "UDP"} ${host}:${port};branch=${branch}`;
    this.#write([`ACK ${contact ?? uri} SIP/2.0`, via, ...route.map((it) => `Route: ${it}`), ...end].join("\r\n"));
  }

  #request(request: Message, from: Way): void {
    if (request.method === "ACK") return;
    const key = `${request.method} ${request.branch}`;
    const known = this.#incoming.get(key);
    if (known) {
      if (known.rule?.rexmit && known.lastReply !== undefined) this.#write(known.lastReply, known.from);
      return;
    }
    const n = this.#count(request.method);
    if (request.method !== "CANCEL") this.#order++;
    const incoming: Incoming = {
      request,
      from,
      tag: `${this.#name}-t${this.#order}`,
      rule: undefined,
      stopped: false,
      final: false,
      lastReply: undefined,
    };
    this.#incoming.set(key, incoming);
    if (request.method === "CANCEL" && !this.#rules().some((it) => it.on === "CANCEL"))
      return this.#canceled(request, incoming);
    const rule = this.#pick((it) => it.on === request.method, n);
    incoming.rule = rule;
    if (!rule) return;
    for (const reply of rule.reply ?? []) this.#stage.later(reply.after ?? 0, () => this.#answer(incoming, reply));
    this.#then(rule, incoming);
  }

  #canceled(request: Message, incoming: Incoming): void {
    const invite = this.#incoming.get(`INVITE ${request.branch}`);
    if (!invite) return this.#stage.later(5, () => this.#answer(incoming, { code: 481 }));
    incoming.tag = invite.tag;
    this.#stage.later(5, () => this.#answer(incoming, { code: 200 }));
    if (invite.final) return;
    invite.stopped = true;
    this.#stage.later(10, () => this.#answer(invite, { code: 487, reason: "Request Terminated", force: true }));
  }

  #then(rule: Play, incoming: Incoming | undefined): void {
    for (const step of rule.then ?? [])
      this.#stage.later(step.after ?? 0, () => {
        if (step.send !== undefined) this.sendText(step.send);
        else if (step.code !== undefined && incoming) this.#answer(incoming, step as ReplySpec);
      });
  }

  #answer(incoming: Incoming, spec: ReplySpec): void {
    if (incoming.stopped && !spec.force) return;
    const { request } = incoming;
    const tagged = spec.code > 100 && request.toTag === undefined;
    const tag = spec.totag ?? incoming.tag;
    if (tagged) this.#stage.made.add(tag);
    const lines: string[] = [];
    for (const line of request.lines) {
      if (/^(via|v|record-route|from|f|call-id|i|cseq)\s*:/i.test(line)) lines.push(line);
      else if (/^(to|t)\s*:/i.test(line)) lines.push(tagged ? `${line};tag=${tag}` : line);
    }
    const { host, port } = this.#address;
    if (spec.contact) lines.push(`Contact: ${spec.contact}`);
    else if (request.method === "INVITE" && spec.code > 100 && spec.code < 300 && spec.contact !== false)
      lines.push(`Contact: <sip:${this.#name}@${host}:${port}${this.#tcp ? ";transport=tcp" : ""}>`);
    for (const header of spec.headers ?? []) {
      const nonce = /nonce="([^"]*)"/.exec(header);
      if (nonce) this.#stage.made.add(nonce[1]!);
    }
    const body = spec.body ?? "";
    const reason = spec.reason ?? REASONS[spec.code] ?? `R${spec.code}`;
    const text = [
      `SIP/2.0 ${spec.code} ${reason}`,
      ...lines,
      ...(spec.headers ?? []),
      `Content-Length: ${body.length}`,
      "",
      body,
    ].join("\r\n");
    if (spec.code >= 200) incoming.final = true;
    incoming.lastReply = text;
    this.#write(text, incoming.from);
  }
}
