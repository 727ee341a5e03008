/** Constants, formats and what the server knows of itself: `$_s`, `$K`, `$cnt`, `$stat`, `$version`, `$ccp` … */
import type { Call } from "../../declare/call.ts";
import type { Bound, Pv } from "../../declare/module.ts";
import type { Read } from "../../declare/value.ts";
import { parseIPv4, parseIPv6 } from "../../sip/ip.ts";
import { parseUri } from "../../sip/uri.ts";
import { avpNameNow, avpTarget } from "./avp.ts";
import { plain } from "./script-variables.ts";
import { type PvState, pv } from "./state.ts";
import { replyTarget, targetUri } from "./vias.ts";
import { countXavps, parseXavpPath } from "./xavp.ts";

/** The release of Kamailio whose behaviour is followed. Scripts that ask for a version mean its features. */
const KAMAILIO = { text: "6.1.4", number: 6001004 };

const character = (name: string, char: string): Pv<PvState> => pv({ doc: `The character ${name}.`, get: () => char });

const never = (doc: string): Pv<PvState> => pv({ doc, get: () => null });

/** Where the request goes next: the destination URI when there is one. */
const nextHop = ({ msg }: Call): string => msg.dstUri || msg.uri;

function nextHopPart(call: Call, key: string): Read {
  const text = nextHop(call);
  if (key === "u") return text;
  const uri = parseUri(text);
  if (!uri) return null;
  switch (key) {
    case "U":
      return uri.user || null;
    case "d":
      return uri.host || null;
    case "p":
      return uri.port || "5060";
    case "P":
      return uri.transport || "UDP";
    default:
      return ipVersion(uri.host);
  }
}

/** Where a reply goes, by its second Via, which has no user. */
function replyHopPart(call: Call, key: string): Read {
  const target = replyTarget(call);
  switch (target && key) {
    case undefined:
    case "U":
      return null;
    case "u":
      return targetUri(target!);
    case "d":
      return target!.host;
    case "p":
      return target!.port;
    case "P":
      return target!.protocol;
    default:
      return ipVersion(target!.host);
  }
}

/** 4 or 6 for an address, 0 for a name. */
const ipVersion = (host: string): number => (parseIPv4(host) ? 4 : parseIPv6(host) ? 6 : 0);

