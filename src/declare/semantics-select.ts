/**
 * Selects, the `@…` names that Kamailio keeps from SER: parts of the message, its URIs and header fields, where it came
 * from, branches and configuration. Those of tls have a file of
 * their own; those of xmlrpc and databases are not among them.
 */
import { HeaderType } from "../sip/headers.ts";
import { type NameAddr, parseNameAddrs } from "../sip/nameaddr.ts";
import { parseUri } from "../sip/uri.ts";
import type { Via } from "../sip/via.ts";
import type { Call } from "./call.ts";
import type { Core } from "./core.ts";
import { tlsSelect } from "./semantics-select-tls.ts";

/** Undefined: the message does not have it. */
export type BoundSelect = (call: Call) => string | undefined;

/** One name with the index or key that stands behind it. */
export interface SelectPart {
  readonly name: string;
  readonly index: string | undefined;
}

/** `@from.uri.host`, with or without the `@`. Undefined when there is no such select. */
export function bindSelect(text: string): BoundSelect | undefined {
  const parts = split(text.startsWith("@") ? text.slice(1) : text);
  const [first, ...rest] = parts ?? [];
  if (!first) return undefined;
  const bind = Object.hasOwn(roots, first.name) ? roots[first.name] : undefined;
  const bound = bind?.(first, rest);
  // An empty value counts as undefined.
  return bound && ((call) => bound(call) || undefined);
}

/** The parameter that `@cfg_get.group.name` asks for when nothing declares it: neither the script nor a module that is loaded. */
export function undeclared(text: string, core: Pick<Core, "config" | "loaded">): string | undefined {
  const [first, group, name] = split(text.startsWith("@") ? text.slice(1) : text) ?? [];
  if (first?.name !== "cfg_get" || !group || !name || (group.name !== "core" && core.loaded(group.name)))
    return undefined;
  const declared = core.config.groups().some((it) => it.group === group.name && it.names.includes(name.name));
  return declared ? undefined : `${group.name}.${name.name}`;
}

function split(text: string): SelectPart[] | undefined {
  const parts: SelectPart[] = [];
  let at = 0;
  while (at < text.length) {
    const match = /^([A-Za-z_]\w*)(?:\[(?:(-?\w+)|"((?:[^"\\]|\\.)*)")\])?(\.|$)/.exec(text.slice(at));
    if (!match) return undefined;
    parts.push({ name: match[1]!, index: match[2] ?? match[3] });
    at += match[0].length;
    if (match[4] === "." && at === text.length) return undefined;
  }
  return parts;
}

type Bind = (self: SelectPart, rest: readonly SelectPart[]) => BoundSelect | undefined;

const leaf =
  (read: BoundSelect): Bind =>
  (_self, rest) =>
    rest.length === 0 ? read : undefined;

/** A text that is a URI, or one of its parts. */
function uriOf(read: BoundSelect, rest: readonly SelectPart[]): BoundSelect | undefined {
  const [part, more] = rest;
  if (!part) return read;
  if (more) return undefined;
  const of = (pick: (uri: NonNullable<ReturnType<typeof parseUri>>) => string | undefined): BoundSelect => {
    return (call) => {
      const text = read(call);
      const uri = text === undefined ? null : parseUri(text);
      return uri ? pick(uri) : undefined;
    };
  };
  switch (part.name) {
    case "type":
      return of((uri) => uri.scheme);
    case "user":
      return of((uri) => uri.user);
    case "rn_user":
      return of((uri) => uri.user.replace(/;.*/, ""));
    case "pwd":
      return of((uri) => uri.password);
    case "host":
      return of((uri) => uri.host);
    case "port":
      return of((uri) => uri.port);
    case "params":
      return part.index === undefined ? of((uri) => uri.params) : of((uri) => uri.param(part.index!));
    case "hostport":
      return of((uri) => (uri.host === "" ? undefined : `${uri.host}:${uri.port || (uri.secure ? 5061 : 5060)}`));
    case "transport":
      return of((uri) => uri.protocol ?? (uri.secure ? "tls" : "udp"));
    default:
      return undefined;
  }
}

/** A name-addr with its parts; `text` is the whole field where that is not the name-addr alone. */
function nameAddr(
  read: (call: Call) => NameAddr | undefined,
  text: (call: Call) => string | undefined,
  rest: readonly SelectPart[],
  params: Readonly<Record<string, string>> = {},
): BoundSelect | undefined {
  const [part, ...more] = rest;
  if (!part) return text;
  if (part.name === "uri") return uriOf((call) => read(call)?.uri, more);
  if (more.length > 0) return undefined;
  const param = Object.hasOwn(params, part.name) ? params[part.name] : undefined;
  if (param !== undefined) return (call) => read(call)?.param(param)?.value;
  if (part.name === "name") return (call) => read(call)?.display;
  if (part.name === "params" && part.index !== undefined) return (call) => read(call)?.param(part.index!)?.value;
  return undefined;
}

