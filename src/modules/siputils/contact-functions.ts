/** Functions that hide contact URIs and get them back. */
import type { Call } from "../../declare/call.ts";
import { declare, str, text } from "../../declare/module.ts";
import { aliasParam } from "../../sip/alias.ts";
import { HeaderType } from "../../sip/headers.ts";
import { parseUri } from "../../sip/uri.ts";
import {
  contactsOf,
  DECODE_PROBLEMS,
  decodeUri,
  ENCODE_PROBLEMS,
  encodeUri,
  fromBase64Url,
  paramOf,
  paramRange,
  replaceUri,
  toBase64Url,
} from "./contacts.ts";
import type { Siputils } from "./state.ts";

const { fn } = declare<Siputils>();
const both = ["request", "onreply"] as const;
const name = str("Name of the parameter.");
const done = { 1: "done, or there is nothing to do", [-1]: "a contact cannot be parsed" } as const;

/** Rewrites each URI of the first Contact field; `change` gives the code of what is wrong with one. */
function rewrite<P extends number>(call: Call, change: (uri: string) => string | P): 1 | -1 | -4 | P {
  const { msg } = call;
  if (msg.find(HeaderType.contact) === undefined) return -1;
  const contacts = contactsOf(msg, false);
  if (contacts === null) return -4;
  for (const contact of contacts) {
    const uri = change(contact.uri);
    if (typeof uri === "number") return uri;
    replaceUri(msg, contact, uri);
  }
  return 1;
}

/** Puts each contact URI into a parameter of the server's own. */
function hide(call: Call, param: string, address: string, alias: boolean): 1 | -4 {
  const { msg } = call;
  const contacts = contactsOf(msg, false);
  if (contacts === null) return -4;
  for (const contact of contacts) {
    const uri = alias ? contact.uri + aliasParam(msg.received) : contact.uri;
    const hidden = `${address};${param}=${toBase64Url(uri)}`;
    replaceUri(msg, contact, contact.enclosed ? hidden : `<${hidden}>`);
  }
  return 1;
}

export const contactFunctions = {
  encode_contact: fn({
    doc: "Moves the parts of each contact URI into its user part, under an address of this server.",
    in: both,
    args: { prefix: text("Text by which an encoded contact is told."), host: text("Address of this server.") },
    returns: { 1: "done", ...ENCODE_PROBLEMS, [-1]: "there is no contact", [-4]: "Contact cannot be parsed" },
    run: (call, args, state) => rewrite(call, (uri) => encodeUri(uri, args.prefix, args.host, state.separator)),
  }),
  decode_contact: fn({
    doc: "Gets the Request-URI back that encode_contact has hidden.",
    in: ["request"],
    args: {},
    returns: { 1: "done", ...DECODE_PROBLEMS, [-1]: "there is no URI" },
    run({ msg }, _args, state) {
      const uri = decodeUri(msg.uri, state.separator);
      if (typeof uri === "number") return uri;
      msg.newUri = uri;
      return 1;
    },
  }),
  decode_contact_header: fn({
    doc: "Gets the contact URIs back that encode_contact has hidden.",
    in: ["request", "failure", "onreply"],
    args: {},
    returns: { 1: "done", ...DECODE_PROBLEMS, [-1]: "there is no contact", [-4]: "Contact cannot be parsed" },
    run: (call, _args, state) => rewrite(call, (uri) => decodeUri(uri, state.separator)),
  }),
  contact_param_encode: fn({
    doc: "Replaces each contact URI by an address of this server that has it in a parameter, in Base64URL.",
    in: both,
    args: { name, address: str("Address of this server, a SIP URI.") },
    returns: { 1: "done, or there is no contact", [-4]: "Contact cannot be parsed" },
    run: (call, args) => hide(call, args.name, args.address, false),
  }),
  contact_param_encode_alias: fn({
    doc: "As contact_param_encode, with the source address as alias parameter of the hidden URI.",
    in: both,
    args: { name, address: str("Address of this server, a SIP URI.") },
    returns: { 1: "done, or there is no contact", [-4]: "Contact cannot be parsed" },
    run: (call, args) => hide(call, args.name, args.address, true),
  }),
  contact_param_decode: fn({
    doc: "Gets contact URIs back that contact_param_encode has hidden.",
    in: both,
    args: { name },
    returns: done,
    run({ msg }, args) {
      const contacts = contactsOf(msg, true);
      if (contacts === null) return 1;
      for (const contact of contacts) {
        const value = paramOf(contact.uri, args.name);
        if (value === null) return -1;
        if (!value) continue;
        const uri = fromBase64Url(value);
        if (!uri) return -1;
        replaceUri(msg, contact, uri);
      }
      return 1;
    },
  }),
  contact_param_decode_ruri: fn({
    doc: "Gets the Request-URI back that contact_param_encode has hidden.",
    in: ["request"],
    args: { name },
    returns: { 1: "done, or there is no such parameter", [-1]: "the Request-URI or the parameter cannot be parsed" },
    run({ msg }, args) {
      const value = paramOf(msg.uri, args.name);
      if (value === null) return -1;
      if (!value) return 1;
      const uri = fromBase64Url(value);
      if (!uri) return -1;
      msg.newUri = uri;
      return 1;
    },
  }),
  contact_param_rm: fn({
    doc: "Removes a parameter from the contact URIs.",
    in: both,
    args: { name },
    returns: done,
    run({ msg }, args) {
      for (const contact of contactsOf(msg, true) ?? []) {
        if (parseUri(contact.uri) === null) return -1;
        const range = paramRange(contact.uri, args.name);
        if (range) msg.edits.delete(contact.uriStart + range.start, range.end - range.start);
      }
      return 1;
    },
  }),
  contact_param_check: fn({
    doc: "Tells whether a contact URI has a parameter.",
    in: "any",
    args: { name },
    returns: { 1: "one has, or there is no contact", [-1]: "none has, one cannot be parsed, or it is `*`" },
    run({ msg }, args) {
      const contacts = contactsOf(msg, true);
      if (contacts === null || msg.find(HeaderType.contact) === undefined) return 1;
      for (const contact of contacts) {
        const value = paramOf(contact.uri, args.name);
        if (value === null) return -1;
        if (value !== undefined) return 1;
      }
      return -1;
    },
  }),
};
