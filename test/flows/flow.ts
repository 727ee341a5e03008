/** A recorded call flow: a script, peers with what they send and how they answer, and what real Kamailio sent them. See README.md. */

export interface PeerSpec {
  readonly addr: string;
  readonly transport?: "udp" | "tcp";
  /** Which final replies to INVITE the peer acknowledges; both when not given. */
  readonly ack?: false | "2xx" | "non2xx";
  /** Nobody is there: what is sent to it is lost. */
  readonly absent?: boolean;
}

export interface ReplySpec {
  readonly after?: number;
  readonly code: number;
  readonly reason?: string;
  readonly totag?: string;
  readonly contact?: string | false;
  readonly headers?: readonly string[];
  readonly body?: string;
  /** Sent although the peer has stopped its replies. */
  readonly force?: boolean;
}

/** Something a peer does at a time, or when something comes. */
export interface Play {
  readonly peer: string;
  readonly at?: number;
  readonly send?: string;
  readonly to?: string;
  readonly close?: boolean;
  readonly on?: string | number;
  readonly n?: number;
  readonly method?: string;
  readonly rexmit?: boolean;
  readonly reply?: readonly ReplySpec[];
  readonly then?: readonly { readonly after?: number; readonly send?: string; readonly code?: number }[];
}

export interface ServiceSpec {
  readonly name: string;
  readonly addr: string;
  readonly refuse?: boolean;
  readonly answers?: readonly {
    readonly method?: string;
    readonly path?: string;
    readonly n?: number;
    readonly delay_ms?: number;
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly big?: number;
    readonly hang?: boolean;
    readonly reset?: boolean;
  }[];
}

/** A message as it is compared: without the times. */
export interface Expected {
  readonly t: number;
  readonly tol?: number;
}
export interface ExpectedMessage extends Expected {
  readonly first: string;
  readonly headers: readonly string[];
  readonly body?: string;
}
export interface Outcome {
  readonly config_error?: boolean;
  readonly recv?: Readonly<Record<string, readonly ExpectedMessage[]>>;
  readonly log?: readonly (Expected & { readonly v: string })[];
  readonly http?: readonly (Expected & {
    readonly svc: string;
    readonly method: string;
    readonly path: string;
    readonly headers?: readonly string[];
    readonly body?: string;
  })[];
}

export interface Flow {
  readonly id: string;
  readonly area: string;
  readonly title: string;
  readonly cfg: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly peers: Readonly<Record<string, string | PeerSpec>>;
  readonly http?: readonly ServiceSpec[];
  readonly play: readonly Play[];
  readonly duration_ms?: number;
  readonly align?: boolean | number;
  readonly mask?: readonly (readonly [pattern: string, label: string])[];
  readonly log_also?: string;
  /** Kamailio 5.6.3 cannot run it. */
  readonly no_5_6?: boolean;
  readonly expect: Outcome;
  readonly expect_5_6?: Outcome;
}

/** The parts of a SIP message that peers and comparison look at. */
export interface Message {
  readonly first: string;
  readonly lines: readonly string[];
  readonly body: string;
  /** 0 in a request. */
  readonly code: number;
  /** "" in a reply. */
  readonly method: string;
  readonly branch: string | undefined;
  readonly cseq: string;
  readonly cseqMethod: string;
  readonly toTag: string | undefined;
}

export function parseMessage(text: string): Message {
  const end = text.indexOf("\r\n\r\n");
  const lines = (end < 0 ? text : text.slice(0, end)).split("\r\n");
  const first = lines.shift() ?? "";
  const isReply = first.startsWith("SIP/2.0 ");
  const message = { first, lines, body: end < 0 ? "" : text.slice(end + 4) };
  const cseq = field(message, /^cseq\s*:/i) ?? "";
  return {
    ...message,
    code: isReply ? Number(first.slice(8, 11)) : 0,
    method: isReply ? "" : first.split(" ")[0]!,
    branch: /branch=([^;,\s]+)/.exec(fields(message, /^(via|v)\s*:/i)[0] ?? "")?.[1],
    cseq,
    cseqMethod: cseq.split(/\s+/)[1] ?? "",
    toTag: /;\s*tag=([^;>\s]+)/.exec(field(message, /^(to|t)\s*:/i) ?? "")?.[1],
  };
}

export const fields = (message: { readonly lines: readonly string[] }, name: RegExp): string[] =>
  message.lines.filter((line) => name.test(line));

/** Value of the first field whose line fits. */
export function field(message: { readonly lines: readonly string[] }, name: RegExp): string | undefined {
  const line = message.lines.find((it) => name.test(it));
  return line?.slice(line.indexOf(":") + 1).trim();
}
