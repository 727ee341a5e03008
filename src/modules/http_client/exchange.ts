/** How http_client runs an exchange: the request of it, the code that a script gets, and the connection that stands in. */
import type { Call } from "../../declare/call.ts";
import { type Core, type Counter, LogLevel } from "../../declare/core.ts";
import type { HttpReply, HttpRequest } from "../../declare/host.ts";
import type { VariableRef } from "../../declare/variable.ts";
import type { Connection, Defaults } from "./connections.ts";
import { curlAuth, curlError, curlHeaders, curlMaxRedirects, curlTlsVersion } from "./curl.ts";

/** What the last exchange over a connection left. */
interface Latest {
  /** `http_get_redirect`: the URL that answered. */
  url: string;
}

export interface HttpClient {
  readonly defaults: Defaults;
  readonly caFile: string;
  readonly interface: string;
  readonly firstLineOnly: boolean;
  readonly queryMaxDataSize: number;
  /** Milliseconds in a unit of timeouts; 0: there are none. */
  readonly timeUnit: number;
  readonly connections: ReadonlyMap<string, Connection>;
  readonly latest: Map<string, Latest>;
  keepHeaders: boolean;
  /** Header fields of a run's latest answer. */
  readonly headers: WeakMap<Call, readonly (readonly [name: string, value: string])[]>;
  readonly ok: Counter;
  readonly failed: Counter;
}

/** The longest delay of a timer, for exchanges without a limit. */
const noTimeout = 2 ** 31 - 1;
/** Longest URL that a connection remembers, as in Kamailio. */
const longestUrl = 510;

/** One request of this module: where the settings come from a connection or from the parameters. */
interface Exchange {
  readonly method: string | undefined;
  readonly url: string;
  readonly body: string;
  readonly headers: readonly string[];
  readonly settings: Defaults & { readonly username?: string | undefined; readonly password?: string | undefined };
  readonly version?: "2-prior";
  readonly firstLineOnly: boolean;
  readonly maxDataSize: number;
}

function requestOf(exchange: Exchange, state: HttpClient): HttpRequest {
  const { settings, url, body } = exchange;
  const auth = settings.username ? curlAuth(settings.authMethod) : undefined;
  const version = curlTlsVersion(settings.tlsVersion);
  const limit = exchange.maxDataSize;
  const tls = /^https:/i.test(url) && {
    verifyPeer: settings.verifyPeer !== 0,
    verifyHost: settings.verifyHost !== 0,
    ...(version !== undefined && { version }),
    ...(settings.cipherSuites && { cipherSuites: settings.cipherSuites }),
    // A certificate without its key is passed over.
    ...(settings.clientCert &&
      settings.clientKey && { clientCert: settings.clientCert, clientKey: settings.clientKey }),
    ...(state.caFile && { caPath: state.caFile }),
  };
  return {
    url,
    method: exchange.method ?? (body ? "POST" : "GET"),
    headers: curlHeaders(exchange.headers, { userAgent: settings.userAgent, body: body !== "" }),
    timeout: settings.timeout * state.timeUnit || noTimeout,
    ...(body && { body }),
    ...(settings.followRedirect && { followRedirects: curlMaxRedirects }),
    ...(limit && { maxBody: limit, truncate: true }),
    ...(auth && { auth: { method: auth, username: settings.username!, password: settings.password ?? "" } }),
    ...(exchange.version && { version: exchange.version }),
    ...(settings.proxy && { proxy: { url: settings.proxy, ...(settings.proxyPort && { port: settings.proxyPort }) } }),
    ...(state.interface && { interface: state.interface }),
    ...(tls && { tls }),
  };
}

/** The code a script gets (status, or CURLcode below 100), and the text for its result variable. */
async function perform(
  call: Call,
  state: HttpClient,
  exchange: Exchange,
): Promise<{ readonly code: number; readonly body: string; readonly reply: HttpReply }> {
  const request = requestOf(exchange, state);
  const reply = await call.core.host.http.request(request);
  if (!reply.ok) {
    state.headers.delete(call);
    state.failed.value++;
    const { code, text: words } = curlError(reply, request);
    complain(call.core, LogLevel.warn, `curl error ${code} (${words}) for ${exchange.url}`);
    return { code, body: "", reply };
  }
  if (state.keepHeaders) state.headers.set(call, reply.headers);
  if (reply.status === 200) state.ok.value++;
  else state.failed.value++;
  let body = "";
  if (reply.status >= 200 && reply.status < 500) {
    const end = exchange.firstLineOnly ? reply.body.indexOf("\n") : -1;
    body = end >= 0 ? reply.body.slice(0, end) : reply.body;
  }
  return { code: reply.status, body, reply };
}

export const complain = (core: Core, level: number, problem: string): void =>
  core.log.write(level, `http_client: ${problem}\n`);

/** Kamailio gives -1 where libcurl gives 0, so that a script does not end. */
const code = (value: number): number => (value === 0 ? -1 : value);

export async function query(
  call: Call,
  state: HttpClient,
  it: { method?: string; url: string; body?: string; headers?: string; version?: "2-prior"; result: VariableRef },
): Promise<number> {
  if (it.url === "" || it.method === "") {
    complain(call.core, LogLevel.err, it.url === "" ? "the URL is empty" : "the method is empty");
    return -1;
  }
  const done = await perform(call, state, {
    method: it.method,
    url: it.url,
    body: it.body ?? "",
    headers: it.headers ? [it.headers] : [],
    settings: state.defaults,
    ...(it.version && { version: it.version }),
    firstLineOnly: state.firstLineOnly,
    maxDataSize: state.queryMaxDataSize,
  });
  it.result.set?.(call, done.body);
  return code(done.code);
}

/** Runs over a connection, and once more over the one that stands in for it when it failed. */
export async function connect(
  call: Call,
  state: HttpClient,
  it: { connection: string; url: string; contentType: string; body: string; result: VariableRef },
): Promise<number> {
  let name = it.connection;
  for (let tries = 0; ; tries++) {
    const connection = state.connections.get(name);
    if (!connection) {
      complain(call.core, LogLevel.err, `there is no connection "${name}"`);
      it.result.set?.(call, "");
      return -1;
    }
    const slash = it.url === "" || it.url.startsWith("/") ? "" : "/";
    const done = await perform(call, state, {
      method: undefined,
      url: `${connection.schema}://${connection.url}${slash}${it.url}`,
      body: it.body,
      headers: it.body ? [`Content-Type: ${it.contentType}`] : [],
      settings: connection,
      firstLineOnly: false,
      maxDataSize: connection.maxDataSize,
    });
    const visited = done.reply.ok ? (done.reply.url ?? "") : "";
    state.latest.set(name, { url: visited.length > longestUrl ? "" : visited });
    const lost = !done.reply.ok || done.code >= 500;
    if (lost && connection.failover && tries === 0) {
      name = connection.failover;
      continue;
    }
    it.result.set?.(call, done.body);
    return code(done.code);
  }
}
