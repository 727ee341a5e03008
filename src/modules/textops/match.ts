/** Functions of textops that ask what a message is. */
import { declare, type Fn, text } from "../../declare/module.ts";
import { HeaderType } from "../../sip/headers.ts";
import type { SipMessage } from "../../sip/message.ts";
import { METHOD_OTHER, methodBit } from "../../sip/methods.ts";
import { methodList } from "./methods.ts";
import { mimeOf, mimeProblem } from "./mime.ts";
import { audioOnHold } from "./sdp.ts";
import type { Textops } from "./text.ts";

const { fn } = declare<Textops>();

function methodProblem(written: string): string | undefined {
  const bits = methodList(written);
  if (written === "" || bits === undefined) return `\`${written}\` is not a list of methods`;
  if (written.includes("|") && bits & METHOD_OTHER) return `a list of methods may only hold known ones: ${written}`;
  return undefined;
}

/** The kinds of RFC 3323 privacy and their bits. */
const PRIVACY: Readonly<Record<string, number>> = {
  header: 1,
  history: 2,
  id: 4,
  none: 8,
  session: 16,
  user: 32,
  critical: 64,
};
const privacyProblem = (kind: string): string | undefined =>
  PRIVACY[kind.toLowerCase()] === undefined ? `\`${kind}\` is not a kind of privacy` : undefined;

/** The kinds asked for in all Privacy fields; 0 when there is none or one is malformed. */
function privacyOf(msg: SipMessage): number {
  let bits = 0;
  for (const header of msg.headers) {
    if (header.type !== HeaderType.privacy) continue;
    for (const item of msg.value(header).split(/[;,\s]+/)) {
      const bit = item === "" ? 0 : PRIVACY[item.toLowerCase()];
      if (bit === undefined) return 0;
      bits |= bit;
    }
  }
  return bits;
}

function isMethod(msg: SipMessage, written: string, state: Textops): boolean {
  const method = msg.isRequest ? msg.method : msg.cseqMethod;
  if (method === written) return true;
  const bits = state.methods.of(written);
  const bit = methodBit(method);
  if (bits !== 0 && bits !== METHOD_OTHER) return (bits & bit) !== 0;
  return bit === METHOD_OTHER && method.toLowerCase() === written.toLowerCase();
}

export const matchFunctions: Record<string, Fn<Textops>> = {
  is_method: fn({
    doc: "Tells whether the method of the request, or of the CSeq of a reply, is one of those named.",
    in: "any",
    args: { methods: text("A method, or known methods with `|` between them.", { check: methodProblem }) },
    returns: { 1: "it is", [-1]: "it is not" },
    run: (call, args, state) => (isMethod(call.msg, args.methods, state) ? 1 : -1),
  }),
  has_body: fn({
    doc: "Tells whether the message has a body, by its Content-Length, and of that type if one is given.",
    in: "any",
    args: {
      type: text("`type/subtype`; without a Content-Type a body is application/sdp.", {
        check: mimeProblem,
        fallback: "",
      }),
    },
    returns: { 1: "it has", [-1]: "it has none, one of another type, or no Content-Length" },
    run({ msg }, { type }) {
      if (msg.contentLength <= 0) return -1;
      if (type === "") return 1;
      const written = msg.first(HeaderType.contentType);
      const mime = written === undefined ? mimeOf("application/sdp") : mimeOf(written);
      return mime !== undefined && !mime.includes("*") && mime === mimeOf(type) ? 1 : -1;
    },
  }),
  is_privacy: fn({
    doc: "Tells whether a kind of privacy is asked for.",
    in: "any",
    args: { kind: text("header, history, id, none, session, user or critical.", { check: privacyProblem }) },
    returns: { 1: "it is", [-1]: "it is not" },
    run: ({ msg }, { kind }) => (privacyOf(msg) & (PRIVACY[kind.toLowerCase()] ?? 0) ? 1 : -1),
  }),
  is_audio_on_hold: fn({
    doc: "Tells whether an audio stream of the SDP is on hold.",
    in: "any",
    args: {},
    returns: {
      1: "by the address 0.0.0.0 (RFC 2543)",
      2: "by sendonly, recvonly or inactive (RFC 3264)",
      [-1]: "none is, or there is no SDP",
    },
    run: ({ msg }) => audioOnHold(msg) || -1,
  }),
};
