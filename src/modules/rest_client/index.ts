/** rest_client: HTTP requests with their answers in variables. Follows OpenSIPS's modules/rest_client. */
import type { Call } from "../../declare/call.ts";
import { type Counter, LogLevel } from "../../declare/core.ts";
import type { HttpReply, HttpRequest } from "../../declare/host.ts";
import { declare, int, optional, str, text, variable } from "../../declare/module.ts";
import type { VariableRef } from "../../declare/variable.ts";
import { restClass } from "./escape.ts";

interface RestClient {
  /** Milliseconds for the whole exchange, and for the connection alone. */
  readonly timeout: number;
  readonly connectTimeout: number;
  /** Bytes; 0 for as many as come. */
  readonly maxSize: number;
  readonly tls: NonNullable<HttpRequest["tls"]>;
  readonly version: HttpRequest["version"];
  /** Header fields for the next request of a run. */
  readonly headers: WeakMap<Call, (readonly [string, string])[]>;
  readonly failures: Counter;
}
const { fn, module } = declare<RestClient>();

const VERSIONS: readonly HttpRequest["version"][] = [undefined, undefined, "1.1", "2", "2", "2-prior"];

interface Outputs {
  readonly body: VariableRef | undefined;
  readonly ctype: VariableRef | undefined;
  readonly retcode: VariableRef | undefined;
}
type Code = 1 | -1 | -2 | -3 | -10;

async function transfer(
  call: Call,
  state: RestClient,
  request: Pick<HttpRequest, "url" | "method" | "body">,
  ctype: string | undefined,
  outputs: Outputs,
): Promise<Code> {
  const asked = call.origin ?? call;
  const headers = state.headers.get(asked) ?? [];
  state.headers.delete(asked);
  const reply = await call.core.host.http.request({
    ...request,
    headers: ctype === undefined ? headers : [...headers, ["Content-Type", ctype]],
    timeout: state.timeout,
    connectTimeout: state.connectTimeout,
    tls: state.tls,
    ...(state.maxSize > 0 && { maxBody: state.maxSize }),
    ...(state.version && { version: state.version }),
  });
  if (!reply.ok) {
    state.failures.value++;
    call.core.log.write(LogLevel.err, `rest_client: ${request.method} ${request.url}: ${reply.message}\n`);
    outputs.retcode?.set?.(call, 0);
    return failure(reply, state);
  }
  outputs.body?.set?.(call, reply.body);
  outputs.ctype?.set?.(call, reply.headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "");
  outputs.retcode?.set?.(call, reply.status);
  return 1;
}

function failure({ error, times }: HttpReply & { readonly ok: false }, state: RestClient): Code {
  if (error === "refused") return -1;
  if (error !== "timeout") return -10;
  const connected = times.connect > 0 || times.preTransfer > 0;
  const tooSoon = times.total < state.timeout;
  return tooSoon || (!connected && state.connectTimeout >= state.timeout) ? -2 : -3;
}

const url = str("The URL, http or https.");
const body = variable("Gets the body of the answer.", { writable: true });
const ctype = optional(variable("Gets the answer's Content-Type.", { writable: true }));
const retcode = optional(variable("Gets the status; 0 when no answer came.", { writable: true }));
const send = str("The body of the request.");
const sendType = str("The body's Content-Type.", { fallback: "application/x-www-form-urlencoded" });
const returns = {
  1: "an answer came, whatever its status",
  [-1]: "the connection was refused",
  [-2]: "the connection was not there in connection_timeout",
  [-3]: "the answer was not there in curl_timeout",
  [-10]: "anything else: no such host, a certificate, max_transfer_size",
} as const;

const sending = (method: "POST" | "PUT") =>
  fn({
    doc: `Sends a ${method} request and waits for the answer.`,
    in: "any",
    opensips: true,
    args: { url, send_body: send, send_ctype: sendType, body, ctype, retcode },
    arities: [4, 5, 6],
    returns,
    waits: true,
    run: (call, args, state) =>
      transfer(call, state, { url: args.url, method, body: args.send_body }, args.send_ctype, args),
  });

export const restClient = module({
  name: "rest_client",
  doc: "HTTP requests with their answers in variables (OpenSIPS).",
  params: {
    curl_timeout: int("Seconds for the whole exchange.", { fallback: 20 }),
    connection_timeout: int("Seconds for the connection.", { fallback: 20 }),
    connect_poll_interval: int("Milliseconds between looks at connections in OpenSIPS; nothing is polled here.", {
      fallback: 20,
    }),
    max_async_transfers: int("How many transfers do not block in OpenSIPS; none does here.", { fallback: 100 }),
    max_transfer_size: int("Longest body of an answer, in kilobytes; 0 for any.", { fallback: 0 }),
    ssl_verifypeer: int("0: a server's certificate is not checked.", { fallback: 1 }),
    ssl_verifyhost: int("0: the name in a server's certificate is not checked.", { fallback: 1 }),
    ssl_capath: text("Folder, or file, of trusted certificates.", { fallback: "" }),
    curl_http_version: int("0 and 2 HTTP/1.1; 3 and 4 HTTP/2 where TLS can negotiate it; 5 HTTP/2 at once.", {
      fallback: 0,
    }),
  },
  start(params, core) {
    const version = Number(params.curl_http_version);
    if (version === 1 || version < 0 || version > 5)
      return `rest_client: curl_http_version is 0 or 2 to 5, not ${version}`;
    if (Number(params.curl_timeout) < Number(params.connection_timeout))
      return "rest_client: curl_timeout must not be less than connection_timeout";
    return {
      timeout: Number(params.curl_timeout) * 1000,
      connectTimeout: Number(params.connection_timeout) * 1000,
      maxSize: Number(params.max_transfer_size) * 1024,
      tls: {
        verifyPeer: Number(params.ssl_verifypeer) !== 0,
        verifyHost: Number(params.ssl_verifyhost) !== 0,
        ...(params.ssl_capath !== "" && { caPath: params.ssl_capath }),
      },
      version: VERSIONS[version],
      headers: new WeakMap(),
      failures: core.statistics.counter("rest_client", "failures"),
    };
  },
  functions: {
    rest_get: fn({
      doc: "Sends a GET request and waits for the answer.",
      in: "any",
      opensips: true,
      args: { url, body, ctype, retcode },
      returns,
      waits: true,
      run: (call, args, state) => transfer(call, state, { url: args.url, method: "GET" }, undefined, args),
    }),
    rest_post: sending("POST"),
    rest_put: sending("PUT"),
    rest_append_hf: fn({
      doc: "Adds a header field to the run's next request.",
      in: "any",
      opensips: true,
      args: { field: str("`Name: value`.") },
      returns: { 1: "added", [-1]: "it is not a header field" },
      run(call, { field }, state) {
        const parts = /^([!#$%&'*+.^_`|~\w-]+)[ \t]*:[ \t]*([^\r\n]*?)[ \t]*(?:\r?\n)?$/.exec(field);
        if (!parts) {
          call.core.log.write(LogLevel.err, `rest_client: not a header field: ${field}\n`);
          return -1;
        }
        const asked = call.origin ?? call;
        const headers = state.headers.get(asked);
        const one = [parts[1]!, parts[2]!] as const;
        if (headers) headers.push(one);
        else state.headers.set(asked, [one]);
        return 1;
      },
    }),
  },
  variables: {},
  transformations: { rest: restClass },
  commands: {},
  events: {},
  statistics: { "rest_client.failures": "Requests that got no answer." },
});
