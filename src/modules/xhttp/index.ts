/** xhttp: HTTP requests on the server's TCP and TLS sockets, answered by event_route[xhttp:request]. Follows Kamailio's src/modules/xhttp. */
import { type Core, LogLevel } from "../../declare/core.ts";
import { declare, int, type Regex, str, text } from "../../declare/module.ts";
import { type Answer, after, IntText, type Read } from "../../declare/value.ts";
import { SipMessage } from "../../sip/message.ts";
import { replyHttp, viaOf } from "./reply.ts";

interface Xhttp {
  readonly match: Regex | undefined;
  readonly skip: Regex | undefined;
}
const { fn, pv, module } = declare<Xhttp>();

const eventName = "xhttp:request";

const textOf = (value: Read): string | null =>
  value === null || value === undefined ? null : value instanceof IntText ? value.text : String(value);

/** The request as the script sees it: with a Via, which the functions of SIP need, behind its first line. */
function withVia(msg: SipMessage): SipMessage {
  if (msg.named("via").length > 0) return msg;
  const end = msg.firstLineEnd;
  const made = new SipMessage(
    `${msg.text.slice(0, end)}Via: ${viaOf(msg.received)}\r\n${msg.text.slice(end)}`,
    msg.received,
  );
  made.id = msg.id;
  return made;
}

/** Runs the event route for a request; false when the request is not for it. */
function handle(msg: SipMessage, state: Xhttp, core: Core): Answer<boolean> {
  if (msg.protocol !== "http" || !msg.isRequest) return false;
  const url = msg.requestUri;
  if (state.skip?.test(url) || (state.match && !state.match.test(url))) return false;
  const run = core.runEvent(eventName, withVia(msg));
  return run === undefined ? false : after(run, () => true);
}

export const xhttp = module({
  name: "xhttp",
  doc: "HTTP/1.1 server on the SIP sockets. Requests without a body need tcp_accept_no_cl=yes when they have no Content-Length.",
  needs: ["sl"],

  params: {
    url_match: text("Regular expression: only requests whose URL matches are taken.", { fallback: "" }),
    url_skip: text("Regular expression: requests whose URL matches are not taken.", { fallback: "" }),
  },

  start(params, core) {
    const compiled = (source: string): Regex | null | undefined => (source ? core.regex(source) : undefined);
    const match = compiled(params.url_match);
    const skip = compiled(params.url_skip);
    if (match === null) return `xhttp: url_match is no regular expression: ${params.url_match}`;
    if (skip === null) return `xhttp: url_skip is no regular expression: ${params.url_skip}`;
    return { match, skip };
  },
  open(_, core) {
    if (!core.block("event", eventName)) throw new Error(`xhttp needs event_route[${eventName}]`);
  },
  otherProtocol: handle,

  functions: {
    xhttp_reply: fn({
      doc: "Answers the HTTP request.",
      in: ["request", "event"],
      args: {
        code: int("Status, 100 to 700."),
        reason: str("Reason phrase."),
        type: str("Content-Type; empty for none."),
        body: str("Body; empty for none."),
      },
      returns: { 1: "the answer was sent", [-1]: "it was not, or an argument is wrong" },
      waits: true,
      run(call, { code, reason, type, body }) {
        const status = Number(code);
        if (status < 100 || status > 700 || reason === "") {
          call.core.log.write(LogLevel.err, "xhttp: xhttp_reply needs a code from 100 to 700 and a reason\n");
          return -1;
        }
        return replyHttp(call, status, reason, type, body);
      },
    }),
  },

  variables: {
    hu: pv({ doc: "URL of the HTTP request.", get: (call) => call.msg.requestUri }),
  },

  transformations: {
    url: {
      doc: "Parts of the URL of an HTTP request.",
      names: { path: "what stands before the question mark", querystring: "what stands behind it" },
      bind(name) {
        const part = name.toLowerCase();
        if (part !== "path" && part !== "querystring") return `{url.${name}} is unknown`;
        return (value) => {
          const url = textOf(value);
          if (url === null) return undefined;
          const mark = url.indexOf("?");
          if (part === "path") return mark < 0 ? url : url.slice(0, mark);
          return mark < 0 ? "" : url.slice(mark + 1);
        };
      },
    },
  },

  commands: {},
  events: { [eventName]: "An HTTP request came over TCP or TLS." },
});
