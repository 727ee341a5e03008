/** Functions about the Request-URI and other URIs. */
import { declare, int, optional, str, text, variable } from "../../declare/module.ts";
import { compareHeaderNames, sameAor, sameUri, splitParams } from "../../sip/compare.ts";
import { HeaderType } from "../../sip/headers.ts";
import { parseIp, sameAddress } from "../../sip/ip.ts";
import { isAlnum } from "../../sip/lex.ts";
import { parseNameAddrs } from "../../sip/nameaddr.ts";
import { parseUri, uriParam } from "../../sip/uri.ts";
import { paramOf, paramRange } from "./contacts.ts";
import { isE164, isTelNumber, telToSip, telToSipSorted, userBetween } from "./numbers.ts";
import { type Siputils, textOf } from "./state.ts";

const { fn } = declare<Siputils>();

const forwarding = ["request", "branch", "failure"] as const;
const converting = ["request", "failure", "branch", "onreply"] as const;

const yes = { 1: "yes", [-1]: "no" } as const;
const tag = str("Text to look at.");
const uri = str("The URI.");
const telUri = str("The URI.", { single: true });
const telHost = str("The host of the SIP URI.", { single: true });
const result = variable("Where the SIP URI is stored.");

export const uriFunctions = {
  uri_param: fn({
    doc: "Tells whether the Request-URI has a parameter without value, or with a given one.",
    in: forwarding,
    args: { name: str("Name of the parameter."), value: optional(str("Its value.")) },
    returns: { 1: "it has", [-1]: "it has not, or cannot be parsed" },
    run({ msg }, args) {
      const found = splitParams(msg.parsedUri?.params ?? "").find((it) => it.name === args.name);
      return found && found.value === (args.value ?? "") ? 1 : -1;
    },
  }),
  uri_param_any: fn({
    doc: "Tells whether the Request-URI has a parameter, with or without value.",
    in: forwarding,
    args: { name: str("Name of the parameter.") },
    returns: { 1: "it has", [-1]: "it has not, or cannot be parsed" },
    run: ({ msg }, args) => (typeof paramOf(msg.uri, args.name) === "string" ? 1 : -1),
  }),
  add_uri_param: fn({
    doc: "Adds a parameter to the Request-URI.",
    in: ["request"],
    args: { param: text("`name=value`.") },
    returns: { 1: "it was added", [-1]: "the Request-URI cannot be parsed" },
    run({ msg }, args) {
      if (args.param === "") return 1;
      if (msg.parsedUri === null) return -1;
      const headers = msg.parsedUri.headers;
      const end = headers === "" ? msg.uri.length : msg.uri.length - headers.length - 1;
      msg.newUri = `${msg.uri.slice(0, end)};${args.param}${msg.uri.slice(end)}`;
      return 1;
    },
  }),
  get_uri_param: fn({
    doc: "Stores the value of a parameter of the Request-URI.",
    in: ["request", "local"],
    args: { name: text("Name of the parameter."), to: variable("Where the value is stored.") },
    returns: { 1: "it was stored", [-1]: "there is no such parameter" },
    run(call, args) {
      const found = splitParams(call.msg.parsedUri?.params ?? "").find((it) => it.name === args.name);
      if (!found) return -1;
      args.to.set?.(call, found.value);
      return 1;
    },
  }),
  uri_param_rm: fn({
    doc: "Removes a parameter from the Request-URI.",
    in: forwarding,
    args: { name: str("Name of the parameter.") },
    returns: { 1: "it was removed, or there is none", [-1]: "the Request-URI cannot be parsed" },
    run({ msg }, args) {
      const value = paramOf(msg.uri, args.name);
      if (value === null) return -1;
      const range = value === undefined ? undefined : paramRange(msg.uri, args.name);
      if (range) msg.newUri = msg.uri.slice(0, range.start) + msg.uri.slice(range.end);
      return 1;
    },
  }),
  tel2sip: fn({
    doc: "Turns a TEL URI into a SIP URI.",
    in: converting,
    args: { uri: telUri, host: telHost, result },
    returns: { 1: "it was converted", 2: "it is no TEL URI", [-1]: "the result is no URI" },
    run(call, args) {
      const sip = telToSip(args.uri, args.host);
      if (sip === undefined) return 2;
      return sip !== null && args.result.set?.(call, sip) ? 1 : -1;
    },
  }),
  tel2sip2: fn({
    doc: "As tel2sip, with the parameters sorted, and without a phone-context that is a domain.",
    in: converting,
    args: { uri: telUri, host: telHost, result },
    returns: { 1: "it was converted, or is no TEL URI", [-1]: "the result is no URI" },
    run(call, args) {
      const sip = telToSipSorted(args.uri, args.host);
      if (sip === undefined) return 1;
      return sip !== null && args.result.set?.(call, sip) ? 1 : -1;
    },
  }),
  is_uri: fn({
    doc: "Tells whether a text is a URI.",
    in: "any",
    args: { uri },
    returns: yes,
    run: (_call, args) => (parseUri(args.uri) === null ? -1 : 1),
  }),
  is_e164: fn({
    doc: "Tells whether a variable holds an E.164 number: `+` and digits.",
    in: ["request", "failure", "local"],
    args: { number: variable("The variable.") },
    returns: yes,
    run: (call, args, state) => (isE164(textOf(args.number, call) ?? "", state.e164MaxLength) ? 1 : -1),
  }),
  is_uri_user_e164: fn({
    doc: "Tells whether the user part of the URI in a variable is an E.164 number.",
    in: "any",
    args: { uri: variable("The variable.") },
    returns: yes,
    run: (call, args, state) => (isE164(userBetween(textOf(args.uri, call) ?? "") ?? "", state.e164MaxLength) ? 1 : -1),
  }),
  is_tel_number: fn({
    doc: "Tells whether a text is a telephone number: digits with an optional `+`.",
    in: "any",
    args: { text: tag },
    returns: { 1: "yes", [-2]: "no" },
    run: (_call, args) => (isTelNumber(args.text) ? 1 : -2),
  }),
  is_numeric: fn({
    doc: "Tells whether a text consists of digits.",
    in: "any",
    args: { text: tag },
    returns: { 1: "yes", [-2]: "no" },
    run: (_call, args) => (/^[0-9]+$/.test(args.text) ? 1 : -2),
  }),
  is_alphanum: fn({
    doc: "Tells whether a text consists of letters and digits.",
    in: "any",
    args: { text: tag },
    returns: { 1: "yes", [-2]: "it is empty", [-3]: "no" },
    run: (_call, args) => alphanumeric(args.text, ""),
  }),
  is_alphanumex: fn({
    doc: "Tells whether a text consists of letters, digits and the given characters.",
    in: "any",
    args: { text: tag, others: str("Further characters.") },
    returns: { 1: "yes", [-2]: "it is empty", [-3]: "no" },
    run: (_call, args) => alphanumeric(args.text, args.others),
  }),
  cmp_uri: fn({
    doc: "Compares two URIs (RFC 3261, 19.1.4).",
    in: "any",
    args: { a: uri, b: uri },
    returns: { 1: "they are the same", [-1]: "they differ", [-2]: "one cannot be parsed" },
    run(_call, args) {
      const a = parseUri(args.a);
      const b = parseUri(args.b);
      return a === null || b === null ? -2 : sameUri(a, b) ? 1 : -1;
    },
  }),
  cmp_aor: fn({
    doc: "Compares user, host and port of two URIs.",
    in: "any",
    args: { a: uri, b: uri },
    returns: { 1: "they are the same", [-1]: "they differ", [-2]: "one cannot be parsed" },
    run(_call, args) {
      const a = parseUri(args.a);
      const b = parseUri(args.b);
      return a === null || b === null ? -2 : sameAor(a, b) ? 1 : -1;
    },
  }),
  cmp_hdr_name: fn({
    doc: "Compares two header field names, compact forms included.",
    in: "any",
    args: { a: str("A name."), b: str("Another.") },
    returns: {
      1: "they are the same",
      [-1]: "they differ",
      [-2]: "they differ, neither is well known, and the first sorts first; or one is no header name",
    },
    run(_call, args) {
      const found = compareHeaderNames(args.a, args.b);
      if (found === "same") return 1;
      if (found === "known") return -1;
      if (found === "invalid") return -2;
      return args.a.toLowerCase() < args.b.toLowerCase() ? -2 : -1;
    },
  }),
  set_uri_user: fn({
    doc: "Sets the user part of the URI in a variable.",
    in: "any",
    args: { uri: variable("The variable with the URI."), user: variable("A variable with the user part.") },
    returns: { 1: "it was set", [-1]: "there is no URI, or no user part" },
    run(call, args) {
      const old = textOf(args.uri, call);
      const user = textOf(args.user, call);
      const colon = old?.indexOf(":") ?? -1;
      if (!old || user === undefined || colon < 0) return -1;
      const at = old.indexOf("@");
      const rest = old.slice(at < 0 ? colon + 1 : at + 1);
      args.uri.set?.(call, `${old.slice(0, colon + 1)}${user === "" ? "" : `${user}@`}${rest}`);
      return 1;
    },
  }),
  set_uri_host: fn({
    doc: "Sets the host of the URI in a variable.",
    in: "any",
    args: { uri: variable("The variable with the URI."), host: variable("A variable with the host.") },
    returns: { 1: "it was set", [-1]: "there is no URI, or no host" },
    run(call, args) {
      const old = textOf(args.uri, call);
      const name = textOf(args.host, call);
      const colon = old?.indexOf(":") ?? -1;
      if (!old || !name || colon < 0) return -1;
      const at = old.indexOf("@", colon + 1);
      const start = at < 0 ? colon + 1 : at + 1;
      const length = /^[^:;?]*/.exec(old.slice(start))![0].length;
      if (length === 0) return -1;
      args.uri.set?.(call, old.slice(0, start) + name + old.slice(start + length));
      return 1;
    },
  }),
  is_gruu: fn({
    doc: "Tells whether a URI is a GRUU: the Request-URI when none is given.",
    in: "any",
    args: { uri: optional(str("The URI.")) },
    returns: { 1: "it is a public one", 2: "it is a temporary one", [-1]: "it is none, or cannot be parsed" },
    run({ msg }, args) {
      const parsed = args.uri === undefined ? msg.parsedUri : parseUri(args.uri);
      const gr = parsed === null ? undefined : uriParam(parsed.sipParams, "gr");
      return gr === undefined ? -1 : gr === "" ? 2 : 1;
    },
  }),
  is_first_hop: fn({
    doc: "Tells whether the message comes straight from its sender: a request with one Via, a reply whose topmost Record-Route is ours.",
    in: "any",
    args: {
      mode: int("1: the Record-Route of a reply may hold a name, and loops are not looked for.", {
        fallback: 0,
        maybe: true,
      }),
    },
    returns: { 1: "it does", [-1]: "it does not, or it cannot be told" },
    run({ msg, core }, args) {
      if (msg.isRequest) return msg.via2 === undefined ? 1 : -1;
      const header = msg.find(HeaderType.recordRoute);
      if (header === undefined) return 1;
      const first = parseNameAddrs(msg.text, header.valueStart, header.valueEnd)?.[0];
      const route = first ? parseUri(first.uri) : null;
      const strict = Number(args.mode) === 0;
      if (route === null || (strict && parseIp(route.host) === null)) return -1;
      if (!core.isMyself(route.bareHost, route.portNo, route.protocol)) return -1;
      const { received } = msg;
      const loops =
        sameAddress(route.bareHost, received.srcIp) &&
        received.srcPort === (route.portNo || 5060) &&
        received.protocol === (route.protocol ?? "udp");
      return strict && loops ? -1 : 1;
    },
  }),
};

function alphanumeric(value: string, others: string): 1 | -2 | -3 {
  if (value === "") return -2;
  for (let i = 0; i < value.length; i++) if (!isAlnum(value.charCodeAt(i)) && !others.includes(value[i]!)) return -3;
  return 1;
}
