/** Vias: `$via0(...)`, `$via1(...)`, `$viaZ(...)` and where a reply goes, `$rpl(...)`. */
import type { Call } from "../../declare/call.ts";
import type { Pv } from "../../declare/module.ts";
import type { Read } from "../../declare/value.ts";
import type { Protocol } from "../../sip/address.ts";
import { HeaderType } from "../../sip/headers.ts";
import { parseNameAddrs } from "../../sip/nameaddr.ts";
import type { Via } from "../../sip/via.ts";
import { protocolNumber } from "./protocols.ts";
import { type PvState, pv } from "./state.ts";

const KEYS = {
  host: "host",
  port: "port, 5060 when none is written",
  proto: "transport as written",
  protoid: "number of the transport",
  branch: "parameter branch",
  rport: "parameter rport",
  received: "parameter received",
  i: "parameter i",
  params: "all parameters as written",
  oc: "parameter oc (RFC 7339)",
  ocval: "parameter oc as written",
  "oc-val": "parameter oc as written",
  ocalgo: "parameter oc-algo",
  "oc-algo": "parameter oc-algo",
  ocvalidity: "parameter oc-validity",
  "oc-validity": "parameter oc-validity",
  ocseq: "parameter oc-seq, its whole part",
  "oc-seq": "parameter oc-seq, its whole part",
};

const PROTOCOLS: ReadonlySet<string> = new Set(["udp", "tcp", "tls", "sctp", "ws", "wss"]);

/** The protocol that a Via names; undefined when it is none that is known. */
function protocolOf(via: Via): Protocol | undefined {
  const name = via.transport.toLowerCase();
  return PROTOCOLS.has(name) ? (name as Protocol) : undefined;
}

const param = (via: Via, name: string): string | undefined => via.params.find((it) => it.name === name)?.value;

const number = (text: string | undefined): Read =>
  text !== undefined && /^\d+/.test(text) ? Number.parseInt(text, 10) : null;

function attribute({ msg }: Call, via: Via | undefined, key: keyof typeof KEYS): Read {
  if (!via) return null;
  switch (key) {
    case "host":
      return via.host || null;
    case "port":
      return via.port || 5060;
    case "proto":
      return via.transport;
    case "protoid":
      return protocolNumber(protocolOf(via));
    case "branch":
    case "rport":
    case "received":
    case "i":
      return via[key]?.value || null;
    case "params": {
      const [first] = via.params;
      return first ? msg.text.slice(first.start, via.params.at(-1)!.end).trim() : null;
    }
    case "oc":
      return number(param(via, "oc"));
    case "ocval":
    case "oc-val":
      return param(via, "oc") || null;
    case "ocalgo":
    case "oc-algo":
      return param(via, "oc-algo") || null;
    case "ocvalidity":
    case "oc-validity":
      return number(param(via, "oc-validity"));
    default:
      return number(param(via, "oc-seq"));
  }
}

const viaVariable = (doc: string, choose: (vias: readonly Via[]) => Via | undefined): Pv<PvState> =>
  pv({
    doc,
    keys: KEYS,
    get: (call, key) => (call.msg.headersProblem === "" ? attribute(call, choose(call.msg.vias), key) : null),
  });

/** How many values the Record-Route fields hold. */
function recordRoutes({ msg }: Call): number {
  let count = 0;
  for (const header of msg.headers)
    if (header.type === HeaderType.recordRoute)
      count += parseNameAddrs(msg.text, header.valueStart, header.valueEnd)?.length ?? 0;
  return count;
}

/** Where the reply goes by its second Via (RFC 3261, 18.2.2). */
export function replyTarget({
  msg,
}: Call): { readonly host: string; readonly port: number; readonly protocol: Protocol } | undefined {
  const via = msg.via2;
  if (!via) return undefined;
  const port = via.rport?.value ? Number(via.rport.value) : 0;
  if (Number.isNaN(port)) return undefined;
  return { host: via.received?.value ?? via.host, port: port || via.port || 5060, protocol: protocolOf(via) ?? "udp" };
}

/** A SIP URI names `ws` also for secure WebSockets. */
export const targetUri = (target: {
  readonly host: string;
  readonly port: number;
  readonly protocol: Protocol;
}): string => `sip:${target.host}:${target.port};transport=${target.protocol === "wss" ? "ws" : target.protocol}`;

export const viaVariables: Record<string, Pv<PvState>> = {
  via0: viaVariable("An attribute of the topmost Via.", (vias) => vias[0]),
  via1: viaVariable("An attribute of the second Via.", (vias) => vias[1]),
  viaZ: viaVariable("An attribute of the last Via.", (vias) => vias[vias.length - 1]),
  rpl: pv({
    doc: "Where the reply goes, and how far it has come; null in a request.",
    keys: {
      duri: "the URI it goes to",
      dhost: "the host it goes to",
      dport: "the port it goes to",
      dproto: "the protocol it goes by",
      dprotoid: "the number of that protocol",
      cntvia: "how many Vias it has",
      cntrr: "how many Record-Routes it has",
    },
    get: (call, key) => {
      if (call.msg.isRequest) return null;
      if (key === "cntvia") return call.msg.vias.length;
      if (key === "cntrr") return recordRoutes(call);
      const target = replyTarget(call);
      if (!target) return null;
      if (key === "duri") return targetUri(target);
      if (key === "dhost") return target.host;
      if (key === "dport") return target.port;
      return key === "dproto" ? target.protocol : protocolNumber(target.protocol);
    },
  }),
};
