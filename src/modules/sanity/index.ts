/** sanity: checks requests for mistakes and answers them. Follows Kamailio's src/modules/sanity. */
import type { Call } from "../../declare/call.ts";
import { declare, int, optional, str } from "../../declare/module.ts";
import { type Answer, after } from "../../declare/value.ts";
import type { SipMessage } from "../../sip/message.ts";
import { replyStateless } from "../sl.ts";
import { CHECKS, type Mistake } from "./checks.ts";
import { type Sizes, sizesPass } from "./sizes.ts";

interface Sanity {
  readonly checks: number;
  readonly uriChecks: number;
  readonly proxyRequire: readonly string[];
  readonly autodrop: boolean;
  readonly noreply: boolean;
  readonly alwaysSizes: boolean;
  readonly sizes: Sizes;
  /** With noreply: what the check of a message found, for sanity_reply(). */
  readonly found: WeakMap<SipMessage, Mistake>;
}
const { fn, module } = declare<Sanity>();

const SIZES = 1 << 16;
/** One more than the highest sum of checks. */
const CHECK_LIMIT = 1 << 17;
const URI_LIMIT = 1 << 4;
const DEFAULT_CHECKS = 1 | 2 | 4 | 32 | 64 | 128 | 256 | 512 | 2048;

function check(call: Call, checks: number, uris: number, state: Sanity): Answer<0 | 1 | -1> {
  const { msg } = call;
  if (checks < 1 || checks >= CHECK_LIMIT || uris < 1 || uris >= URI_LIMIT) return -1;
  const failed = state.autodrop ? 0 : -1;
  if ((checks & SIZES || state.alwaysSizes) && !sizesPass(msg, state.sizes)) return failed;
  for (let i = 0; i < CHECKS.length; i++) {
    const it = CHECKS[i]!;
    if ((checks & it.bit) === 0) continue;
    const reply = it.passes(msg, uris, state.proxyRequire);
    if (reply === true) continue;
    if (reply === false || !msg.isRequest || msg.method === "ACK") return failed;
    if (state.noreply) {
      state.found.set(msg, reply);
      return failed;
    }
    return after<unknown, 0 | -1>(replyStateless(call, reply.code, reply.reason), () => failed);
  }
  return 1;
}

const size = (doc: string, fallback: number) => int(`${doc} in bytes; 0 for no limit.`, { fallback });

export const sanity = module({
  name: "sanity",
  doc: "Checks requests for mistakes before they can do harm, and answers those that have any.",
  params: {
    default_checks: int("Sum of the checks that sanity_check() makes without argument.", { fallback: DEFAULT_CHECKS }),
    uri_checks: int("Sum of the URIs that are checked: 1 Request-URI, 2 From, 4 To, 8 Contact.", { fallback: 7 }),
    proxy_require: str("Extensions that Proxy-Require may ask for, with commas between them.", { fallback: "" }),
    autodrop: int("1: the script ends when a check failed. 0: sanity_check() is false.", { fallback: 1 }),
    noreply: int("1: nothing is answered before the script calls sanity_reply().", { fallback: 0 }),
    size_checks: int("1: sizes are checked by every sanity_check().", { fallback: 0 }),
    size_message: size("Longest message", 16384),
    size_headers: size("Longest header", 8192),
    size_body: size("Longest body", 8192),
    size_header: size("Longest header field", 2048),
    size_method: size("Longest method", 32),
    size_ruri: size("Longest Request-URI", 256),
    size_from_uri: size("Longest From URI", 256),
    size_to_uri: size("Longest To URI", 256),
    size_contact_uri: size("Longest Contact URI", 256),
    size_route_uri: size("Longest Route and Record-Route URI", 256),
    size_path_uri: size("Longest Path URI", 256),
    size_pai_uri: size("Longest P-Asserted-Identity URI", 256),
  },
  needs: ["sl"],
  start: (params) => ({
    checks: Number(params.default_checks),
    uriChecks: Number(params.uri_checks),
    proxyRequire: params.proxy_require
      .split(",")
      .map((it) => it.trim())
      .filter((it) => it !== ""),
    autodrop: Number(params.autodrop) !== 0,
    noreply: Number(params.noreply) !== 0,
    alwaysSizes: Number(params.size_checks) !== 0,
    sizes: {
      message: Number(params.size_message),
      headers: Number(params.size_headers),
      body: Number(params.size_body),
      header: Number(params.size_header),
      method: Number(params.size_method),
      ruri: Number(params.size_ruri),
      fromUri: Number(params.size_from_uri),
      toUri: Number(params.size_to_uri),
      contactUri: Number(params.size_contact_uri),
      routeUri: Number(params.size_route_uri),
      pathUri: Number(params.size_path_uri),
      paiUri: Number(params.size_pai_uri),
    },
    found: new WeakMap(),
  }),
  functions: {
    sanity_check: fn({
      doc:
        "Checks the message and answers it when it fails. Checks: 1 version, 2 Request-URI scheme, 4 required header fields, " +
        "32 CSeq method, 64 CSeq number, 128 Content-Length, 256 Expires, 512 Proxy-Require, 1024 URIs, 2048 digest " +
        "credentials, 4096 duplicate tags, 8192 credentials of any scheme, 16384 topmost Via, 32768 RFC 3261, 65536 sizes.",
      in: ["request", "onreply"],
      args: {
        checks: optional(int("Sum of the checks to make; parameter default_checks when left out.")),
        uris: optional(int("Sum of the URIs to check; parameter uri_checks when left out.")),
      },
      returns: {
        1: "all checks passed",
        0: "a check failed, and the script ends (autodrop)",
        [-1]: "a check failed, or an argument is out of range",
      },
      run: (call, args, state) =>
        check(call, Number(args.checks ?? state.checks), Number(args.uris ?? state.uriChecks), state),
    }),
    sanity_reply: fn({
      doc: "Answers with what sanity_check() found; with parameter noreply.",
      in: ["request", "onreply"],
      args: {},
      returns: { 1: "the reply was sent, or there is nothing to answer", [-1]: "it could not be sent" },
      run(call, _args, state) {
        const { msg } = call;
        if (!msg.isRequest || msg.method === "ACK" || !state.noreply || msg.marked("no-reply")) return 1;
        const { code, reason } = state.found.get(msg) ?? { code: 500, reason: "Server Sanity Failure" };
        return after(replyStateless(call, code, reason), (sent) => (sent < 0 ? -1 : 1));
      },
    }),
  },
  variables: {},
  commands: {},
  events: {},
});
