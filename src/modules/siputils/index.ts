/** siputils: looks at messages and URIs, and answers OPTIONS. Follows Kamailio's src/modules/siputils. */
import { declare, int, str, text } from "../../declare/module.ts";
import { after } from "../../declare/value.ts";
import { HeaderType } from "../../sip/headers.ts";
import { parseNameAddr } from "../../sip/nameaddr.ts";
import { parseUri } from "../../sip/uri.ts";
import { sendReply } from "../sl.ts";
import { handleVector, pcvParam, readVector } from "./charging-vector.ts";
import { contactFunctions } from "./contact-functions.ts";
import { isE164 } from "./numbers.ts";
import { type Siputils, textOf } from "./state.ts";
import { uriFunctions } from "./uri.ts";

const { fn, pv, module } = declare<Siputils>();

const yes = { 1: "yes", [-1]: "no" } as const;
const OPTIONS = ["path", "100rel", "timer", "eventlist", "gruu", "outbound"];
const forwarding = ["request", "branch", "failure"] as const;

export const siputils = module({
  name: "siputils",
  doc: "Tests and changes of messages and URIs that scripts often need.",
  params: {
    options_accept: str("Accept of the reply to OPTIONS.", { fallback: "*/*" }),
    options_accept_encoding: str("Its Accept-Encoding.", { fallback: "" }),
    options_accept_language: str("Its Accept-Language.", { fallback: "en" }),
    options_support: str("Its Supported.", { fallback: "" }),
    contact_flds_separator: str("Character between the parts of an encoded contact.", { fallback: "*" }),
    rpid_prefix: str("Text before the URI in Remote-Party-ID.", { fallback: "" }),
    rpid_suffix: str("Text behind it.", { fallback: ";party=calling;id-type=subscriber;screen=yes" }),
    rpid_avp: str("AVP with the URI for Remote-Party-ID.", { fallback: "$avp(s:rpid)" }),
    e164_max_len: int("Longest E.164 number, the `+` included.", { fallback: 16 }),
  },
  needs: ["sl"],
  start(params, core) {
    const rpid = core.variables.variable(params.rpid_avp);
    if (typeof rpid === "string") return rpid;
    return {
      capabilities:
        `Accept: ${params.options_accept}\r\nAccept-Encoding: ${params.options_accept_encoding}\r\n` +
        `Accept-Language: ${params.options_accept_language}\r\nSupported: ${params.options_support}\r\n`,
      separator: params.contact_flds_separator[0] ?? "*",
      rpid,
      rpidPrefix: params.rpid_prefix,
      rpidSuffix: params.rpid_suffix,
      e164MaxLength: Number(params.e164_max_len),
      vectors: new WeakMap(),
    };
  },
  functions: {
    ...uriFunctions,
    ...contactFunctions,
    options_reply: fn({
      doc: "Answers an OPTIONS without user part in its Request-URI.",
      in: ["request"],
      args: {},
      returns: { 1: "it was answered", [-1]: "it is another request, or could not be answered" },
      run(call, _args, state) {
        const { msg } = call;
        if (msg.method !== "OPTIONS" || msg.parsedUri === null || msg.parsedUri.user !== "") return -1;
        msg.reply ??= { headers: [], body: undefined, contentType: undefined };
        msg.reply.headers.push(state.capabilities);
        return after(sendReply(call, 200, "OK"), (sent) => (sent === -1 ? -1 : 1));
      },
    }),
    is_user: fn({
      doc: "Tells whether the credentials that the auth module has accepted are those of a user.",
      in: ["request", "local"],
      args: { user: str("The username.") },
      returns: { 1: "they are", [-1]: "they are not, or none have been accepted" },
      run: ({ msg }, args) => (msg.authorized?.user && msg.authorized.user === args.user ? 1 : -1),
    }),
    has_totag: fn({
      doc: "Tells whether the To has a tag: whether the request belongs to a dialog.",
      in: "any",
      args: {},
      returns: yes,
      run: ({ msg }) => (msg.to?.tag ? 1 : -1),
    }),
    is_request: fn({
      doc: "Tells whether the message is a request.",
      in: "any",
      args: {},
      returns: yes,
      run: ({ msg }) => (msg.isRequest ? 1 : -1),
    }),
    is_reply: fn({
      doc: "Tells whether the message is a reply.",
      in: "any",
      args: {},
      returns: yes,
      run: ({ msg }) => (msg.isRequest ? -1 : 1),
    }),
    is_sip: fn({
      doc: "Tells whether the message is SIP.",
      in: "any",
      args: {},
      returns: yes,
      run: ({ msg }) => (msg.protocol === "sip" ? 1 : -1),
    }),
    is_http: fn({
      doc: "Tells whether the message is HTTP.",
      in: "any",
      args: {},
      returns: yes,
      run: ({ msg }) => (msg.protocol === "http" ? 1 : -1),
    }),
    is_supported: fn({
      doc: "Tells whether Supported lists an option.",
      in: "any",
      args: {
        option: text(`One of ${OPTIONS.join(", ")}.`, {
          check: (it) => (OPTIONS.includes(it.toLowerCase()) ? undefined : `unknown option \`${it}\``),
        }),
      },
      returns: yes,
      run({ msg }, args) {
        const wanted = args.option.toLowerCase();
        return msg.headers.some(
          (header) =>
            header.type === HeaderType.supported &&
            msg
              .value(header)
              .split(",")
              .some((it) => it.trim().toLowerCase() === wanted),
        )
          ? 1
          : -1;
      },
    }),
    append_rpid_hf: fn({
      doc: "Adds Remote-Party-ID with the URI in the AVP; with the parameters' text around it unless given.",
      in: forwarding,
      args: {
        prefix: text("Text before the URI.", { optional: true }),
        suffix: text("Text behind it.", { optional: true }),
      },
      arities: [0, 2],
      returns: { 1: "it was added", [-1]: "the AVP has no text" },
      run(call, args, state) {
        const rpid = textOf(state.rpid, call);
        if (!rpid || call.msg.headersProblem !== "") return -1;
        const prefix = args.prefix ?? state.rpidPrefix;
        const suffix = args.suffix ?? state.rpidSuffix;
        const { msg } = call;
        const anchor = msg.edits.anchor(msg.headersEnd);
        msg.edits.insertBefore(anchor, `Remote-Party-ID: ${prefix}${rpid}${suffix}\r\n`);
        return 1;
      },
    }),
    is_rpid_user_e164: fn({
      doc: "Tells whether the URI in the AVP has an E.164 number as user part.",
      in: ["request"],
      args: {},
      returns: yes,
      run(call, _args, state) {
        const rpid = textOf(state.rpid, call) ?? "";
        const uri = rpid.includes("<") ? (parseNameAddr(rpid, 0, rpid.length)?.uri ?? "") : rpid;
        return isE164(parseUri(uri)?.user ?? "", state.e164MaxLength) ? 1 : -1;
      },
    }),
    sip_p_charging_vector: fn({
      doc: "Removes, generates or replaces P-Charging-Vector.",
      in: "any",
      args: { flags: str("`r` remove, `g` generate when there is none, `f` replace.") },
      returns: {
        1: "nothing was done",
        3: "it was generated",
        4: "it was removed",
        5: "it was replaced",
        [-1]: "the header fields cannot be read",
      },
      run({ msg, core }, args, state) {
        if (msg.headersProblem !== "") return -1;
        const vector = state.vectors.get(msg) ?? readVector(msg);
        state.vectors.set(msg, vector);
        return handleVector(msg, vector, args.flags, core) as 1 | 3 | 4 | 5;
      },
    }),
    hdr_date_check: fn({
      doc: "Tells whether Date is not older than a number of seconds.",
      in: "any",
      args: { seconds: int("The age that is allowed.") },
      returns: { 1: "it is not", [-1]: "there is no Date, or it cannot be parsed", [-4]: "it is older" },
      run({ msg, core }, args) {
        const date = msg.first(HeaderType.date);
        const time = date === undefined ? Number.NaN : Date.parse(date);
        if (Number.isNaN(time)) return -1;
        return Math.floor(core.host.clock.wall() / 1000) > Math.floor(time / 1000) + Number(args.seconds) ? -4 : 1;
      },
    }),
    sip_parse_headers: fn({
      doc: "Tells whether every header field can be parsed.",
      in: "any",
      args: {},
      returns: yes,
      run: ({ msg }) => (msg.headersProblem === "" ? 1 : -1),
    }),
  },
  variables: {
    pcv: pv({
      doc: "Parts of P-Charging-Vector, a generated one included.",
      keys: {
        all: "the whole value",
        value: "icid-value",
        genaddr: "icid-generated-at",
        orig: "orig-ioi",
        term: "term-ioi",
        status: "0 none, 1 parsed, 2 no icid-value, 3 generated or replaced, 4 removed",
      },
      get({ msg }, key, state) {
        const vector = state.vectors.get(msg) ?? readVector(msg);
        if (key === "status") return vector.status;
        if (key === "all") return vector.text || null;
        const names = { value: "icid-value", genaddr: "icid-generated-at", orig: "orig-ioi", term: "term-ioi" };
        return pcvParam(vector.text, names[key]) || null;
      },
    }),
  },
  commands: {},
  events: {},
});