export const miscVariables: Record<string, Pv<PvState>> = {
  _s: pv({
    doc: "A format: the text in parentheses with its variables expanded.",
    bind: ({ inner, index }, _core, _state, variables): Bound | string => {
      if (index !== undefined) return "`$_s` takes no index";
      if (inner === undefined) return "`$_s` needs a format in parentheses";
      const format = variables.format(inner);
      return typeof format === "string" ? format : { get: (call) => format.expand(call) };
    },
  }),
  true: pv({ doc: "The number 1.", get: () => 1 }),
  K: pv({
    doc: "Constants of protocols and address families.",
    keys: {
      UDP: "1",
      TCP: "2",
      TLS: "3",
      SCTP: "4",
      WS: "5",
      WSS: "6",
      IP4: "AF_INET",
      IPv4: "AF_INET",
      INET: "AF_INET",
      IP6: "AF_INET6",
      IPv6: "AF_INET6",
      INET6: "AF_INET6",
    },
    get: (_call, key) => {
      const numbers: Readonly<Record<string, number>> = { UDP: 1, TCP: 2, TLS: 3, SCTP: 4, WS: 5, WSS: 6 };
      return numbers[key] ?? (key.endsWith("6") ? 10 : 2);
    },
  }),
  En: character("line feed", "\n"),
  Er: character("carriage return", "\r"),
  Et: character("tab", "\t"),
  Es: character("blank", " "),
  Ec: character("comma", ","),
  Eq: character("double quote", '"'),
  Ek: character("single quote", "'"),
  Ei: character("colon", ":"),
  Ej: character("semicolon", ";"),
  Eb: character("backslash", "\\"),
  Ev: character("backtick", "`"),
  "err.class": never("Class of a parse error; always null, as in Kamailio."),
  "err.level": never("Level of a parse error; always null, as in Kamailio."),
  "err.info": never("Text of a parse error; always null, as in Kamailio."),
  "err.rcode": never("Status for a parse error; always null, as in Kamailio."),
  "err.rreason": never("Reason phrase for a parse error; always null, as in Kamailio."),
  cnt: pv({
    doc: "How many values `$avp(...)` or `$xavp(...)` has.",
    bind: ({ inner, index }, _core, _state, variables): Bound | string => {
      if (index !== undefined) return "`$cnt` takes no index";
      const [, name, path] = /^\$\(?(avp|xavp)\((.*)\)$/s.exec(inner ?? "") ?? [];
      if (name === undefined) return "`$cnt` needs `$avp(...)` or `$xavp(...)` in parentheses";
      const whole = variables.variable(inner!);
      if (typeof whole === "string") return whole;
      if (name === "avp") {
        const target = avpTarget(path!.replace(/\)(\[.*\])?$/s, ""), variables);
        if (typeof target === "string") return target;
        return {
          get: (call) => {
            const avp = avpNameNow(target, call);
            return avp === undefined ? null : call.lists.avps.count(avp);
          },
        };
      }
      const xavp = parseXavpPath(path!, variables);
      return typeof xavp === "string" ? xavp : { get: (call) => countXavps(call, xavp) };
    },
  }),
  nh: pv({
    doc: "The next hop of the request: the destination URI, or the Request-URI without one.",
    keys: {
      u: "the URI",
      U: "its user",
      d: "its host",
      p: "its port",
      P: "its transport",
      i: "its IP version, 0 for a name",
    },
    get: (call, key) => (call.msg.isRequest ? nextHopPart(call, key) : replyHopPart(call, key)),
  }),
  stat: pv({
    doc: "Value of a statistic; null when there is none of that name.",
    bind: ({ inner, index }, core): Bound | string => {
      if (index !== undefined) return "`$stat` takes no index";
      if (inner === undefined) return "`$stat` needs the name of a statistic in parentheses";
      return { get: () => core.statistics.get(inner) ?? null };
    },
  }),
  version: pv({
    doc: "The release of Kamailio whose behaviour is followed.",
    keys: { num: "the version number", full: "name and version", hash: "the revision" },
    get: (_call, key) => (key === "num" ? KAMAILIO.text : key === "full" ? `kamailio ${KAMAILIO.text}` : "unknown"),
  }),
  ksr: pv({
    doc: "The release of Kamailio whose behaviour is followed.",
    keys: { ver: "the version number", verval: "the version as a number" },
    get: (_call, key) => (key === "ver" ? KAMAILIO.text : KAMAILIO.number),
  }),
  ccp: pv({
    doc: "A configuration parameter that can change at run time, `group.name`.",
    bind: ({ inner, index }, core): Bound | string => {
      if (index !== undefined) return "`$ccp` takes no index";
      const dot = inner?.lastIndexOf(".") ?? -1;
      if (inner === undefined || dot <= 0 || dot === inner.length - 1) return "`$ccp` needs group.name in parentheses";
      const group = inner.slice(0, dot);
      const name = inner.slice(dot + 1);
      return {
        get: () => core.config.get(group, name) ?? null,
        set: (_call, value) => value === null || core.config.set(group, name, plain(value)),
      };
    },
  }),
  pp: pv({ doc: "Id of the process.", get: ({ core }) => core.host.process.pid }),
  sid: pv({ doc: "The core parameter server_id.", get: ({ core }) => core.config.int("server_id") }),
  ruid: pv({
    doc: "Id of the registration that the Request-URI came from.",
    get: ({ msg }) => (msg.isRequest && msg.ruid) || null,
  }),
  location_ua: pv({
    doc: "User-Agent of the registration that the Request-URI came from.",
    get: ({ msg }) => (msg.isRequest && msg.locationUa) || null,
  }),
};