/** A header field that holds name-addrs: the first one's parts. */
const field =
  (type: number, params?: Readonly<Record<string, string>>): Bind =>
  (_self, rest) => {
    const whole = (call: Call): string | undefined => call.msg.first(type);
    const first = (call: Call): NameAddr | undefined => {
      const text = whole(call);
      return text === undefined ? undefined : parseNameAddrs(text, 0, text.length)?.[0];
    };
    return nameAddr(first, whole, rest, params);
  };

const TAG = { tag: "tag" } as const;

const fromTo =
  (which: "from" | "to"): Bind =>
  (_self, rest) => {
    const read = ({ msg }: Call): NameAddr | undefined => msg[which] ?? undefined;
    const type = which === "from" ? HeaderType.from : HeaderType.to;
    // Without its parameters.
    const body = (call: Call): string | undefined => {
      const value = call.msg.find(type);
      const it = read(call);
      return value && it && call.msg.text.slice(it.start, it.bodyEnd);
    };
    return nameAddr(read, body, rest, TAG);
  };

const via: Bind = (self, [part, more]) => {
  const index = self.index === undefined ? 0 : Number(self.index) - 1;
  const of =
    (pick: (it: Via) => string | undefined): BoundSelect =>
    ({ msg }) => {
      const it = index < 0 ? msg.vias.at(index + 1) : msg.vias[index];
      return it && pick(it);
    };
  if (more) return undefined;
  switch (part?.name) {
    case undefined:
      return ({ msg }) => {
        const it = msg.vias[Math.max(0, index)];
        return it && msg.text.slice(it.start, it.end).trim();
      };
    case "host":
      return of((it) => it.host);
    case "port":
      return of((it) => it.portText);
    case "transport":
      return of((it) => it.transport);
    case "name":
      return of(() => "SIP");
    case "version":
      return of(() => "2.0");
    case "branch":
      return of((it) => it.branch?.value);
    case "received":
      return of((it) => it.received?.value);
    case "rport":
      return of((it) => it.rport?.value);
    case "i":
    case "alias":
      return of((it) => it[part.name as "i" | "alias"]?.value);
    case "params":
      return part.index === undefined
        ? undefined
        : of((it) => it.params.find((each) => each.name.toLowerCase() === part.index!.toLowerCase())?.value);
    default:
      return undefined;
  }
};

const requestUri: Bind = (_self, rest) => uriOf(({ msg }) => (msg.isRequest ? msg.uri : undefined), rest);
const method = leaf(({ msg }) => (msg.isRequest ? msg.method : undefined));
const status = leaf(({ msg }) => (msg.isRequest ? undefined : String(msg.status)));
const reason = leaf(({ msg }) => (msg.isRequest ? undefined : msg.reason));
const version = leaf(({ msg }) => msg.version);

const msg: Bind = (_self, [part, ...rest]) => {
  switch (part?.name) {
    case undefined:
      return (call) => call.msg.text;
    case "first_line":
      return leaf(({ msg: it }) => it.text.slice(it.firstLineStart, it.firstLineEnd).trimEnd())(part, rest);
    case "flags":
      return leaf(({ msg: it }) => String(it.flags))(part, rest);
    case "len":
      return leaf(({ msg: it }) => String(it.text.length))(part, rest);
    case "id":
      return leaf(({ msg: it }) => String(it.id))(part, rest);
    case "type":
      return leaf(({ msg: it }) => (it.isRequest ? "1" : "2"))(part, rest);
    case "body":
    case "content":
      return leaf(({ msg: it }) => it.body)(part, rest);
    case "header":
    case "h":
      return header(rest, part.index);
    case "request":
    case "req":
      return request(rest);
    case "response":
    case "res":
      return response(rest);
    default:
      return undefined;
  }
};

const request = ([part, ...rest]: readonly SelectPart[]): BoundSelect | undefined => {
  if (part?.name === "method") return method(part, rest);
  if (part?.name === "uri") return uriOf(({ msg: it }) => (it.isRequest ? it.requestUri : undefined), rest);
  return part?.name === "version" ? version(part, rest) : undefined;
};

const response = ([part, ...rest]: readonly SelectPart[]): BoundSelect | undefined => {
  if (part?.name === "status" || part?.name === "code") return status(part, rest);
  if (part?.name === "reason") return reason(part, rest);
  return part?.name === "version" ? version(part, rest) : undefined;
};

/** `@msg.header.NAME` and `@msg.header["NAME"]`: `_` stands for `-`; an index chooses among several, -1 the last. */
function header(rest: readonly SelectPart[], key: string | undefined): BoundSelect | undefined {
  const [part, ...more] = key === undefined ? rest : [{ name: key, index: undefined }, ...rest];
  if (!part) return undefined;
  const name = key ?? part.name.replaceAll("_", "-");
  const at = part.index === undefined ? 0 : Number(part.index);
  const value: BoundSelect = ({ msg: it }) => {
    const found = it.named(name).at(at > 0 ? at - 1 : at);
    return found && it.value(found);
  };
  const [next, ...deeper] = more;
  if (!next) return value;
  const first = (call: Call): NameAddr | undefined => {
    const text = value(call);
    return text === undefined ? undefined : parseNameAddrs(text, 0, text.length)?.[0];
  };
  return next.name === "nameaddr" ? nameAddr(first, value, deeper) : undefined;
}

