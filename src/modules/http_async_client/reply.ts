/** The answer to a query as the callback route reads it: `$http_rs`, `$http_hdr(Name)` and their kin. */
import type { Call } from "../../declare/call.ts";
import { LogLevel } from "../../declare/core.ts";
import type { HttpReply } from "../../declare/host.ts";
import { type Bound, declare, type Pv, type PvText } from "../../declare/module.ts";
import type { Read } from "../../declare/value.ts";
import type { Variables } from "../../declare/variable.ts";
import { HeaderType, headerType } from "../../sip/headers.ts";

/** What a callback run was started for. */
export interface Result {
  readonly id: string;
  /** `$http_xdata`. */
  readonly data: string | undefined;
  readonly reply: HttpReply;
  /** libcurl's words for a failure; undefined when there is an answer. */
  readonly error: string | undefined;
}

/** Anything that knows the results of the runs it started. */
export interface Results {
  readonly runs: WeakMap<Call, { readonly result: Result | undefined }>;
}
const { pv } = declare<Results>();

const resultOf = (call: Call, state: Results): Result | undefined => {
  const result = state.runs.get(call)?.result;
  if (!result)
    call.core.log.write(LogLevel.err, "http_async_client: the answer can only be read in the route of a query\n");
  return result;
};

type Answered = Extract<HttpReply, { ok: true }>;

/** The answer itself; undefined, and told in the log, when there is none. */
function answerOf(call: Call, state: Results): Answered | undefined {
  const result = resultOf(call, state);
  if (!result) return undefined;
  if (result.reply.ok) return result.reply;
  call.core.log.write(
    LogLevel.warn,
    "http_async_client: a variable of the answer was read after a failure; see $http_ok\n",
  );
  return undefined;
}

const answered = (doc: string, read: (reply: Answered) => Read): Pv<Results> =>
  pv({
    doc,
    get(call, _, state) {
      const reply = answerOf(call, state);
      return reply ? read(reply) : null;
    },
  });

/** Status line, header fields and body, as they came (HTTP/2, which has no status line, excepted). */
const wholeText = (reply: Answered): string =>
  `HTTP/1.1 ${reply.status} ${reply.reason}\r\n${reply.headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${reply.body}`;

/** Values of a header field; its SIP compact form names it too, and `*` names all. */
function values(reply: Answered, wanted: string): string[] {
  const type = headerType(wanted);
  const lower = wanted.toLowerCase();
  const same = (name: string): boolean =>
    wanted === "*" || name.toLowerCase() === lower || (type !== HeaderType.other && headerType(name) === type);
  return reply.headers.filter(([name]) => same(name)).map(([, value]) => value);
}

/** A reader of text that may be a variable: the inner name and the index of `$(http_hdr(name)[index])`. */
function reader(text: string, variables: Variables): ((call: Call) => Read) | string {
  if (!text.startsWith("$")) return () => text;
  const bound = variables.variable(text);
  return typeof bound === "string" ? bound : (call) => bound.get(call);
}

function bindHeader(text: PvText, state: () => Results, variables: Variables): Bound | string {
  if (!text.inner) return "$http_hdr needs the name of a header field";
  const name = reader(text.inner, variables);
  if (typeof name === "string") return name;
  const index = reader(text.index ?? "0", variables);
  if (typeof index === "string") return index;
  if (text.index !== undefined && !/^(\*|\$.*|[+-]?\d+)$/.test(text.index)) return `not an index: ${text.index}`;
  return {
    get(call) {
      const reply = answerOf(call, state());
      const wanted = name(call);
      if (!reply || typeof wanted !== "string" || wanted === "") return null;
      const found = values(reply, wanted);
      const place = index(call);
      if (place === "*") return found.length > 0 ? found.join(",") : null;
      return found.at(Number(place)) ?? null;
    },
  };
}

/** Microseconds, as Kamailio gives them. */
const micros = (milliseconds: number): number => Math.trunc(milliseconds * 1000);

export const variables: Readonly<Record<string, Pv<Results>>> = {
  http_ok: pv({
    doc: "1 when there is an answer, whatever its status; 0 when the exchange failed (`$http_err` tells why).",
    get(call, _, state) {
      const result = resultOf(call, state);
      return result ? (result.error === undefined ? 1 : 0) : null;
    },
  }),
  http_err: pv({
    doc: "Why the exchange failed; null when there is an answer.",
    get: (call, _, state) => resultOf(call, state)?.error ?? null,
  }),
  http_rs: answered("Status of the answer.", (reply) => reply.status),
  http_rr: answered("Reason phrase of the answer.", (reply) => reply.reason),
  http_rb: answered("Body of the answer.", (reply) => reply.body),
  http_bs: answered("Length of the answer's body, in bytes.", (reply) => reply.body.length),
  http_mb: answered("The whole answer: status line, header fields and body.", wholeText),
  http_ml: answered("Length of the whole answer, in bytes.", (reply) => wholeText(reply).length),
  http_hdr: pv({
    doc: "A header field of the answer: `$http_hdr(Name)`, `$(http_hdr(Name)[1])`, `$(http_hdr(Name)[*])`.",
    bind: (text, _, state, resolver) => bindHeader(text, state, resolver),
  }),
  http_xdata: pv({
    doc: "The data given to http_async_send_xdata; null when there is none.",
    get: (call, _, state) => resultOf(call, state)?.data || null,
  }),
  http_time: pv({
    doc: "How long the exchange took, in microseconds; 0 after a failure.",
    keys: {
      total: "the whole exchange",
      lookup: "until the name was resolved",
      connect: "until the connection was made",
      redirect: "all redirects before the last exchange",
      appconnect: "until TLS was ready",
      pretransfer: "until the request could be sent",
      starttransfer: "until the first byte of the answer",
    },
    get(call, key, state) {
      const reply = state.runs.get(call)?.result?.reply;
      if (!reply?.ok) return 0;
      const { times } = reply;
      switch (key) {
        case "lookup":
          return micros(times.lookup);
        case "connect":
          return micros(times.connect);
        case "redirect":
          return micros(times.redirect ?? 0);
        case "appconnect":
          return micros(times.appConnect);
        case "pretransfer":
          return micros(times.preTransfer);
        case "starttransfer":
          return micros(times.startTransfer);
        default:
          return micros(times.total);
      }
    },
  }),
};
