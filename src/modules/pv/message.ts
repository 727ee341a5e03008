/** First line, body and common header fields: `$rm`, `$rs`, `$ci`, `$rb`, `$msg(...)` … */
import type { Call } from "../../declare/call.ts";
import type { Pv } from "../../declare/module.ts";
import { intWithText } from "../../declare/variables-values.ts";
import { currentText } from "../../sip/build.ts";
import { HeaderType } from "../../sip/headers.ts";
import { methodBit } from "../../sip/methods.ts";
import { type PvState, pv } from "./state.ts";

const field = (doc: string, type: number): Pv<PvState> => pv({ doc, get: ({ msg }) => msg.first(type) ?? null });

/** The method of a request, or of the request that a reply answers. */
const method = ({ msg }: Call): string => (msg.isRequest ? msg.method : msg.cseqMethod);

const body = ({ msg }: Call): string | null => (msg.headersProblem === "" ? msg.body : null);

export const messageVariables: Record<string, Pv<PvState>> = {
  rm: pv({ doc: "Method of the request, also in replies.", get: method, number: (call) => methodBit(method(call)) }),
  rmid: pv({ doc: "Number of the method.", get: (call) => methodBit(method(call)) }),
  rv: pv({ doc: "Protocol version of the first line.", get: ({ msg }) => msg.version }),
  rs: pv({ doc: "Status of the reply.", get: ({ msg }) => (msg.isRequest ? null : msg.status) }),
  rsi: pv({ doc: "Status of the reply, 0 in a request.", get: ({ msg }) => (msg.isRequest ? 0 : msg.status) }),
  rr: pv({ doc: "Reason phrase of the reply.", get: ({ msg }) => (msg.isRequest ? null : msg.reason) }),
  mt: pv({ doc: "1 for a request, 2 for a reply.", get: ({ msg }) => (msg.isRequest ? 1 : 2) }),
  mts: pv({ doc: "`rq` for a request, `rp` for a reply.", get: ({ msg }) => (msg.isRequest ? "rq" : "rp") }),
  mi: pv({ doc: "Number of the message in this server.", get: ({ msg }) => msg.id }),
  ml: pv({ doc: "Length of the message as received.", get: ({ msg }) => msg.text.length }),
  mb: pv({ doc: "The message as received.", get: ({ msg }) => msg.text }),
  mbu: pv({ doc: "The message with the changes made so far.", get: ({ msg }) => currentText(msg) }),
  rb: pv({ doc: "The body; null when the header fields cannot be read to their end.", get: body }),
  bs: pv({ doc: "Length of the body.", get: (call) => body(call)?.length ?? 0 }),
  ci: field("Call-ID.", HeaderType.callId),
  cs: pv({ doc: "Number of the CSeq, as text.", get: ({ msg }) => msg.cseq?.numberText ?? null }),
  csb: field("Value of the CSeq.", HeaderType.cseq),
  cl: pv({
    doc: "Content-Length.",
    get: ({ msg }) =>
      msg.contentLength < 0 ? null : intWithText(msg.contentLength, msg.first(HeaderType.contentLength) ?? ""),
  }),
  cT: field("Content-Type.", HeaderType.contentType),
  ua: field("User-Agent.", HeaderType.userAgent),
  ct: pv({ doc: "Value of the first Contact.", get: ({ msg }) => msg.first(HeaderType.contact) || null }),
  msg: pv({
    doc: "Parts of the message as received.",
    keys: {
      len: "length of the message",
      buf: "the message",
      body: "the body",
      body_len: "length of the body",
      hdrs: "the header fields",
      hdrs_len: "length of the header fields",
      hdrc: "how many header fields there are",
      fline: "the first line",
      fpart: "first line and header fields",
      lpart: "header fields and body",
    },
    get: (call, key) => {
      const { msg } = call;
      const { text } = msg;
      if (msg.headersProblem !== "") return null;
      switch (key) {
        case "len":
          return text.length;
        case "buf":
          return text;
        case "body":
          return body(call);
        case "body_len":
          return body(call)?.length ?? 0;
        case "hdrs":
          return text.slice(msg.firstLineEnd, msg.headersEnd).trim();
        case "hdrs_len":
          return text.slice(msg.firstLineEnd, msg.headersEnd).trim().length;
        case "hdrc":
          return msg.headers.length;
        case "fline":
          return text.slice(0, msg.firstLineEnd).trim();
        case "fpart":
          return text.slice(0, msg.headersEnd).trim();
        case "lpart":
          return msg.headers.length === 0 ? null : text.slice(msg.headers[0]!.start);
      }
    },
  }),
};
