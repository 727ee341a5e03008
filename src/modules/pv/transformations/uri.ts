/** `{uri.*}`: parts of SIP, TEL and URN URIs. All of them fail on what is no URI. */
import type { Call } from "../../../declare/call.ts";
import { paramText } from "../../../declare/transformations-params.ts";
import { IntText, type Read } from "../../../declare/value.ts";
import { toText } from "../../../declare/variables-values.ts";
import { parseUri, type Uri } from "../../../sip/uri.ts";
import { type Declared, transformationClass } from "./class.ts";
import { listValue, parseParamList } from "./param-list.ts";

/** A semicolon at the end is forgiven. */
function uriOf(value: Read): Uri | null {
  const text = toText(value);
  return parseUri(text.length > 4 && text.endsWith(";") ? text.slice(0, -1) : text);
}

const part = (doc: string, read: (uri: Uri, text: string) => Read): Declared => ({
  doc,
  make: () => (value) => {
    const uri = uriOf(value);
    return uri ? read(uri, toText(value)) : undefined;
  },
});

const withName = (doc: string, read: (uri: Uri, name: string, text: string) => Read): Declared => ({
  doc,
  params: ["text"],
  make:
    ([param]) =>
    (value, call: Call) => {
      const uri = uriOf(value);
      const name = uri ? paramText(param!, call) : undefined;
      return uri && name !== undefined ? read(uri, name, toText(value)) : undefined;
    },
});

/** Kamailio keeps the parameters of SIP URIs only. */
const parameters = (uri: Uri, text: string): string => (/^sips?:/i.test(text) ? uri.sipParams : "");

const host = part("Host.", (uri) => uri.host);

/** Scheme, user and host, as far as wanted, with port and transport unless only the address of record is. */
function short(uri: Uri, text: string, keepUser: boolean, keepTransport: boolean): string {
  const user = keepUser && uri.user !== "" ? `${uri.user}@` : "";
  const base = `${text.slice(0, text.indexOf(":") + 1)}${user}${uri.host}`;
  if (!keepTransport) return base;
  return base + (uri.port && `:${uri.port}`) + (uri.transport && `;transport=${uri.transport}`);
}

function withoutParam(uri: Uri, name: string, text: string): string {
  const params = uri.sipParams || uri.params;
  if (params === "") return text;
  const list = parseParamList(params, ";");
  if (list === undefined) return "";
  if (listValue(list, name) === undefined) return text;
  const start = text.indexOf(`;${params}`);
  let at = start;
  let found: { readonly from: number; readonly to: number } | undefined;
  for (const it of list) {
    const from = at;
    at += 1 + text.slice(at + 1).search(/;|\?|$/);
    if (it.name.toLowerCase() === name.toLowerCase()) found = { from, to: at };
  }
  return found ? text.slice(0, found.from) + text.slice(found.to) : text;
}

export const uriClass = transformationClass("Parts of URIs.", "text", {
  user: part("User.", (uri) => uri.user),
  host,
  domain: host,
  passwd: part("Password.", (uri) => uri.password),
  port: part("Port as a number; 0 that prints as nothing when there is none.", (uri) =>
    uri.port === String(uri.portNo) ? uri.portNo : new IntText(uri.portNo, uri.port),
  ),
  params: part("Parameters of a SIP URI; those of others are part of the number.", parameters),
  param: withName("Value of a parameter; empty when there is none.", (uri, name, text) => {
    const params = parameters(uri, text);
    if (params === "") return "";
    const list = parseParamList(params, ";");
    return list && (listValue(list, name) ?? "");
  }),
  rmparam: withName("The URI without a parameter.", withoutParam),
  headers: part("Headers.", (uri) => uri.headers),
  transport: part("Value of the parameter transport.", (uri) => uri.transport),
  ttl: part("Value of the parameter ttl.", (uri) => uri.param("ttl") ?? ""),
  uparam: part("Value of the parameter user.", (uri) => uri.param("user") ?? ""),
  maddr: part("Value of the parameter maddr.", (uri) => uri.maddr),
  method: part("Value of the parameter method.", (uri) => uri.param("method") ?? ""),
  lr: part("Value of the parameter lr.", (uri) => uri.param("lr") ?? ""),
  r2: part("Value of the parameter r2.", (uri) => uri.r2 ?? ""),
  scheme: part("Scheme as written.", (_uri, text) => text.slice(0, text.indexOf(":"))),
  tosocket: part("`proto:host:port`; empty when the URI names no transport.", (uri) =>
    uri.protocol ? `${uri.protocol}:${uri.host}:${uri.portNo || 5060}` : "",
  ),
  duri: part("Scheme, host, port and transport.", (uri, text) => short(uri, text, false, true)),
  saor: part("Address of record: scheme, user and host.", (uri, text) => short(uri, text, true, false)),
  suri: part("Scheme, user, host, port and transport.", (uri, text) => short(uri, text, true, true)),
});
