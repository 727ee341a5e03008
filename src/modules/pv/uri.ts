/** The Request-URI, the destination URI and their parts: `$ru`, `$rU`, `$ou`, `$du` … */
import type { Call } from "../../declare/call.ts";
import type { Pv } from "../../declare/module.ts";
import type { Int, Read, Value } from "../../declare/value.ts";
import { toText } from "../../declare/variables-values.ts";
import { rewriteUri, type UriPart } from "../../sip/rewrite.ts";
import { parseUri, type Uri } from "../../sip/uri.ts";
import { protocolNumber } from "./protocols.ts";
import { type PvState, pv } from "./state.ts";

/** Undefined: there is no such URI here (a reply has no Request-URI); null: it is malformed. Both read as null. */
type Source = (call: Call) => Uri | null | undefined;

const request: Source = ({ msg }) => (msg.isRequest ? msg.parsedUri : undefined);
const original: Source = ({ msg }) =>
  msg.isRequest ? (msg.newUri === null ? msg.parsedUri : parseUri(msg.requestUri)) : undefined;
const destination: Source = ({ msg }) => (msg.dstUri === null ? undefined : parseUri(msg.dstUri));

const SCHEMES = ["none", "sip", "sips", "tel", "tels", "urn"];

const user = (uri: Uri): Read => uri.user || null;
const host = (uri: Uri): Read => uri.host || null;
const port = (uri: Uri): Read => uri.port || (uri.portIsEmpty ? "" : uri.protocol === "tls" ? "5061" : "5060");
const transport = (uri: Uri): Read => uri.transport || "UDP";
const scheme = (uri: Uri): Read => uri.scheme;
const userLength = (uri: Uri): Read => uri.user.length;

const portNumber = (uri: Uri): Int => (uri.port === "" ? Number(port(uri)) : uri.portNo);
const transportNumber = (uri: Uri): Int => (uri.transport === "" ? 1 : protocolNumber(uri.protocol));
const schemeNumber = (uri: Uri): Int => SCHEMES.indexOf(uri.scheme);

const part = (doc: string, source: Source, read: (uri: Uri) => Read, number?: (uri: Uri) => Int): Pv<PvState> =>
  pv({
    doc,
    get: (call) => {
      const uri = source(call);
      return uri ? read(uri) : null;
    },
    ...(number && {
      number: (call: Call) => {
        const uri = source(call);
        return uri ? number(uri) : undefined;
      },
    }),
  });

/** A part that can be assigned; `none` says what null and the empty text do. */
const writable = (it: Pv<PvState>, name: UriPart, accept: (value: Value, read: boolean) => string | undefined) =>
  pv({
    ...it,
    set: (call, _key, value, _state, read) => {
      const text = accept(value, read === true);
      return text !== undefined && setPart(call, name, text);
    },
  });

/** Changes one part of the Request-URI in force. False when it is malformed or the part cannot be changed. */
function setPart({ msg }: Call, name: UriPart, value: string): boolean {
  const uri = msg.parsedUri;
  const text = uri && rewriteUri(uri, name, value);
  if (text === null) return false;
  msg.newUri = text;
  return true;
}

/** The text of a value that has one; integers only have it when they were read from a variable. */
export const textOf = (value: Value, read: boolean): string | undefined =>
  typeof value === "string" ? value : value === null || !read ? undefined : toText(value);

/** An integer without its text prints as unsigned. */
const portText = (value: Value): string => {
  if (typeof value === "number" && value < 0) return BigInt.asUintN(64, BigInt(value)).toString();
  return typeof value === "bigint" ? BigInt.asUintN(64, value).toString() : toText(value);
};

const rU = writable(
  part("User of the Request-URI; null or the empty text removes it.", request, user),
  "user",
  (v, read) => (v === null ? "" : textOf(v, read)),
);
const rd = writable(part("Host of the Request-URI.", request, host), "host", textOf);

const du = pv({
  doc: "Destination URI: where the request is sent, whatever its Request-URI is. Null removes it.",
  get: ({ msg }) => msg.dstUri,
  set: ({ msg }, _key, value, _state, read) => {
    const text = value === null ? null : textOf(value, read === true);
    if (text === undefined) return false;
    msg.dstUri = text;
    return true;
  },
});

const ru = pv({
  doc: "Request-URI in force.",
  get: ({ msg }) => (msg.isRequest ? (msg.newUri ?? msg.requestUri) : null),
  set: ({ msg }, _key, value, _state, read) => {
    const text = textOf(value, read === true);
    if (text === undefined) return false;
    msg.newUri = text;
    return true;
  },
});

const ou = pv({ doc: "Request-URI as it was received.", get: ({ msg }) => (msg.isRequest ? msg.requestUri : null) });

export const uriVariables: Record<string, Pv<PvState>> = {
  ru,
  ruri: ru,
  rul: pv({ doc: "Length of the Request-URI.", get: ({ msg }) => (msg.isRequest ? msg.uri.length : null) }),
  rU,
  "ruri.user": pv({ ...part("User of the Request-URI.", request, user), set: rU.set }),
  rUl: part("Length of the Request-URI's user, 0 without one.", request, userLength),
  rd,
  "ruri.domain": rd,
  rp: writable(
    part(
      "Port of the Request-URI as text; 5060, or 5061 with transport=tls, when it has none.",
      request,
      port,
      portNumber,
    ),
    "port",
    portText,
  ),
  rP: part("Transport of the Request-URI as written; UDP when it has none.", request, transport, transportNumber),
  rz: part("Scheme of the Request-URI: sip, sips, tel, tels or urn.", request, scheme, schemeNumber),
  ou,
  ouri: ou,
  oU: part("User of the original Request-URI.", original, user),
  oUl: part("Length of the original Request-URI's user.", original, userLength),
  od: part("Host of the original Request-URI.", original, host),
  op: part("Port of the original Request-URI, with the default.", original, port, portNumber),
  oP: part("Transport of the original Request-URI.", original, transport, transportNumber),
  du,
  duri: du,
  dd: part("Host of the destination URI.", destination, host),
  dp: part("Port of the destination URI, with the default.", destination, port, portNumber),
  dP: part("Transport of the destination URI; UDP when it has none.", destination, transport, transportNumber),
};