const received =
  (which: "src" | "dst" | "received"): Bind =>
  (self, [part, ...rest]) => {
    const ip = ({ msg: it }: Call): string => (which === "src" ? it.received.srcIp : it.received.dstIp);
    const port = ({ msg: it }: Call): number => (which === "src" ? it.received.srcPort : it.received.dstPort);
    switch (part?.name) {
      case "ip":
        return leaf(ip)(self, rest);
      case "port":
        return leaf((call) => String(port(call)))(self, rest);
      case "ip_port":
        return leaf((call) => `${ip(call)}:${port(call)}`)(self, rest);
      case "proto":
        return which === "received" ? leaf((call) => call.msg.received.protocol)(self, rest) : undefined;
      case "proto_ip_port":
        return which === "received"
          ? leaf((call) => `${call.msg.received.protocol}:${ip(call)}:${port(call)}`)(self, rest)
          : undefined;
      default:
        return undefined;
    }
  };

const cseq: Bind = (_self, [part, ...rest]) => {
  if (!part) return (call) => call.msg.first(HeaderType.cseq);
  if (rest.length > 0) return undefined;
  if (part.name === "method") return (call) => call.msg.cseqMethod;
  return part.name === "num" ? (call) => call.msg.first(HeaderType.cseq)?.replace(/\s.*/s, "") : undefined;
};

const branch: Bind = (_self, [part, ...rest]) => {
  const at = part?.index === undefined ? 0 : Number(part.index);
  switch (part?.name) {
    case "count":
      return leaf(({ msg: it }) => String(it.branches.length))(part, rest);
    case "uri":
      return uriOf(({ msg: it }) => it.branches.at(at)?.uri, rest);
    case "dst_uri":
      return uriOf(({ msg: it }) => it.branches.at(at)?.dstUri, rest);
    default:
      return undefined;
  }
};

/** `@cfg_get.group.name`: a parameter in force. */
const config: Bind = (_self, [group, name, ...rest]) =>
  group && name && rest.length === 0
    ? ({ core, instances }) => {
        const value = core.config.get(group.name, name.name, instances?.get(group.name));
        return value === undefined || value === null ? undefined : String(value);
      }
    : undefined;

/** The values of all fields of a name, joined by commas (module textops). */
const fieldValues: Bind = (self, rest) => {
  if (self.index === undefined || rest.length > 0) return undefined;
  const name = self.index;
  return ({ msg: it }) => {
    const found = it.named(name.replaceAll("_", "-"));
    return found.length === 0 ? undefined : found.map((each) => it.value(each)).join(",");
  };
};

const whole = (type: number): Bind => leaf((call) => call.msg.first(type));

const roots: Readonly<Record<string, Bind>> = {
  ruri: requestUri,
  request_uri: requestUri,
  dst_uri: (_self, rest) => uriOf(({ msg: it }) => it.dstUri ?? undefined, rest),
  next_hop: (_self, rest) => uriOf(({ msg: it }) => (it.isRequest ? it.dstUri || it.uri : undefined), rest),
  from: fromTo("from"),
  f: fromTo("from"),
  to: fromTo("to"),
  t: fromTo("to"),
  contact: field(HeaderType.contact, {
    q: "q",
    expires: "expires",
    methods: "methods",
    received: "received",
    instance: "+sip.instance",
  }),
  m: field(HeaderType.contact),
  refer_to: field(HeaderType.referTo, TAG),
  remote_party_id: field(HeaderType.remotePartyId, TAG),
  rpid: field(HeaderType.remotePartyId, TAG),
  record_route: field(HeaderType.recordRoute),
  rr: field(HeaderType.recordRoute),
  via,
  v: via,
  cseq,
  msg,
  message: msg,
  method,
  version,
  status,
  code: status,
  reason,
  src: received("src"),
  dst: received("dst"),
  received: received("received"),
  branch,
  cfg_get: config,
  tls: tlsSelect,
  hf_value: fieldValues,
  call_id: whole(HeaderType.callId),
  event: whole(HeaderType.event),
  expires: whole(HeaderType.expires),
  max_forwards: whole(HeaderType.maxForwards),
  content_type: whole(HeaderType.contentType),
  content_length: whole(HeaderType.contentLength),
  subject: whole(HeaderType.subject),
  organization: whole(HeaderType.organization),
  priority: whole(HeaderType.priority),
  session_expires: whole(HeaderType.sessionExpires),
  min_se: whole(HeaderType.minSe),
  user_agent: whole(HeaderType.userAgent),
  sip_if_match: whole(HeaderType.sipIfMatch),
  date: whole(HeaderType.date),
  identity: whole(HeaderType.identity),
};
